/**
 * The device agent with all it can do: `BasicAgent` with every feature. The facade of firmware/agent for hosts with room.
 */
import type { NamedResource } from "../../protocol/resources/named-resource.ts";
import { ALL_FEATURES } from "./all-features.ts";
import type { BasicConfiguration } from "./basic-agent.ts";
import { BasicAgent } from "./basic-agent.ts";
import type { NamedResourcesConfiguration } from "./named-resources.ts";
import { addResource, findResource, removeResource } from "./named-resources.ts";

export * from "./basic-agent.ts";

export interface AgentConfiguration extends BasicConfiguration, NamedResourcesConfiguration {
  readonly resources?: readonly NamedResource[];
}

export class Agent extends BasicAgent {
  declare readonly configuration: AgentConfiguration;

  constructor(configuration: AgentConfiguration) {
    super(configuration, ALL_FEATURES);
    const resources = configuration.resources;
    for (let i = 0; resources !== undefined && i < resources.length; i++) {
      addResource(this, resources[i]);
    }
  }

  resource(path: string): NamedResource | undefined {
    return findResource(this, path);
  }

  /** Adds a named resource; servers get a new list. Throws `agent/resource-exists`. */
  addResource(resource: NamedResource): void {
    addResource(this, resource);
  }

  /** Takes a named resource away; servers get a new list. */
  removeResource(path: string): void {
    removeResource(this, path);
  }
}

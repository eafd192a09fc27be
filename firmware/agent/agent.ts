/**
 * The device agent with all it can do: `BasicAgent` with every feature. The facade of firmware/agent for hosts with room.
 */
import type { NamedResource } from "../../protocol/resources/named-resource.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import { addSecurity, securityObject } from "../objects/security.ts";
import { AgentLink } from "./agent-link.ts";
import { codecsOf } from "./all-codecs.ts";
import { ALL_FEATURES } from "./all-features.ts";
import type { BasicConfiguration, ServerAccount } from "./basic-agent.ts";
import { BasicAgent } from "./basic-agent.ts";
import { handleObservedInstances, handleObservedValue } from "./composites.ts";
import type { NamedResourcesConfiguration } from "./named-resources.ts";
import { addResource, findResource, removeResource } from "./named-resources.ts";
import type { ServerAddress } from "./server-address.ts";
import type { ServerLink } from "./server-link.ts";

export * from "./basic-agent.ts";

export interface AgentConfiguration extends BasicConfiguration, NamedResourcesConfiguration {
  readonly resources?: readonly NamedResource[];
}

export class Agent extends BasicAgent {
  declare readonly configuration: AgentConfiguration;
  /** Object 0. */
  readonly security: LwM2mObject = securityObject();

  constructor(configuration: AgentConfiguration) {
    super(configuration, ALL_FEATURES);
    this.codecs = codecsOf(this.codecs, this.version());
    this.addObject(this.security);
    const resources = configuration.resources;
    for (let i = 0; resources !== undefined && i < resources.length; i++) {
      addResource(this, resources[i]);
    }
  }

  override addServer(account: ServerAccount): ServerLink {
    const link = super.addServer(account);
    addSecurity(this.security, link.instanceId, account.shortServerId, account.uri);
    return link;
  }

  protected override makeLink(instanceId: number, address: ServerAddress): ServerLink {
    return new AgentLink(this, instanceId, address);
  }

  /** Takes an object away; servers get a new list. */
  removeObject(objectId: number): void {
    const object = this.object(objectId);
    if (object === undefined) return;
    this.objects = this.objects.filter(function (each) {
      return each !== object;
    });
    this.handleInstances(object);
    object.listener = undefined;
  }

  // Objects that do something by themselves, firmware updates for one.

  override handleTimeout(now: Milliseconds): void {
    for (let i = 0; i < this.objects.length; i++) {
      const machine = this.objects[i].machine;
      if (machine !== undefined && now >= machine.deadline()) machine.handleTimeout(now);
    }
    super.handleTimeout(now);
  }

  override deadline(): Milliseconds {
    let at = super.deadline();
    for (let i = 0; i < this.objects.length; i++) {
      const machine = this.objects[i].machine;
      if (machine !== undefined) at = Math.min(at, machine.deadline());
    }
    return at;
  }

  // Observations of one path are the core's; those of several are a feature's.

  override handleValue(object: LwM2mObject, instanceId: number, resourceId: number): void {
    handleObservedValue(this, object, instanceId, resourceId);
    super.handleValue(object, instanceId, resourceId);
  }

  override handleInstances(object: LwM2mObject): void {
    handleObservedInstances(this, object);
    super.handleInstances(object);
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

/**
 * The device agent with all it can do: `BasicAgent` with every feature. The facade of firmware/agent for hosts with room.
 */
import { isSuccess, UNAUTHORIZED } from "../../protocol/coap/codes.ts";
import type { IncomingRequest, Response } from "../../protocol/coap/exchange.ts";
import { SERVER_BOOTSTRAP_TRIGGER } from "../../protocol/model/objects/server.ts";
import { SERVER_1_2 } from "../../protocol/model/objects/server-1-2.ts";
import type { NamedResource } from "../../protocol/resources/named-resource.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { ACCESS_CONTROL_ID } from "../objects/access-control.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import { securityObject } from "../objects/security.ts";
import { isOrphan, makeAccount, serverLinksOf } from "./account-links.ts";
import { AgentLink } from "./agent-link.ts";
import { codecsOf } from "./all-codecs.ts";
import { ALL_FEATURES } from "./all-features.ts";
import type { BasicConfiguration, ServerAccount } from "./basic-agent.ts";
import { BasicAgent } from "./basic-agent.ts";
import type { BootstrapAccount } from "./bootstrap-account.ts";
import { enforce, makeBootstrapAccount, purge } from "./bootstrap-account.ts";
import type { BootstrapLink } from "./bootstrap-link.ts";
import { bootstrapLinkOf } from "./bootstrap-link.ts";
import type { Preparation } from "./bootstrap-preparation.ts";
import { Changes } from "./changes.ts";
import { handleObservedInstances, handleObservedValue } from "./composites.ts";
import { plain } from "./device-management.ts";
import type { NamedResourcesConfiguration } from "./named-resources.ts";
import { addResource, findResource, removeResource } from "./named-resources.ts";
import type { Relay } from "./relay.ts";
import type { ReportingConfiguration } from "./reporting-link.ts";
import type { ServerAddress } from "./server-address.ts";
import type { ServerLink } from "./server-link.ts";

export * from "./basic-agent.ts";

export interface AgentConfiguration
  extends BasicConfiguration,
    NamedResourcesConfiguration,
    ReportingConfiguration {
  readonly resources?: readonly NamedResource[];
}

export class Agent extends BasicAgent {
  declare readonly configuration: AgentConfiguration;
  /** Object 0. */
  readonly security: LwM2mObject = securityObject(this.version());
  /** Of a gateway: who answers for the devices behind it. */
  relay: Relay | undefined = undefined;
  /** Of the request that is being answered, from its first change on. */
  private changes: Changes | undefined = undefined;

  constructor(configuration: AgentConfiguration) {
    super(configuration, ALL_FEATURES);
    this.codecs = codecsOf(this.codecs, this.version());
    if (this.version() === "1.2") this.servers.definition = SERVER_1_2;
    this.addObject(this.security);
    const resources = configuration.resources;
    for (let i = 0; resources !== undefined && i < resources.length; i++) {
      addResource(this, resources[i]);
    }
  }

  // Accounts.

  override addServer(account: ServerAccount): ServerLink {
    return makeAccount(this, account);
  }

  /** Adds the account of a bootstrap server, of which there is one. Throws as `makeBootstrapAccount`. */
  addBootstrapServer(account: BootstrapAccount): BootstrapLink {
    return makeBootstrapAccount(this, account);
  }

  /** The links of servers that have an account: neither the bootstrap server's, nor one that only says goodbye. */
  serverLinks(): readonly ServerLink[] {
    return serverLinksOf(this);
  }

  /** True when some server has a registration of ours. */
  isRegistered(): boolean {
    const links = serverLinksOf(this);
    for (let i = 0; i < links.length; i++) if (links[i].isRegistered()) return true;
    return false;
  }

  /** Begins client-initiated bootstrap, unless it is under way; false when there is no bootstrap server to ask (LwM2M Core 1.2.2 §6.1.3.3). */
  needBootstrap(now: Milliseconds): boolean {
    const link = bootstrapLinkOf(this);
    if (link === undefined) return false;
    link.begin(now);
    return true;
  }

  override makeLink(instanceId: number, address: ServerAddress): ServerLink {
    return new AgentLink(this, instanceId, address);
  }

  /** A server wrote to or executed a resource of its account. */
  override handleAccount(instanceId: number, resourceId: number): void {
    if (this.changes !== undefined) {
      this.changes.handleAccount(this.servers, instanceId, resourceId);
      return;
    }
    const links = serverLinksOf(this);
    for (let i = 0; i < links.length; i++) {
      if (links[i].instanceId === instanceId) links[i].handleAccount(resourceId);
    }
    const bootstrap = resourceId === SERVER_BOOTSTRAP_TRIGGER ? bootstrapLinkOf(this) : undefined;
    if (bootstrap !== undefined) bootstrap.trigger();
    this.wake();
  }

  // What the bootstrap link has done; nobody else's to call.

  enforce(now: Milliseconds, link: BootstrapLink, preparation: Preparation): string | undefined {
    return enforce(now, link, preparation);
  }

  purgeBootstrapAccount(now: Milliseconds, link: BootstrapLink): void {
    purge(now, link);
  }

  dropLink(gone: ServerLink): void {
    this.links = this.links.filter(function (link) {
      return link !== gone;
    });
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

  // What a request changes.

  /** An object is about to be changed by the request that is being answered: if that fails, all is as it was. */
  remember(object: LwM2mObject): void {
    if (this.changes === undefined) this.changes = new Changes();
    this.changes.remember(object);
  }

  override answer(now: Milliseconds, link: ServerLink, request: IncomingRequest): Response {
    if (isOrphan(this, link)) return plain(UNAUTHORIZED);
    const response = super.answer(now, link, request);
    const changes = this.changes;
    this.changes = undefined;
    if (changes !== undefined) changes.end(this, isSuccess(response.code));
    return response;
  }

  // Observations of one path are the core's; those of several are a feature's.

  override handleValue(object: LwM2mObject, instanceId: number, resourceId: number): void {
    if (this.changes !== undefined) this.changes.handleValue(object, instanceId, resourceId);
    else {
      handleObservedValue(this, object, instanceId, resourceId);
      super.handleValue(object, instanceId, resourceId);
      this.handleRights(object);
    }
  }

  override handleInstances(object: LwM2mObject): void {
    if (this.changes !== undefined) this.changes.handleInstances(object);
    else {
      handleObservedInstances(this, object);
      super.handleInstances(object);
      this.handleRights(object);
    }
  }

  private handleRights(object: LwM2mObject): void {
    const access = this.features.access;
    if (access !== undefined && object.definition.id === ACCESS_CONTROL_ID)
      access.handleRights(this);
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

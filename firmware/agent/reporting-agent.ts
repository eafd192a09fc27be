/**
 * An agent with the interfaces of LwM2M 1.1 whole: what a request changes stays or goes together, several places are read, written and
 * observed at once, and values are sent unasked. `Agent` adds accounts, bootstrap and versions; a board of 8,000 variables has room for this one.
 */
import { isSuccess } from "../../protocol/coap/codes.ts";
import type { IncomingRequest, Response } from "../../protocol/coap/exchange.ts";
import { SERVER_SHORT_SERVER_ID } from "../../protocol/model/objects/server.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { ACCESS_CONTROL_ID } from "../objects/access-control.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import type { BasicConfiguration } from "./basic-agent.ts";
import { MachineAgent } from "./machine-agent.ts";
import { Changes } from "./management/changes.ts";
import { handleObservedInstances, handleObservedValue } from "./management/composites.ts";
import { isHidden } from "./management/object-tree.ts";
import type { ReportingConfiguration } from "./reporting/reporting-link.ts";
import { ReportingLink } from "./reporting/reporting-link.ts";
import type { Reported, Sample } from "./reporting/samples.ts";
import { samplesOf } from "./reporting/samples.ts";
import type { SendOptions } from "./reporting/send-queue.ts";
import type { ServerAddress } from "./server-address.ts";
import type { ServerLink } from "./server-link.ts";

const NO_OPTIONS: SendOptions = {};

export class ReportingAgent extends MachineAgent {
  declare readonly configuration: BasicConfiguration & ReportingConfiguration;
  /** Of the request that is being answered, from its first change on. */
  protected changes: Changes | undefined = undefined;
  private nextSendId = 1;

  override makeLink(instanceId: number, address: ServerAddress): ServerLink {
    return new ReportingLink(this, instanceId, address);
  }

  /** The links of servers that have an account. */
  serverLinks(): readonly ServerLink[] {
    return this.links;
  }

  // What a request changes.

  /** An object is about to be changed by the request that is being answered: if that fails, all is as it was. */
  remember(object: LwM2mObject): void {
    if (this.changes === undefined) this.changes = new Changes();
    this.changes.remember(object);
  }

  protected override answerWhole(
    now: Milliseconds,
    link: ServerLink,
    request: IncomingRequest,
  ): Response {
    const response = this.answerWithin(now, link, request);
    const changes = this.changes;
    this.changes = undefined;
    if (changes !== undefined) changes.end(this, isSuccess(response.code));
    return response;
  }

  /** Answers a request, whose changes are not heard of yet. */
  protected answerWithin(now: Milliseconds, link: ServerLink, request: IncomingRequest): Response {
    return super.answerWhole(now, link, request);
  }

  /** A server wrote to or executed a resource of its account. */
  override handleAccount(instanceId: number, resourceId: number): void {
    if (this.changes === undefined) super.handleAccount(instanceId, resourceId);
    else this.changes.handleAccount(this.servers, instanceId, resourceId);
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
    if (this.changes !== undefined) {
      this.changes.handleInstances(object);
      return;
    }
    handleObservedInstances(this, object);
    // What no list names does not make another list.
    if (isHidden(object.definition.id)) this.wake();
    else super.handleInstances(object);
    this.handleRights(object);
  }

  private handleRights(object: LwM2mObject): void {
    const access = this.features.access;
    if (access !== undefined && object.definition.id === ACCESS_CONTROL_ID)
      access.handleRights(this);
  }

  // What the application reports by itself.

  /**
   * Sends values without being asked (LwM2M Core 1.2.2 §6.4.6), those that servers may read: the present ones at paths, and values of
   * the application's own, of instances that there are. An event per server tells what became of it.
   *
   * @returns the id in these events; 0 when there is nothing to send. Throws `agent/report-path`.
   */
  send(
    now: Milliseconds,
    reported: readonly Reported[],
    options: SendOptions = NO_OPTIONS,
  ): number {
    return this.sendSamples(now, samplesOf(this, now, reported), options);
  }

  protected sendSamples(
    now: Milliseconds,
    samples: readonly Sample[],
    options: SendOptions,
  ): number {
    const links = this.serverLinks();
    const wanted = options.shortServerId;
    if (samples.length === 0) return 0;
    const id = this.nextSendId++;
    for (let i = 0; i < links.length; i++) {
      const link = links[i];
      if (!(link instanceof ReportingLink)) continue;
      const isMeant = wanted === undefined || link.resource(SERVER_SHORT_SERVER_ID) === wanted;
      if (isMeant) link.send(now, id, samples, options);
    }
    return id;
  }
}

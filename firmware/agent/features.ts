/**
 * What an agent can do beyond its core, as values that are handed to it. The core knows of each only its type here, so that a board
 * carries what it imports and nothing else; what is absent is refused as an LwM2M client without it would (4.04, 4.05, 4.06).
 *
 * `ALL_FEATURES` has every one of them. How to write another is docs/decisions/0009-agent-features.md.
 */
import type { Endpoint } from "../../protocol/coap/endpoint.ts";
import type { CoapSettings, IncomingRequest, Response } from "../../protocol/coap/exchange.ts";
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import type { Malformed } from "../../protocol/malformed.ts";
import type { Attributes } from "../../protocol/model/attributes.ts";
import type { Entry } from "../../protocol/model/data-types.ts";
import type { Path } from "../../protocol/model/path.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import type { BasicAgent } from "./basic-agent.ts";
import type { Observation, Reading } from "./reporting/notification.ts";
import type { Observers } from "./reporting/observers.ts";
import type { ServerAddress } from "./server-address.ts";
import type { ServerLink } from "./server-link.ts";

export interface AgentFeatures {
  /** In the order of preference when the server has none. */
  readonly codecs: readonly ContentCodec[];
  /** Makes the endpoint of each server, for UDP or TCP; decides whether bodies may go in blocks. */
  readonly endpoint: (settings: CoapSettings, address: ServerAddress) => Endpoint;
  /** Operations beyond Read, Observe, Discover, Write and Execute, asked in this order. */
  readonly operations?: readonly OperationHandler[];
  /** Write-Attributes, and what attributes mean to notifications. Without it pmin and pmax are those of the server's account. */
  readonly attributes?: AttributeRules;
  /** What is on paths beside LwM2M's. */
  readonly otherPaths?: OtherPaths;
  /** What a link's version and rights change in device management. Without it every server may do everything that there is. */
  readonly management?: ManagementRules;
  /** Which server may do what; asked by the management rules. Without it every server may do everything. */
  readonly access?: AccessRules;
}

/**
 * Answers requests for one or more operations of `protocol/lwm2m/operations.ts`; undefined for all others.
 *
 * @param object what the path begins with; never one that is hidden from servers
 */
export type OperationHandler = (
  link: ServerLink,
  operation: number,
  object: LwM2mObject,
  path: Path,
  request: IncomingRequest,
) => Response | undefined;

export interface AttributeRules {
  /** Does a Write-Attributes on a path that is there; its response code. */
  write(link: ServerLink, object: LwM2mObject, path: Path, request: IncomingRequest): number;
  /** What the query of an Observe says: NO_ATTRIBUTES itself when it has none. */
  ofObserve(
    link: ServerLink,
    object: LwM2mObject,
    path: Path,
    request: IncomingRequest,
  ): Attributes | Malformed;
  /** What holds for an observation. @param defaults of the account */
  holding(observers: Observers, observation: Observation, defaults: Attributes): Attributes;
  /** True when a change of one value has to be reported. */
  isNotable(attributes: Attributes, last: Reading, reading: Reading): boolean;
  /** For Discover: what is set for a path, as link attributes, each with a semicolon before it. @param inherits with what is set above it */
  describe(observers: Observers, path: Path, inherits: boolean): string;
}

export interface ManagementRules {
  /** A success when the operation may be done at this path; NOT_FOUND when nothing is there; else the code that refuses it. */
  admit(link: ServerLink, operation: number, object: LwM2mObject, path: Path): number;
  /** Appends what is there for this server to read. Returns a response code. */
  read(link: ServerLink, object: LwM2mObject, path: Path, entries: Entry[]): number;
  /** Writes what was decoded. Returns a response code. */
  write(
    link: ServerLink,
    object: LwM2mObject,
    path: Path,
    entries: readonly Entry[],
    replaces: boolean,
  ): number;
  /** How many levels below its path a Discover shows. */
  depth(link: ServerLink, request: IncomingRequest, usual: number): number;
}

export interface AccessRules {
  /**
   * May this server do it?
   *
   * @param operation of protocol/lwm2m/operations.ts or composite-operations.ts
   * @param path of an object, or at or below an instance that is there
   */
  allows(link: ServerLink, operation: number, path: Path): boolean;
  /** A server has made an instance. */
  handleCreated(link: ServerLink, objectId: number, instanceId: number): void;
  /** A server has deleted an instance. */
  handleDeleted(link: ServerLink, objectId: number, instanceId: number): void;
  /** What `allows` says may have changed. */
  handleRights(agent: BasicAgent): void;
}

export interface OtherPaths {
  /** True for a path that is not to be read as one of LwM2M, though it may look like one. */
  owns(agent: BasicAgent, path: string): boolean;
  /** Answers a request on a path that is none of LwM2M's. */
  answer(now: Milliseconds, link: ServerLink, path: string, request: IncomingRequest): Response;
  /** What such a request asks for, in words, for events. */
  nameOf(request: IncomingRequest): string;
  /** Their part of the registration list; "" for none. */
  links(agent: BasicAgent): string;
}

/**
 * How the harness reaches a server: with raw clients of its own on one side, and through the server's operator interface (REST, or a person)
 * on the other, since what a server does of its own accord is little: most cases need somebody to order something.
 *
 * Time is the server's. Where it is real, `receive` waits; where it is virtual, `receive` makes it pass.
 */
import type { Link } from "../../protocol/coap/link-format.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { Version } from "./case.ts";
import type { Arrival } from "./client-under-test.ts";

/** What an operator can have the server do, or is told by it. A case that needs what is missing is not run. */
export const ABILITIES = [
  /** Says which clients are registered. */
  "list",
  /** Says whether a client is in queue mode. */
  "queue mode",
  "read",
  "discover",
  /** Says how deep a Discover goes (LwM2M 1.2). */
  "discover depth",
  "write",
  /** Writes an instance, whole or in part. */
  "write instance",
  "write attributes",
  /** Reads and writes in a Content-Format that the operator names. */
  "formats",
  "execute",
  "create",
  "delete",
  /** Reads and writes several paths at once. */
  "composite",
  "observe",
  /** Observes with attributes of its own (LwM2M 1.2). */
  "observe parameters",
  "observe composite",
  /** Tells what clients send of their own accord. */
  "send",
] as const;
export type Ability = (typeof ABILITIES)[number];

export interface ServerClaims {
  readonly versions: readonly Version[];
  readonly abilities: readonly Ability[];
}

/** What an operator is told of a registered client; undefined where the operator interface does not say. */
export interface KnownClient {
  readonly queueMode: boolean | undefined;
  /** The paths that it listed. */
  readonly paths: readonly string[] | undefined;
  /** Seconds. */
  readonly lifetime?: number | undefined;
}

/** Values by their paths, `/1/0/1`; those of a multiple resource each by its own, `/3/0/11/0`. */
export type PathValues = Readonly<Record<string, Value>>;

/** Of one resource or resource instance. */
export interface WriteOrder {
  readonly kind: "write";
  readonly path: string;
  readonly value: Value;
  readonly format?: number | undefined;
}

/** Of an instance: what is not among the values goes with "replace", and stays with "update". */
export interface InstanceOrder {
  readonly kind: "replace" | "update";
  readonly path: string;
  readonly values: PathValues;
  readonly format?: number | undefined;
}

/** What takes nothing beside its path. `listen`: from now on the operator wants to be told what the client sends of this; an interface may have to observe for it. */
export interface PlainOrder {
  readonly kind: "delete" | "cancel" | "listen";
  readonly path: string;
}

/** With `format` the operator wants it read or written in that Content-Format, else the server chooses. */
export type Order =
  | { readonly kind: "read"; readonly path: string; readonly format?: number | undefined }
  | { readonly kind: "discover"; readonly path: string; readonly depth?: number | undefined }
  | WriteOrder
  | InstanceOrder
  | {
      readonly kind: "create";
      /** Of the object. */
      readonly path: string;
      readonly values: PathValues;
      readonly format?: number | undefined;
    }
  | {
      readonly kind: "write-attributes";
      readonly path: string;
      /** `pmin=10`; a name alone takes an attribute back. */
      readonly attributes: readonly string[];
    }
  | {
      readonly kind: "execute";
      readonly path: string;
      readonly argumentList?: string | undefined;
    }
  | {
      readonly kind: "observe";
      readonly path: string;
      readonly attributes?: readonly string[] | undefined;
    }
  | PlainOrder
  | {
      readonly kind: "read-composite";
      readonly paths: readonly string[];
      readonly format?: number | undefined;
    }
  | {
      readonly kind: "write-composite";
      readonly values: PathValues;
      readonly format?: number | undefined;
    }
  | { readonly kind: "observe-composite" | "cancel-composite"; readonly paths: readonly string[] };

/** How an order ended. */
export interface Outcome {
  readonly isSuccess: boolean;
  /** In the operator interface's own words: `200`, `CONTENT(205)`. */
  readonly words: string;
  /** The value of a single resource, as the operator interface tells it: text. */
  readonly value: string | undefined;
  /** What was read, by path; absent where the interface tells none, or none that can be made sense of. */
  readonly values?: ReadonlyMap<string, Value> | undefined;
  /** What a Discover has found. */
  readonly links?: readonly Link[] | undefined;
}

/** The server's operator interface. Its own errors reject: they are nobody's failure. */
export interface Operator {
  readonly name: string;
  readonly claims: ServerClaims;
  /** Undefined for a client that is not registered. */
  find(endpointName: string): Promise<KnownClient | undefined>;
  /** Orders something; resolves with a name for it when the server has taken the order, not when it is carried out. */
  order(endpointName: string, order: Order): Promise<string>;
  /** How an order ended; undefined while it goes on. */
  outcome(orderId: string): Outcome | undefined;
  /** The values that the operator was told of an observed or sent resource so far, as text, the first one included. */
  told(endpointName: string, path: string): readonly string[];
  /** Nothing is wanted of this client any more: observations end. */
  release?(endpointName: string): Promise<void>;
  close(): Promise<void>;
}

/** A TCP connection of a raw client's. */
export interface ServerConnection {
  send(piece: Uint8Array): Promise<void>;
  /** The next piece that the server sends, an empty one when it has closed the connection; undefined when none came until `until`. */
  receive(until: Milliseconds): Promise<Uint8Array | undefined>;
  close(): void;
}

/** One server during one case. */
export interface ServerUnderTest {
  readonly operator: Operator;
  /** How far a moment may be off before it is the server's fault. */
  readonly tolerance: Milliseconds;
  /** How long to wait before the operator is asked again. */
  readonly slice: Milliseconds;
  /** Behind which Message ID the raw clients' begin: an address may have been another client's a moment ago (RFC 7252 §4.4). 0 unless given. */
  readonly messageIds?: number;
  now(): Milliseconds;
  /** Sends from the address of this client: 0, 1 ... each has its own. */
  send(client: number, datagram: Uint8Array): Promise<void>;
  /** The next datagram for one of the clients (`server` is the client's number); undefined when none came until `until`. */
  receive(until: Milliseconds): Promise<Arrival | undefined>;
  /** Opens a connection. Rejects when nobody listens. Of adapters that take streams. */
  connect?(): Promise<ServerConnection>;
  /** From now on this client has another address, as after a NAT has forgotten it. */
  rebind(client: number): Promise<void>;
  close(): Promise<void>;
}

export interface ServerAdapter {
  /** Names the server in reports. */
  readonly name: string;
  readonly claims: ServerClaims;
  /** True when the server is known to be reached over TCP. */
  readonly takesStreams?: boolean;
  /** Rejects when the server cannot be reached: the case is then not run. */
  prepare(): Promise<ServerUnderTest>;
}

/**
 * How the harness reaches a server: with raw clients of its own on one side, and through the server's operator interface (REST, or a person)
 * on the other, since what a server does of its own accord is little: most cases need somebody to order something.
 *
 * Time is the server's. Where it is real, `receive` waits; where it is virtual, `receive` makes it pass.
 */
import type { Value } from "../../protocol/model/data-types.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { Version } from "./case.ts";
import type { Arrival } from "./client-under-test.ts";

/** What an operator can have the server do. A case that needs what is missing is not run. */
export type Ability =
  /** Says which clients are registered. */
  | "list"
  | "read"
  | "write"
  | "execute"
  | "create"
  | "delete"
  | "observe"
  /** Says whether a client is in queue mode. */
  | "queue mode";

export interface ServerClaims {
  readonly versions: readonly Version[];
  readonly abilities: readonly Ability[];
}

/** What an operator is told of a registered client. */
export interface KnownClient {
  /** Undefined where the operator interface does not say. */
  readonly queueMode: boolean | undefined;
  /** The paths that it listed, undefined where the operator interface does not say. */
  readonly paths: readonly string[] | undefined;
}

export type Order =
  | { readonly kind: "read"; readonly path: string }
  | { readonly kind: "write"; readonly path: string; readonly value: Value }
  | { readonly kind: "execute"; readonly path: string; readonly argumentList?: string }
  | {
      readonly kind: "create";
      readonly path: string;
      readonly values: Readonly<Record<string, Value>>;
    }
  | { readonly kind: "delete"; readonly path: string }
  | { readonly kind: "observe"; readonly path: string }
  | { readonly kind: "cancel"; readonly path: string };

/** How an order ended. */
export interface Outcome {
  readonly isSuccess: boolean;
  /** In the operator interface's own words: `200`, `CONTENT(205)`. */
  readonly words: string;
  /** The value of a single resource, as the operator interface tells it: text. */
  readonly value: string | undefined;
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
  /** The values that the operator was told of an observed resource so far, as text, the first one included. */
  told(endpointName: string, path: string): readonly string[];
  close(): Promise<void>;
}

/** One server during one case. */
export interface ServerUnderTest {
  readonly operator: Operator;
  /** How far a moment may be off before it is the server's fault. */
  readonly tolerance: Milliseconds;
  /** How long to wait before the operator is asked again. */
  readonly slice: Milliseconds;
  now(): Milliseconds;
  /** Sends from the address of this client: 0, 1 ... each has its own. */
  send(client: number, datagram: Uint8Array): Promise<void>;
  /** The next datagram for one of the clients (`server` is the client's number); undefined when none came until `until`. */
  receive(until: Milliseconds): Promise<Arrival | undefined>;
  /** From now on this client has another address, as after a NAT has forgotten it. */
  rebind(client: number): Promise<void>;
  close(): Promise<void>;
}

export interface ServerAdapter {
  /** Names the server in reports. */
  readonly name: string;
  readonly claims: ServerClaims;
  /** Rejects when the server cannot be reached: the case is then not run. */
  prepare(): Promise<ServerUnderTest>;
}

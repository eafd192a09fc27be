/**
 * How the harness reaches a client: an adapter brings one up in a given configuration, the harness talks to it in datagrams.
 *
 * Time is the client's. Where it is real, `receive` waits; where it is virtual, `receive` makes it pass. So a procedure reads
 * the same for a device on the desk and for an agent in this process.
 */
import type { Value } from "../../protocol/model/data-types.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { Feature, Version } from "./case.ts";
import type { BaseConfiguration } from "./configurations.ts";

/** What a client is said to have; what it has not makes cases not applicable. */
export interface ClientClaims {
  readonly versions: readonly Version[];
  readonly contentFormats: readonly number[];
  readonly features: readonly Feature[];
  /** Objects that can be part of its configuration. */
  readonly objects: readonly number[];
  /** By path of a resource: the values that it has where a configuration prescribes others; null for one that it lacks. */
  readonly values?: Readonly<Record<string, Value | readonly Value[] | null>>;
}

export interface ClientSetup {
  readonly endpointName: string;
  readonly version: Version;
  readonly configuration: BaseConfiguration;
}

export interface ClientAdapter {
  /** Names the client in reports. */
  readonly name: string;
  readonly claims: ClientClaims;
  /** True when `set` works. */
  readonly canSetValues: boolean;
  /** A fresh client, configured and switched off. Rejects when there cannot be one: the case is then not run. */
  prepare(setup: ClientSetup): Promise<ClientUnderTest>;
}

/** A datagram of the client's. */
export interface Arrival {
  /** To which server account, by its instance of object 1. */
  readonly server: number;
  readonly datagram: Uint8Array;
}

/** One client during one case. Rejects with `ClientFault` when the client broke down. */
export interface ClientUnderTest {
  /** How far a moment may be off before it is the client's fault. */
  readonly tolerance: Milliseconds;
  now(): Milliseconds;
  /** Switches it on. */
  start(): Promise<void>;
  /** Changes a value as the device itself would: a sensor reading. */
  set(path: string, value: Value): Promise<void>;
  send(server: number, datagram: Uint8Array): Promise<void>;
  /** The next datagram of the client's, as soon as it is there; undefined when none came until `until`. */
  receive(until: Milliseconds): Promise<Arrival | undefined>;
  /** Switches it off for good. */
  close(): Promise<void>;
}

/** What is judged crashed or hangs: a verdict on it, not on the harness. */
export class Fault extends Error {}

/** The client did. */
export class ClientFault extends Fault {}

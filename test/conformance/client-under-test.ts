/**
 * How the harness reaches a client: an adapter brings one up in a given configuration, the harness talks to it in datagrams.
 *
 * Time is the client's. Where it is real, `receive` waits; where it is virtual, `receive` makes it pass. So a procedure reads
 * the same for a device on the desk and for an agent in this process.
 */
import type { Value } from "../../protocol/model/data-types.ts";
import { MINUTE, type Milliseconds, SECOND } from "../../protocol/time/duration.ts";
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
  readonly firmware?: FirmwareItems;
  readonly paths?: PathItems;
  /** `USUAL_PACE` unless the device is known to be slower. */
  readonly pace?: Pace;
}

/** Files and addresses for firmware updates, which every device has its own of. */
export const FIRMWARE_ITEMS = [
  /** An image that it takes, and one it has no room for in its storage, or in its memory. */
  "image",
  "tooLarge",
  "tooLargeForMemory",
  /** Images that fail the check of their integrity, that are for other devices, that do not install. */
  "corrupt",
  "wrongType",
  "failing",
  /** Where `image` can be downloaded, and where a download comes to a halt. */
  "uri",
  "haltingUri",
] as const;
export type FirmwareItem = (typeof FIRMWARE_ITEMS)[number];
/** Files as bytes, addresses as text. */
export type FirmwareItems = Readonly<Partial<Record<FirmwareItem, Uint8Array | string>>>;

/** Where a device does what no path of LwM2M is bound to. */
export const PATH_ITEMS = [
  /** Of a resource whose Read is not answered at once. */
  "separate",
] as const;
export type PathItem = (typeof PATH_ITEMS)[number];
export type PathItems = Readonly<Partial<Record<PathItem, string>>>;

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
  /** True when `report` works. */
  readonly canReport?: boolean;
  /** True when `powerCycle` works. */
  readonly canPowerCycle?: boolean;
  /** True when `insertCard` works. */
  readonly canInsertCard?: boolean;
  /** How many times as fast as ours the client's clock runs, for estimates; 1 unless given. */
  readonly clock?: number;
  /** True when `send` works for the number of a stranger (`strangerOf`). */
  readonly hasStranger?: boolean;
  /** True when the client's connections reach it, for configurations over TCP. */
  readonly takesStreams?: boolean;
  /** A fresh client, configured and switched off. Rejects when there cannot be one: the case is then not run. */
  prepare(setup: ClientSetup): Promise<ClientUnderTest>;
}

/** A datagram of the client's, or a piece of its stream, whose end is an empty piece. */
export interface Arrival {
  /** To which of the harness's servers: those of the accounts, by instance of object 1, then the bootstrap server, then a stranger. */
  readonly server: number;
  readonly datagram: Uint8Array;
  /** The client's address, in any form that tells it from others; undefined where the adapter cannot see it. */
  readonly from?: string;
}

/** What a smartcard holds for a client (LwM2M Core 1.1.1 §6.1.2). */
export interface Smartcard {
  readonly shortServerId: number;
  readonly uri: string;
  /** Seconds. */
  readonly lifetime: number;
}

/** How quick a client is held to be. */
export interface Pace {
  /** How long it may take to do what is due at once. */
  readonly prompt: Milliseconds;
  /** How long it may take to come up, or to come back. */
  readonly patience: Milliseconds;
}

export const USUAL_PACE: Pace = { prompt: 5 * SECOND, patience: MINUTE };

/** One client during one case. Rejects with `ClientFault` when the client broke down. */
export interface ClientUnderTest {
  /** How far a moment may be off before it is the client's fault. */
  readonly tolerance: Milliseconds;
  /** `USUAL_PACE` unless the device is known to be slower. */
  readonly pace?: Pace;
  /** The addresses of the harness's servers as the client reaches them, `coap://127.0.0.1:5683`, in their order. */
  readonly serverUris: readonly string[];
  /**
   * Behind which Message ID the harness's begin. A device that stays on takes one of an earlier case for a copy (RFC 7252 §4.2) until
   * EXCHANGE_LIFETIME is over. 0 where it remembers nothing.
   */
  readonly messageIds?: number;
  now(): Milliseconds;
  /** Switches it on. */
  start(): Promise<void>;
  /** Changes a value as the device itself would: a sensor reading. */
  set(path: string, value: Value): Promise<void>;
  /** Has it send the values of these paths of its own accord (Send). */
  report?(paths: readonly string[]): Promise<void>;
  /** Takes its power away and gives it back: what it has not kept is lost, and nobody is told. */
  powerCycle?(): Promise<void>;
  /** Switches it off, puts a card with this account in, and switches it on. */
  insertCard?(card: Smartcard): Promise<void>;
  /** Sends a datagram, or a piece of a stream. */
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

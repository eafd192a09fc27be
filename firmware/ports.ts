/**
 * What an agent needs from its board, all of it. A board is a folder with one file per port (firmware/boards/node,
 * firmware/boards/espruino), the same file names everywhere; `loop.ts` is the only one who calls them for the agent.
 *
 * Everything is synchronous or a callback. No port throws for what the network does: what cannot be sent is lost, as datagrams are.
 */
import type { Random } from "../protocol/ports.ts";
import type { Milliseconds } from "../protocol/time/duration.ts";

/** What goes to one peer: datagrams, or the pieces of a stream. */
export interface Channel {
  /** `datagram` stays the caller's, who does not change it. */
  send(datagram: Uint8Array): void;
  close(): void;
}

/** UDP. */
export interface Datagrams {
  /** Opens a channel to a peer. What the peer sends goes to `receive`, in bytes that are the receiver's. */
  open(host: string, port: number, receive: (datagram: Uint8Array) => void): Channel;
}

/**
 * TCP. A stream crosses its channel in pieces, in both directions, and an empty piece is its end: sent, it closes the connection after what
 * was sent before; received, it says that the peer has closed it, that it broke, or that it could not be made. The next piece sent opens
 * another one, so that a channel outlives its connections. Of a connection that its owner has ended nothing is received any more.
 */
export interface Streams {
  /** Opens nothing yet. What the peer sends goes to `receive`, in bytes that are the receiver's. */
  open(host: string, port: number, receive: (bytes: Uint8Array) => void): Channel;
}

/** Time that never jumps; for everything that waits. */
export interface MonotonicClock {
  now(): Milliseconds;
}

/** The time of day; only for what people read, never for what waits. */
export interface CalendarClock {
  /** Seconds since 1970-01-01 UTC. */
  seconds(): number;
  /** False when this board's clock cannot be set. */
  setSeconds(seconds: number): boolean;
}

/** One alarm. */
export interface Alarm {
  /** Calls `ring` once the monotonic clock reaches `at`, soon if it has already; forgets what was armed before. NEVER disarms. */
  arm(at: Milliseconds, ring: () => void): void;
}

export interface Power {
  /** Queue mode: nothing has to be received until the radio is wanted again. */
  setRadio(isOn: boolean): void;
  /**
   * Switches everything off for so long, then boots: what is in memory is lost. Absent on boards that cannot. Called with nothing under
   * way; a board that does not go off after all just returns.
   */
  deepSleep?(period: Milliseconds): void;
  /** Restarts the device soon: the answer to the request that asked for it goes out first. */
  reboot(): void;
  /** As `reboot`, after forgetting everything that was configured since the device left the factory. */
  factoryReset(): void;
}

/** Memory that outlives a power cut: a few records of a few hundred bytes each. */
export interface Store {
  /** In bytes that are the caller's. Undefined when there is none of this name, or it cannot be read. */
  read(name: string): Uint8Array | undefined;
  /** Replaces a record whole or not at all. False when it cannot be kept. `bytes` stay the caller's. */
  write(name: string, bytes: Uint8Array): boolean;
  remove(name: string): void;
}

export interface Board {
  /** Absent on boards without UDP. */
  readonly datagrams?: Datagrams;
  /** Absent on boards without TCP. */
  readonly streams?: Streams;
  readonly clock: MonotonicClock;
  readonly calendar: CalendarClock;
  readonly alarm: Alarm;
  /** Unpredictable: tokens come from it. */
  readonly random: Random;
  readonly power: Power;
  /** Absent where nothing outlives a power cut: the device then begins anew each time. */
  readonly store?: Store;
}

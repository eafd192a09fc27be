/**
 * What Kaluma offers beyond the language on a Pico W (1.2.1): only what `firmware/boards/kaluma` uses of it. Where each fact is from:
 * docs/decisions/0030-second-engine.md.
 */

/** Returns a number. Rings a millisecond later than asked for, never earlier. */
declare function setTimeout(run: () => void, milliseconds: number): number;
declare function setInterval(run: () => void, milliseconds: number): number;
/** Throws for what is no number. A timer that clears itself while it rings is freed twice: forget its number first. */
declare function clearTimeout(id: number): void;
declare function clearInterval(id: number): void;

/** Milliseconds since the chip started, which nothing sets. */
declare function millis(): number;

interface Console {
  log(...values: unknown[]): void;
}
declare const console: Console;

interface KalumaProcess {
  /** `rp2`. */
  readonly platform: string;
  /** Of Kaluma. */
  readonly version: string;
  /** Bytes. */
  memoryUsage(): { heapTotal: number; heapUsed: number; heapPeak: number };
}
declare const process: KalumaProcess;

interface KalumaBoard {
  /** `pico-w`. */
  readonly name: string;
  /** The flash chip's serial number, 16 hexadecimal digits. */
  readonly uid: string;
}
declare const board: KalumaBoard;

/** A socket of the network driver. */
interface KalumaSocket {
  /**
   * What the peer sent. The driver passes a second argument that it never set: a function with more than this one parameter, or that
   * looks at `arguments`, takes it for a value. What it throws is lost.
   */
  read_cb?: (bytes: Uint8Array) => void;
}

/** The network driver, which the module `net` is made of. What its callbacks are given is always 0: look at `errno`. */
interface KalumaNetwork {
  /** -1 when the last call failed. */
  readonly errno: number;
  /** Throws while the network is not there, and when all 16 sockets are in use. */
  socket(domain: "AF_INET", protocol: "STREAM" | "DGRAM"): number;
  /** Undefined when there is no such socket. */
  get(socket: number): KalumaSocket | undefined;
  /** Of datagrams it takes from now on only those of this peer. Blocks up to 3 s for the address of a name, then throws. */
  connect(socket: number, host: string, port: number): void;
  /** `datagram` is a binary string. */
  write(socket: number, datagram: string): void;
  close(socket: number): void;
}

interface KalumaGlobal {
  /** Absent on boards without a network. */
  readonly __netdev?: KalumaNetwork;
}
declare const global: KalumaGlobal;

interface KalumaWifi {
  /**
   * Joins the network that the Storage names (`WIFI_SSID`, `WIFI_PASSWORD`) unless one is joined already. Blocks until it has, 30 s at
   * most; then says that all went well, whatever happened. An error means that nothing was tried.
   */
  connect(done: (error: Error | null) => void): void;
}

interface KalumaWatchdog {
  feed(): void;
}

interface KalumaFiles {
  exists(path: string): boolean;
  /** Throws when there is no such file, or it cannot be read. */
  readFile(path: string): Uint8Array;
  /** Throws when there is no room. The file system keeps the former content until the new one is whole. */
  writeFile(path: string, bytes: Uint8Array): void;
  unlink(path: string): void;
}

interface KalumaChip {
  /** A BigInt of 128 bits from the chip's noise. */
  randomBigInt(): { toString(radix: number): string };
}

interface KalumaCalendar {
  /** Milliseconds since 1970, from 0 when the power came. */
  getTime(): number;
  setTime(milliseconds: number): void;
}

declare function require(module: "fs"): KalumaFiles;
declare function require(module: "rp2"): KalumaChip;
declare function require(module: "rtc"): KalumaCalendar;
/** The watchdog resets the chip unless it is fed within so many milliseconds, at most 8,388, and cannot be stopped. */
declare function require(module: "wdt"): { WDT: new (milliseconds: number) => KalumaWatchdog };
declare function require(module: "wifi"): { WiFi: new () => KalumaWifi };

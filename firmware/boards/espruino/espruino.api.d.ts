/**
 * What an Espruino board offers beyond the language (2v29): only what `firmware/boards/espruino` uses of it.
 *
 * Strings that cross `dgram` and `Storage` are binary: one character per byte. `E.toString` and `E.toUint8Array` convert.
 */

declare function print(...values: unknown[]): void;

/** Returns a number; the extra arguments are passed on. A text is run where programs are: outside any function. */
declare function setTimeout(run: (() => void) | string, milliseconds: number): number;
declare function setInterval(run: () => void, milliseconds: number): number;
/** Without an argument it clears ALL timers, and with `undefined` it throws. */
declare function clearTimeout(id: number): void;
declare function clearInterval(id: number): void;

/** Seconds since the epoch with microseconds; it jumps when the clock is set (`setTime`). */
declare function getTime(): number;
declare function setTime(seconds: number): void;

/** The board's serial number, unique per chip. */
declare function getSerial(): string;

/** Name of the slot whose program runs, set by the boot program (boot.ts); not there where a program is `.bootcde` itself. */
declare let dormouseSlot: string | undefined;

interface EspruinoE {
  /** A binary string of these bytes. */
  toString(bytes: Uint8Array): string;
  /** The bytes of a binary string. */
  toUint8Array(text: string): Uint8Array;
  /** As a signed or unsigned integer of 32 bits, which differs between versions. */
  CRC32(content: string | Uint8Array): number;
  /** 32 bits from the hardware's random number generator, as a signed integer. */
  hwRand(): number;
  /** Clears and returns the flags, for example `["LOW_MEMORY", "MEMORY"]`. */
  getErrorFlags(): string[];
  on(event: "init" | "kill", run: () => void): void;
  on(event: "errorFlag", run: (flags: string[]) => void): void;
  /** The watchdog restarts the board unless the main loop turns within this many seconds. */
  enableWatchdog(seconds: number, automatic?: boolean): void;
  kickWatchdog(): void;
  /** Restarts the chip; on Linux it ends the interpreter. */
  reboot(): void;
  /** Degrees Celsius, where the chip can tell. */
  getTemperature?(): number;
  /** Percent, on boards with a battery. */
  getBattery?(): number;
}
declare const E: EspruinoE;

declare const process: {
  readonly version: string;
  readonly env: {
    readonly VERSION: string;
    readonly BOARD: string;
    readonly SERIAL: string;
    readonly FLASH: number;
    readonly STORAGE: number;
  };
  /** Variables, not bytes; `blocksize` is the bytes of one. */
  memory(): { free: number; usage: number; total: number; blocksize: number };
  on(event: "uncaughtException", run: (error: unknown) => void): void;
};

interface EspruinoDatagramSocket {
  bind(port: number, bound?: () => void): EspruinoDatagramSocket;
  /** `datagram` is a binary string. An unresolvable host is ignored in silence. */
  send(datagram: string, port: number, host: string): void;
  on(
    event: "message",
    run: (datagram: string, peer: { address: string; port: number; size: number }) => void,
  ): void;
  /** A datagram without bytes from anyone can close the socket: open it again. May come twice. */
  on(event: "close", run: (hadError: boolean) => void): void;
  on(event: "error", run: (error: unknown) => void): void;
  close(): void;
}

interface EspruinoSocket {
  /** `text` is a binary string. */
  write(text: string): boolean;
  /** After what was written. */
  end(): void;
  /** With what came since the last turn of the main loop, a binary string. */
  on(event: "data", run: (text: string) => void): void;
  /** Also when no connection could be made. May come twice. */
  on(event: "close", run: (hadError: boolean) => void): void;
  on(event: "error", run: (error: unknown) => void): void;
}

interface EspruinoSerial {
  setup(baud: number, options?: { rx?: unknown; tx?: unknown }): void;
  /** `text` is a binary string. */
  write(text: string): void;
  /** With what came since the last turn of the main loop, a binary string. */
  on(event: "data", run: (text: string) => void): void;
}

interface Pin {
  read(): boolean;
  write(value: boolean | number): void;
}

type PinMode =
  | "analog"
  | "input"
  | "input_pullup"
  | "input_pulldown"
  | "output"
  | "opendrain"
  | "opendrain_pullup"
  | "af_output"
  | "af_opendrain"
  | "auto";

declare function digitalRead(pin: Pin | readonly Pin[]): number;
declare function digitalWrite(pin: Pin | readonly Pin[], value: boolean | number): void;
/** Without this the interpreter chooses by what is done. */
declare function pinMode(pin: Pin, mode: PinMode, automatic?: boolean): void;

/** Times in seconds. */
interface WatchEvent {
  state: boolean;
  time: number;
  lastTime: number;
}
/** Calls `run` when the pin changes; the result is for `clearWatch`. `debounce` is in milliseconds. */
declare function setWatch(
  run: (event: WatchEvent) => void,
  pin: Pin,
  options?: { repeat?: boolean; edge?: "rising" | "falling" | "both"; debounce?: number },
): number;
/** Without an argument it clears ALL watches. */
declare function clearWatch(id: number): void;

interface Esp32Chip {
  /** Off for so many microseconds, at most 2^31 - 1; does not return, the board boots. */
  deepSleep(microseconds: number): void;
  /** 0 for a reset, 4 for the timer. */
  getWakeupCause(): number;
}
/** Only on the ESP32 family: ask `typeof` first. */
declare const ESP32: Esp32Chip;

declare const Serial1: EspruinoSerial;

declare function require(module: "dgram"): {
  /** `recvBufferSize` holds for all sockets; without it datagrams are cut at 528 bytes. */
  createSocket(options: {
    type: "udp4";
    reuseAddr?: boolean;
    recvBufferSize?: number;
  }): EspruinoDatagramSocket;
};
declare function require(module: "crypto"): {
  /** `message` may lie in flash: a string that Storage has read is not copied where flash is mapped. */
  SHA256(message: string | Uint8Array): ArrayBuffer;
  AES: {
    encrypt(message: Uint8Array, key: Uint8Array, options: { mode: "ECB" | "CBC" }): ArrayBuffer;
  };
};
declare function require(module: "net"): {
  connect(options: { host: string; port: number }, connected: () => void): EspruinoSocket;
};
interface WifiModule {
  /** `done` is given null, or what went wrong. It may never be called. */
  connect(ssid: string, options: { password?: string }, done: (error: string | null) => void): void;
  disconnect(done?: () => void): void;
  on(event: "connected" | "disconnected", run: () => void): void;
}
declare function require(module: "Wifi"): WifiModule;
declare function require(module: "Storage"): {
  /** Names of at most 28 characters; longer ones are cut. Cut at the end of the file; a `length` of 0 is all of it. */
  read(name: string, offset?: number, length?: number): string | undefined;
  /** With `quiet`, undefined when there is no such file or it cannot be read. Also reads names without quotes. */
  readJSON(name: string, quiet: boolean): unknown;
  /**
   * At offset 0 a new file, of `size` bytes when it is to grow; elsewhere what is still erased of the file. Throws when there is no room,
   * after it has moved all files together if that may help, and where something is written.
   */
  write(name: string, content: string | Uint8Array, offset?: number, size?: number): boolean;
  erase(name: string): void;
  /** Bytes that the largest new file may have, with its header. */
  getFree(): number;
  getStats(): { totalBytes: number; freeBytes: number; fileBytes: number; trashBytes: number };
  /** Moves all files together. A power cut meanwhile loses all of Storage. */
  compact(): void;
};

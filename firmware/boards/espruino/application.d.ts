/**
 * What the programs of Espruino boards may use beside what the library itself needs (`espruino.api.d.ts`): pins, buses, the network, and of the
 * language what applications want and the library does without. Names are Espruino's own (2v29).
 *
 * Which pins and modules a board has is in `firmware/flash/boards.ts`; `dormouse build` refuses the others by name.
 */

interface Pin {
  set(): void;
  reset(): void;
  toggle(): boolean;
  mode(mode: PinMode): void;
  getMode(): PinMode;
  /** Milliseconds. */
  pulse(value: boolean | number, time: number): void;
  /** 0 to 1. */
  analog(): number;
  pwm(value: number, options?: PwmOptions): void;
}

interface PwmOptions {
  /** Hertz. */
  freq?: number;
  soft?: boolean;
  forceSoft?: boolean;
}

/** Milliseconds. */
declare function digitalPulse(
  pin: Pin,
  value: boolean | number,
  time: number | readonly number[],
): void;
/** 0 (ground) to 1 (supply). */
declare function analogRead(pin: Pin): number;
/** 0 to 1. */
declare function analogWrite(pin: Pin, value: number, options?: PwmOptions): void;
declare function getPinMode(pin: Pin): PinMode;

interface WatchEvent {
  pin: Pin;
}

interface I2C {
  setup(options: { scl: Pin; sda: Pin; bitrate?: number }): void;
  writeTo(address: number, ...bytes: (number | string | ArrayLike<number>)[]): void;
  readFrom(address: number, count: number): Uint8Array;
  readReg(address: number, register: number, count: number): Uint8Array;
}
declare const I2C1: I2C;
declare const I2C2: I2C;
declare const I2C3: I2C;

interface SPI {
  setup(options: {
    sck?: Pin;
    miso?: Pin;
    mosi?: Pin;
    baud?: number;
    mode?: 0 | 1 | 2 | 3;
    order?: "msb" | "lsb";
  }): void;
  /** As many as are sent, of the kind that is sent. */
  send<T extends number | string | ArrayLike<number>>(sent: T, select?: Pin): T;
  write(...sent: (number | string | ArrayLike<number> | Pin)[]): void;
}
declare const SPI1: SPI;
declare const SPI2: SPI;
declare const SPI3: SPI;

interface OneWire {
  reset(): boolean;
  select(rom: string): void;
  skip(): void;
  write(byte: number | ArrayLike<number>, leavePowerOn?: boolean): void;
  read(): number;
  read(count: number): Uint8Array;
  search(): string[];
}
interface OneWireConstructor {
  new (pin: Pin): OneWire;
}
declare const OneWire: OneWireConstructor;

interface EspruinoSerial {
  print(text: string): void;
  println(text: string): void;
  available(): number;
  read(characters?: number): string | undefined;
  setConsole(force?: boolean): void;
}
declare const Serial2: EspruinoSerial;
declare const Serial3: EspruinoSerial;

interface EspruinoE {
  /** Hours east of UTC. */
  setTimeZone(hours: number): void;
  /** Volts of the supply, on STM32 and nRF52. */
  getAnalogVRef?(): number;
}

interface Console {
  log(...values: unknown[]): void;
}
declare const console: Console;

interface Math {
  /** Pseudo-random. For what nobody may guess there is `ESPRUINO_RANDOM`. */
  random(): number;
}

/** Without `Date.UTC`. */
interface Date {
  getTime(): number;
  getFullYear(): number;
  getMonth(): number;
  getDate(): number;
  getDay(): number;
  getHours(): number;
  getMinutes(): number;
  getSeconds(): number;
  getMilliseconds(): number;
  toISOString(): string;
  toString(): string;
}
interface DateConstructor {
  new (at?: number | string): Date;
  now(): number;
  parse(text: string): number;
}
declare const Date: DateConstructor;

interface PromiseLike<T> {
  then<U, V = never>(
    onFulfilled?: ((value: T) => U | PromiseLike<U>) | null,
    onRejected?: ((reason: any) => V | PromiseLike<V>) | null,
  ): PromiseLike<U | V>;
}
/** Without `finally`. A rejection that nobody handles is printed. */
interface Promise<T> {
  then<U, V = never>(
    onFulfilled?: ((value: T) => U | PromiseLike<U>) | null,
    onRejected?: ((reason: any) => V | PromiseLike<V>) | null,
  ): Promise<U | V>;
  catch<U>(onRejected: (reason: any) => U | PromiseLike<U>): Promise<T | U>;
}
/** Without `race`, `allSettled` and `any`. */
interface PromiseConstructor {
  new <T>(
    run: (resolve: (value: T | PromiseLike<T>) => void, reject: (reason?: any) => void) => void,
  ): Promise<T>;
  resolve(): Promise<void>;
  resolve<T>(value: T | PromiseLike<T>): Promise<T>;
  reject<T = never>(reason?: any): Promise<T>;
  all<T>(promises: readonly (T | PromiseLike<T>)[]): Promise<T[]>;
}
declare const Promise: PromiseConstructor;

interface Esp32Chip {
  deepSleepExt0(pin: Pin, level: 0 | 1): void;
  /** Keeps its memory. */
  lightSleep(milliseconds: number): void;
  getState(): { freeHeap: number; sdkVersion: string };
  enableBLE(enable: boolean): void;
  enableWifi(enable: boolean): void;
  setOTAValid(isValid: boolean): void;
  reboot(): void;
}

interface WifiModule {
  /** On the ESP32 family: the board connects by itself from now on. */
  save(what?: "clear"): void;
  getIP(tell: (error: unknown, address: { ip: string; mac: string }) => void): void;
  setHostname(name: string, done?: () => void): void;
  scan(found: (networks: { ssid: string; rssi: number; mac: string }[]) => void): void;
  on(
    event: "associated" | "connected" | "disconnected" | "dhcp_timeout",
    run: (details: any) => void,
  ): void;
}

/** A stream's content is binary strings. */
interface EspruinoSocket {
  write(content: string): boolean;
  end(content?: string): void;
  on(event: "data", run: (content: string) => void): void;
  on(event: "close", run: (hadError: boolean) => void): void;
  on(event: "drain", run: () => void): void;
  on(event: "error", run: (error: { code: number; message: string }) => void): void;
}

interface EspruinoResponse {
  readonly statusCode: string;
  readonly headers: { readonly [name: string]: string };
  on(event: "data", run: (content: string) => void): void;
  on(event: "close", run: () => void): void;
}

declare function require(module: "net"): {
  connect(
    options: { host: string; port: number },
    connected: (this: EspruinoSocket) => void,
  ): EspruinoSocket;
};
/** The server's certificate is NEVER verified, whatever `ca` says. */
declare function require(module: "tls"): {
  connect(
    options: { host: string; port: number; key?: string; cert?: string; ca?: string },
    connected: (this: EspruinoSocket) => void,
  ): EspruinoSocket;
};
declare function require(module: "http"): {
  get(url: string, answered: (response: EspruinoResponse) => void): EspruinoSocket;
};
/** Which hashes a board has depends on its build. */
declare function require(module: "crypto"): {
  SHA1(content: string | Uint8Array): ArrayBuffer;
  SHA256(content: string | Uint8Array): ArrayBuffer;
  SHA512(content: string | Uint8Array): ArrayBuffer;
};

/* Types without a run-time part. */
type ConstructorParameters<T extends abstract new (...parameters: any) => any> =
  T extends abstract new (...parameters: infer P) => any ? P : never;
type InstanceType<T extends abstract new (...parameters: any) => any> = T extends abstract new (
  ...parameters: any
) => infer R
  ? R
  : any;

/** Any other module of the board's. */
declare function require(module: string): any;

/** Pins. No board has all of them. */
declare const A0: Pin;
declare const A1: Pin;
declare const A2: Pin;
declare const A3: Pin;
declare const A4: Pin;
declare const A5: Pin;
declare const A6: Pin;
declare const A7: Pin;
declare const A8: Pin;
declare const A9: Pin;
declare const A10: Pin;
declare const A11: Pin;
declare const A12: Pin;
declare const A13: Pin;
declare const A14: Pin;
declare const A15: Pin;
declare const B0: Pin;
declare const B1: Pin;
declare const B2: Pin;
declare const B3: Pin;
declare const B4: Pin;
declare const B5: Pin;
declare const B6: Pin;
declare const B7: Pin;
declare const B8: Pin;
declare const B9: Pin;
declare const B10: Pin;
declare const B11: Pin;
declare const B12: Pin;
declare const B13: Pin;
declare const B14: Pin;
declare const B15: Pin;
declare const C13: Pin;
declare const C14: Pin;
declare const C15: Pin;
declare const D0: Pin;
declare const D1: Pin;
declare const D2: Pin;
declare const D3: Pin;
declare const D4: Pin;
declare const D5: Pin;
declare const D6: Pin;
declare const D7: Pin;
declare const D8: Pin;
declare const D9: Pin;
declare const D10: Pin;
declare const D11: Pin;
declare const D12: Pin;
declare const D13: Pin;
declare const D14: Pin;
declare const D15: Pin;
declare const D16: Pin;
declare const D17: Pin;
declare const D18: Pin;
declare const D19: Pin;
declare const D20: Pin;
declare const D21: Pin;
declare const D22: Pin;
declare const D23: Pin;
declare const D24: Pin;
declare const D25: Pin;
declare const D26: Pin;
declare const D27: Pin;
declare const D28: Pin;
declare const D29: Pin;
declare const D30: Pin;
declare const D31: Pin;
declare const D32: Pin;
declare const D33: Pin;
declare const D34: Pin;
declare const D35: Pin;
declare const D36: Pin;
declare const D37: Pin;
declare const D38: Pin;
declare const D39: Pin;
declare const D40: Pin;
declare const D41: Pin;
declare const D42: Pin;
declare const D43: Pin;
declare const D44: Pin;
declare const D45: Pin;
declare const D46: Pin;
declare const D47: Pin;
declare const D48: Pin;
declare const LED1: Pin;
declare const LED2: Pin;
declare const BTN1: Pin;

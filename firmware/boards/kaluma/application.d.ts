/**
 * What programs for Kaluma may use beside what the library itself needs (`kaluma.api.d.ts`): pins, and of the language what applications want
 * and the library does without. Names are Kaluma's own (1.2.1, `src/global.c`). Its other modules have no declarations: they are `any`.
 */

interface Math {
  /** Pseudo-random, alike at each boot. For what nobody may guess there is `KALUMA_RANDOM`. */
  random(): number;
}

declare const INPUT: number;
declare const OUTPUT: number;
declare const INPUT_PULLUP: number;
declare const INPUT_PULLDOWN: number;
declare const LOW: number;
declare const HIGH: number;
/** Edges, for `setWatch`. */
declare const RISING: number;
declare const FALLING: number;
declare const CHANGE: number;

/** Pins by their GPIO number, 0 to 28. */
declare function pinMode(pin: number | readonly number[], mode?: number): void;
declare function digitalRead(pin: number): number;
declare function digitalWrite(pin: number | readonly number[], value?: number): void;
declare function digitalToggle(pin: number): void;
/** 0 to 1, of pins 26, 27 and 28. */
declare function analogRead(pin: number): number;
/** Duty 0 to 1; hertz. */
declare function analogWrite(pin: number, value?: number, frequency?: number): void;
/** Calls `run` when the pin changes; the result is for `clearWatch`. `debounce` is in milliseconds. */
declare function setWatch(
  run: (pin: number) => void,
  pin: number,
  events?: number,
  debounce?: number,
): number;
declare function clearWatch(id: number): void;

/** Texts in flash, of at most 253 bytes with their keys. */
interface KalumaStorage {
  readonly length: number;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}
declare const storage: KalumaStorage;

declare function require(
  module:
    | "adc"
    | "at"
    | "button"
    | "events"
    | "flash"
    | "gpio"
    | "graphics"
    | "http"
    | "i2c"
    | "led"
    | "net"
    | "path"
    | "pico_cyw43"
    | "pwm"
    | "sdcard"
    | "spi"
    | "storage"
    | "stream"
    | "uart"
    | "url"
    | "vfs_fat"
    | "vfs_lfs",
): any;

/**
 * The boards that programs are built for, as data: what each has room for, and what its firmware can do. `docs/boards.md` has the same as
 * a table, and where each fact is from: the board files of Espruino 2v29 (`boards/*.py`, `targets/*`), and what was measured.
 */

/** What every board has that programs are made for. */
interface BoardTitle {
  /** As `--board` takes it. */
  readonly name: string;
  readonly title: string;
}

/** A board that runs Espruino. */
export interface EspruinoBoard extends BoardTitle {
  readonly engine: "espruino";
  /** What `process.env.BOARD` says there. */
  readonly firmware: readonly string[];
  /** How many a program can count on; `Infinity` where the pool grows. */
  readonly variables: number;
  /** How many there can be on a board of this kind, where it depends on what else its chip does. */
  readonly mostVariables: number;
  /** Bytes of one variable. */
  readonly blockSize: number;
  /** Whether a string can hold more than bytes. */
  readonly unicode: boolean;
  /** Bytes of flash for files, the program among them. */
  readonly storage: number;
  /** Bytes that are erased at a time: room to move files in, when Storage is full of old ones. */
  readonly storagePage: number;
  /** What `require` knows. */
  readonly modules: readonly string[];
  /** `own`: the chip's; `driver`: a module in JavaScript or a WIZnet chip, whose variables come on top; `host`: the machine's below. */
  readonly network: "own" | "driver" | "host";
  /** As ranges and names: "D0-D39 LED1". */
  readonly pins: string;
  /** Globals that other boards lack. */
  readonly globals: readonly string[];
  /** Whether `E.enableWatchdog` resets the chip. */
  readonly watchdog: boolean;
  /** `reboot`: off until a time, then boots; `stop`: sleeps between timers with its memory; `none`: the process just waits. */
  readonly deepSleep: "reboot" | "stop" | "none";
  /** Whether `E.hwRand` reads noise. Where it does not it is the C library's `rand`, the same after each boot. */
  readonly hwRand: boolean;
  /** How its console is reached. */
  readonly console: readonly ConsoleWay[];
  /** Bits per second of a serial console; undefined where USB has no speed. */
  readonly baud?: number;
}

export type ConsoleWay = "serial" | "tcp" | "ble";

/** A board that runs Kaluma, and so JerryScript. */
export interface KalumaBoard extends BoardTitle {
  readonly engine: "kaluma";
  /** What `board.name` says there. */
  readonly firmware: readonly string[];
  /** Bytes of JerryScript's heap, in which the compiled program lies too. */
  readonly heap: number;
  /** Bytes of flash for the text of a program, its end among them. */
  readonly storage: number;
  /** What `require` knows. */
  readonly modules: readonly string[];
}

/** A board whose programs are one script of the small language that they share. */
export type ScriptBoard = EspruinoBoard | KalumaBoard;

/** A machine that runs Node. */
export interface NodeBoard extends BoardTitle {
  readonly engine: "node";
}

export type BoardModel = ScriptBoard | NodeBoard;

const NET = ["dgram", "net", "http", "NetworkJS"] as const;
const EVERYWHERE = ["Storage", "Flash"] as const;
const SECURE = ["crypto", "tls"] as const;
const KIBIBYTE = 1024;

/** What the chips of the ESP32 family share. */
const ESP32_FAMILY = {
  engine: "espruino",
  unicode: false,
  storage: 896 * KIBIBYTE,
  storagePage: 4096,
  modules: [...EVERYWHERE, ...NET, ...SECURE, "Wifi", "neopixel", "fs"],
  network: "own",
  globals: ["ESP32"],
  watchdog: true,
  deepSleep: "reboot",
  hwRand: false,
  baud: 115200,
} as const;

/** What the boards of Espruino's maker with an STM32F4 share. */
const STM32_FAMILY = {
  engine: "espruino",
  unicode: false,
  network: "driver",
  pins: "A0-A15 B0-B10 B12-B15 C13-C15 LED1 LED2 BTN1",
  globals: [],
  watchdog: true,
  deepSleep: "stop",
  hwRand: true,
  console: ["serial"],
} as const;

/** What a Pico W and a Pico 2 W share under Kaluma 1.2.1. */
const KALUMA_FAMILY = {
  engine: "kaluma",
  modules: [
    ...["events", "gpio", "led", "button", "pwm", "adc", "i2c", "spi", "uart", "graphics", "at"],
    ...["storage", "wifi", "stream", "net", "http", "url", "rp2", "rtc", "path", "flash", "fs"],
    ...["vfs_lfs", "vfs_fat", "sdcard", "wdt", "pico_cyw43"],
  ],
} as const;

export const BOARDS: readonly BoardModel[] = [
  {
    name: "espruino-linux",
    title: "Espruino on Linux",
    engine: "espruino",
    firmware: ["LINUX", "RASPBERRYPI"],
    variables: Number.POSITIVE_INFINITY,
    mostVariables: Number.POSITIVE_INFINITY,
    blockSize: 27,
    unicode: true,
    storage: 256 * KIBIBYTE,
    storagePage: 1024,
    modules: [...EVERYWHERE, ...NET, ...SECURE, "fs"],
    network: "host",
    pins: "D0-D32",
    globals: [],
    watchdog: false,
    deepSleep: "none",
    hwRand: false,
    console: ["tcp"],
  },
  {
    ...ESP32_FAMILY,
    name: "esp32",
    title: "ESP32",
    firmware: ["ESP32", "ESP32_IDF4", "ESP32_CYD"],
    // What the heap leaves beside Wi-Fi and Bluetooth, as one was found; the firmware can address more.
    variables: 3400,
    mostVariables: 16383,
    blockSize: 14,
    pins: "D0-D39 LED1 BTN1",
    console: ["serial", "tcp", "ble"],
  },
  {
    ...ESP32_FAMILY,
    name: "esp32-s3",
    title: "ESP32-S3",
    firmware: ["ESP32S3", "ESP32S3_IDF4"],
    // As on the ESP32, whose heap is the smaller.
    variables: 3400,
    mostVariables: 16383,
    blockSize: 14,
    pins: "D0-D48 LED1 BTN1",
    console: ["serial", "tcp", "ble"],
  },
  {
    ...ESP32_FAMILY,
    name: "esp32-c3",
    title: "ESP32-C3",
    firmware: ["ESP32C3", "ESP32C3_IDF4"],
    variables: 4095,
    mostVariables: 4095,
    blockSize: 13,
    pins: "D0-D21 LED1 BTN1",
    // Built without telnet.
    console: ["serial", "ble"],
  },
  {
    ...STM32_FAMILY,
    name: "espruino-wifi",
    title: "Espruino WiFi",
    firmware: ["ESPRUINOWIFI"],
    variables: 8190,
    mostVariables: 8190,
    blockSize: 13,
    storage: 64 * KIBIBYTE,
    storagePage: 64 * KIBIBYTE,
    modules: [...EVERYWHERE, ...NET, ...SECURE, "Wifi", "AT", "WIZnet", "neopixel", "fs"],
  },
  {
    ...STM32_FAMILY,
    name: "espruino-pico",
    title: "Espruino Pico",
    firmware: ["PICO_R1_3"],
    variables: 5100,
    mostVariables: 5100,
    blockSize: 13,
    storage: 48 * KIBIBYTE,
    storagePage: 16 * KIBIBYTE,
    modules: [...EVERYWHERE, ...NET, ...SECURE, "neopixel", "fs"],
  },
  {
    ...KALUMA_FAMILY,
    name: "kaluma-pico-w",
    title: "Raspberry Pi Pico W with Kaluma",
    firmware: ["pico-w"],
    heap: 180 * KIBIBYTE,
    storage: 512 * KIBIBYTE,
  },
  {
    ...KALUMA_FAMILY,
    name: "kaluma-pico2-w",
    title: "Raspberry Pi Pico 2 W with Kaluma",
    firmware: ["pico2-w"],
    heap: 384 * KIBIBYTE,
    storage: 1472 * KIBIBYTE,
  },
  { name: "pi", title: "Raspberry Pi with Node", engine: "node" },
  { name: "node", title: "any machine with Node", engine: "node" },
];

export const BOARD_NAMES: readonly string[] = BOARDS.map(({ name }) => name);

/** Undefined when there is no board of this name. */
export function boardNamed(name: string): BoardModel | undefined {
  return BOARDS.find((board) => board.name === name);
}

/** The board whose firmware calls itself so (`process.env.BOARD`). */
export function boardOfFirmware(firmware: string): EspruinoBoard | undefined {
  return BOARDS.find(
    (board): board is EspruinoBoard =>
      board.engine === "espruino" && board.firmware.includes(firmware),
  );
}

/** Every module that some board has. */
export const FIRMWARE_MODULES: readonly string[] = [
  ...new Set(BOARDS.flatMap((board) => (board.engine === "node" ? [] : board.modules))),
];

/** Whether a board has a pin of this name. */
export function hasPin(board: EspruinoBoard, pin: string): boolean {
  return board.pins.split(" ").some((range) => {
    const [first, last] = range.split("-");
    if (last === undefined) return first === pin;
    const number = Number(pin.slice(1));
    return (
      pin[0] === first[0] && number >= Number(first.slice(1)) && number <= Number(last.slice(1))
    );
  });
}

/** Bytes that the Storage keeps before the content of each file. */
export const FILE_HEADER = 32;
const ALIGNMENT = 4;

/** Bytes that a file takes of a board's Storage. */
export function storedSize(bytes: number): number {
  return FILE_HEADER + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * Espruino's API as its boards have it (2v29), in a virtual time of its own: runs inside of an engine, beside the program. Whoever hosts it
 * boots it, gives it orders and takes what came out, both as JSON, so that any engine can be the board.
 *
 * It imitates what hurts: what `dgram` cuts and closes, exceptions of a full Storage, handlers that memory errors cut short, a watchdog,
 * strings of bytes. Faults that a program must not make throw here as they do there. No engine's newer features are needed: ES5.
 */

// biome-ignore-all lint/suspicious/noExplicitAny: the API takes values of every type
// biome-ignore-all lint/complexity/useArrowFunction: ES5, and `this`
// biome-ignore-all lint/style/useTemplate: ES5
// biome-ignore-all lint/complexity/noArguments: `clearTimeout()` and `clearTimeout(undefined)` differ

/** What the board is made of. */
export interface BoardSettings {
  /** Milliseconds since power-on at which this boot begins, by the clock that goes on in deep sleep. */
  readonly now: number;
  /** Seconds since 1970 of the calendar at that moment. */
  readonly calendar: number;
  readonly seed: number;
  /** File contents as binary strings. */
  readonly files: { readonly [name: string]: string };
  /** Bytes of the Storage area. */
  readonly storage: number;
  readonly serial: string;
  /** 0 undefined, 4 a timer. */
  readonly wakeupCause: number;
  /** Networks in reach and their passwords; absent on boards without Wi-Fi, whose network is always there. */
  readonly wifi?: { readonly [ssid: string]: string };
  /** The object `ESP32` is there. */
  readonly esp32: boolean;
  /** The watchdog works. */
  readonly watchdog: boolean;
  /** Degrees Celsius, where the chip can tell. */
  readonly temperature?: number;
  /** A handler is cut short at this step, counted over the boot; 0 never. */
  readonly cutAt: number;
  /** Sensors of the kind that answers on one wire. */
  readonly dht22?: {
    readonly pin: string;
    readonly temperature: number;
    readonly humidity: number;
  };
}

/** What a host orders. */
export type BoardOrder =
  | { readonly kind: "advance"; readonly to: number }
  | {
      readonly kind: "datagram";
      readonly socket: number;
      readonly hex: string;
      readonly address: string;
      readonly port: number;
    }
  | { readonly kind: "bound"; readonly socket: number; readonly isBusy: boolean }
  | { readonly kind: "wifi"; readonly networks: { readonly [ssid: string]: string } }
  | { readonly kind: "pin"; readonly pin: string; readonly level: number }
  | { readonly kind: "serial"; readonly hex: string };

/** What comes out of it, with the time. */
export type BoardOutput = { readonly at: number } & (
  | { readonly kind: "print"; readonly text: string }
  | { readonly kind: "open"; readonly socket: number; readonly port: number }
  | {
      readonly kind: "send";
      readonly socket: number;
      readonly hex: string;
      readonly host: string;
      readonly port: number;
    }
  | { readonly kind: "close"; readonly socket: number }
  | { readonly kind: "pin"; readonly pin: string; readonly level: number }
  | { readonly kind: "serial"; readonly hex: string }
  | { readonly kind: "radio"; readonly isOn: boolean }
  | { readonly kind: "write"; readonly name: string; readonly bytes: number }
  /** The end of this boot. */
  | { readonly kind: "reboot"; readonly cause: "software" | "watchdog" }
  | { readonly kind: "deepSleep"; readonly microseconds: number }
);

/** A chunk of 536 bytes with 8 of header. */
const RECEIVED_AT_MOST = 528;
const LARGEST_BUFFER = 1500;
const HEADER = 8;
const NAME_LENGTH = 28;
const FILE_HEADER = 32;
/** How long the network takes to let a station in, ms. */
const JOINING = 300;
const PINS = 33;

export function installBoard(root: any, settings: BoardSettings): any {
  let now = settings.now;
  /** Seconds that the calendar is ahead of the time since power-on. */
  let ahead = settings.calendar - settings.now / 1000;
  let outputs: any[] = [];
  let timers: any[] = [];
  let nextId = 1;
  let random = settings.seed;
  let isOff = false;
  let steps = 0;
  /** What ends a handler that nothing may catch. */
  const CUT = { cut: true };
  const board: any = {};

  function tell(output: any): void {
    output.at = now;
    outputs.push(output);
  }
  function fail(message: string): never {
    throw new Error(message);
  }
  function hexOf(text: string): string {
    let hex = "";
    for (let i = 0; i < text.length; i++) {
      hex += (256 + (text.charCodeAt(i) & 255)).toString(16).slice(1);
    }
    return hex;
  }
  function textOf(hex: string): string {
    let text = "";
    for (let i = 0; i < hex.length; i += 2) {
      text += String.fromCharCode(parseInt(hex.slice(i, i + 2), 16));
    }
    return text;
  }
  function dice(): number {
    random = (random * 69069 + 12345) % 4294967296;
    return random | 0;
  }

  // Handlers: an exception is printed and ends the handler, not the program; a memory error cannot be caught and sets flags.

  const listeners: { [event: string]: any[] } = {};
  let flags: string[] = [];
  let toldFlags: string[] = [];

  function on(list: any, event: string, run: any): void {
    if (list[event] === undefined) list[event] = [];
    list[event].push(run);
  }
  function handle(run: any, self: any, parameters: any[]): void {
    if (isOff) return;
    try {
      run.apply(self, parameters);
    } catch (error) {
      if (isOff) return;
      if (error === CUT) {
        tell({ kind: "print", text: "Execution Interrupted" });
        for (const flag of ["LOW_MEMORY", "MEMORY"]) {
          if (flags.indexOf(flag) < 0) flags.push(flag);
        }
      } else if (listeners["uncaughtException"] !== undefined) {
        emit(listeners, "uncaughtException", [error]);
      } else tell({ kind: "print", text: "Uncaught " + error });
    }
  }
  function emit(list: any, event: string, parameters: any[]): void {
    const runs = (list[event] || []).slice(0);
    for (let i = 0; i < runs.length; i++) handle(runs[i], list, parameters);
  }
  /** What the idle loop does beside timers. */
  function idle(): void {
    const fresh = flags.filter(function (flag) {
      return toldFlags.indexOf(flag) < 0;
    });
    toldFlags = flags.slice(0);
    if (fresh.length > 0) emit(listeners, "errorFlag", [fresh]);
  }

  // Timers.

  function arm(run: any, wait: number, every: boolean, parameters: any[]): number {
    const period = wait > 0 ? wait : 0;
    const id = nextId++;
    timers.push({
      id: id,
      at: now + period,
      every: every ? Math.max(period, 1) : 0,
      run: run,
      with: parameters,
    });
    return id;
  }
  function clear(given: any, name: string): void {
    if (given.length === 0) timers = [];
    else if (given[0] === undefined) fail(name + " called with undefined");
    else {
      timers = timers.filter(function (timer) {
        return timer.id !== given[0];
      });
    }
  }
  function first(): any {
    let found: any;
    for (let i = 0; i < timers.length; i++) {
      if (found === undefined || timers[i].at < found.at) found = timers[i];
    }
    return found;
  }
  function advance(to: number): void {
    for (let timer = first(); timer !== undefined && timer.at <= to && !isOff; timer = first()) {
      now = Math.max(now, timer.at);
      if (timer.every > 0) timer.at += timer.every;
      else timers.splice(timers.indexOf(timer), 1);
      handle(timer.run, undefined, timer.with);
      idle();
    }
    if (!isOff) now = Math.max(now, to);
  }
  root.setTimeout = function (run: any, wait: any) {
    return arm(run, wait, false, [].slice.call(arguments, 2));
  };
  root.setInterval = function (run: any, wait: any) {
    return arm(run, wait, true, [].slice.call(arguments, 2));
  };
  root.clearTimeout = function () {
    clear(arguments, "clearTimeout");
  };
  root.clearInterval = function () {
    clear(arguments, "clearInterval");
  };
  /** Inside of the board: not cleared by a program that clears all timers, and not seen as one. */
  function later(wait: number, run: () => void): void {
    arm(run, wait, false, []);
  }

  root.print = function () {
    tell({ kind: "print", text: [].slice.call(arguments).join(" ") });
  };
  root.getTime = function () {
    return now / 1000 + ahead;
  };
  root.setTime = function (seconds: number) {
    ahead = seconds - now / 1000;
  };
  root.getSerial = function () {
    return settings.serial;
  };

  // E and process.

  let watchdog: any;
  function end(output: any): never {
    tell(output);
    isOff = true;
    timers = [];
    throw CUT;
  }
  function bite(): void {
    end({ kind: "reboot", cause: "watchdog" });
  }
  function kick(): void {
    if (watchdog === undefined) return;
    timers = timers.filter(function (timer) {
      return timer.run !== bite;
    });
    arm(bite, watchdog * 1000, false, []);
  }
  root.E = {
    toString: function (bytes: any) {
      let text = "";
      for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i] & 255);
      return text;
    },
    toUint8Array: function (text: any) {
      if (typeof text !== "string") return new Uint8Array(text);
      const bytes = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
      return bytes;
    },
    CRC32: function (bytes: any) {
      let crc = -1;
      for (let i = 0; i < bytes.length; i++) {
        crc ^= bytes[i];
        for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
      }
      return ~crc >>> 0;
    },
    hwRand: dice,
    getErrorFlags: function () {
      const told = flags;
      flags = [];
      toldFlags = [];
      return told;
    },
    on: function (event: string, run: any) {
      on(listeners, event, run);
    },
    enableWatchdog: function (seconds: number, isAutomatic: any) {
      // In automatic mode the idle loop kicks it, which always turns here.
      if (!settings.watchdog || isAutomatic === undefined || isAutomatic) return;
      watchdog = seconds;
      kick();
    },
    kickWatchdog: kick,
    reboot: function () {
      end({ kind: "reboot", cause: "software" });
    },
  };
  if (settings.temperature !== undefined) {
    root.E.getTemperature = function () {
      return settings.temperature;
    };
  }
  root.process = {
    version: "2v29",
    env: {
      VERSION: "2v29",
      BOARD: settings.esp32 ? "ESP32" : "VIRTUAL",
      SERIAL: settings.serial,
      FLASH: 1048576,
      STORAGE: settings.storage,
    },
    memory: function () {
      return { free: 3000, usage: 2000, total: 5000, blocksize: 13 };
    },
    on: function (event: string, run: any) {
      on(listeners, event, run);
    },
  };
  if (settings.esp32) {
    root.ESP32 = {
      /** Its parameter is an integer of 32 bits, microseconds. */
      deepSleep: function (microseconds: number) {
        end({ kind: "deepSleep", microseconds: microseconds | 0 });
      },
      getWakeupCause: function () {
        return settings.wakeupCause;
      },
      reboot: root.E.reboot,
    };
  }

  // Storage.

  const files: { [name: string]: string } = {};
  for (const name in settings.files) files[name] = settings.files[name];
  /** What was written and is not any more, until the area is compacted. */
  let trash = 0;
  function used(): number {
    let sum = 0;
    for (const name in files) sum += FILE_HEADER + ((files[name].length + 3) & ~3);
    return sum;
  }
  function nameOf(name: any): string {
    return String(name).slice(0, NAME_LENGTH);
  }
  const storage = {
    read: function (name: any) {
      return files[nameOf(name)];
    },
    readArrayBuffer: function (name: any) {
      const text = files[nameOf(name)];
      return text === undefined ? undefined : root.E.toUint8Array(text).buffer;
    },
    readJSON: function (name: any, isQuiet: any) {
      const text = files[nameOf(name)];
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text);
      } catch (error) {
        if (isQuiet) return undefined;
        throw error;
      }
    },
    write: function (name: any, content: any, offset: any, size: any) {
      const text = typeof content === "string" ? content : root.E.toString(content);
      const key = nameOf(name);
      const former = files[key];
      if (key === "") fail("Invalid filename");
      const at = offset === undefined ? 0 : offset;
      if (at > 0) {
        if (former === undefined) fail("Can't write to a file that does not exist");
        files[key] = former.slice(0, at) + text + former.slice(at + text.length);
        return true;
      }
      const length = size > text.length ? size : text.length;
      let whole = text;
      while (whole.length < length) whole += "\xff";
      if (former === whole) return true;
      const room = FILE_HEADER + ((length + 3) & ~3);
      const gone = former === undefined ? 0 : FILE_HEADER + ((former.length + 3) & ~3);
      if (used() + trash + room > settings.storage) trash = 0;
      if (used() - gone + room > settings.storage) {
        // The former version is gone by then, as on a board.
        fail("Unable to find or create file");
      }
      trash += gone;
      files[key] = whole;
      tell({ kind: "write", name: key, bytes: room });
      return true;
    },
    writeJSON: function (name: any, value: any) {
      return storage.write(name, JSON.stringify(value), 0, 0);
    },
    erase: function (name: any) {
      const former = files[nameOf(name)];
      if (former !== undefined) trash += FILE_HEADER + ((former.length + 3) & ~3);
      delete files[nameOf(name)];
    },
    list: function (pattern: any) {
      return Object.keys(files).filter(function (name) {
        return pattern === undefined || pattern.test(name);
      });
    },
    getFree: function () {
      return settings.storage - used() - trash;
    },
    compact: function () {
      trash = 0;
    },
  };

  // dgram.

  const sockets: { [id: number]: any } = {};
  let buffer = RECEIVED_AT_MOST;
  /** Without Wi-Fi there is no network, and nothing says so. */
  let isOnline = settings.wifi === undefined;
  function closed(socket: any, hadError: boolean): void {
    if (sockets[socket.id] === undefined) return;
    delete sockets[socket.id];
    socket.isClosed = true;
    tell({ kind: "close", socket: socket.id });
    // Sometimes twice.
    const times = (dice() & 3) === 0 ? 2 : 1;
    later(0, function () {
      for (let i = 0; i < times; i++) emit(socket.listeners, "close", [hadError]);
    });
  }
  function opened(socket: any, port: number): void {
    if (socket.isOpen || !isOnline) return;
    socket.isOpen = true;
    sockets[socket.id] = socket;
    tell({ kind: "open", socket: socket.id, port: port });
  }
  const dgram = {
    createSocket: function (options: any) {
      const type = typeof options === "string" ? options : options.type;
      if (type !== "udp4") fail("Only udp4 is supported");
      if (options.recvBufferSize > 0) {
        buffer = Math.min(options.recvBufferSize, LARGEST_BUFFER) - HEADER;
      }
      const socket: any = {
        id: nextId++,
        listeners: {},
        isOpen: false,
        isBound: false,
        isClosed: false,
      };
      socket.on = function (event: string, run: any) {
        on(socket.listeners, event, run);
        return socket;
      };
      socket.bind = function (port: number, bound: any) {
        if (port !== 0 && (root.$busyPorts || []).indexOf(port) >= 0) {
          later(0, function () {
            emit(socket.listeners, "close", [true]);
          });
          fail("InternalError: Unable to bind socket");
        }
        socket.isBound = true;
        opened(socket, port);
        if (bound !== undefined) {
          later(0, function () {
            handle(bound, socket, [socket]);
          });
        }
        return socket;
      };
      socket.send = function (given: any, a: any, b: any, c: any, d: any) {
        if (socket.isClosed) fail("This socket is closed");
        const isPart = d !== undefined;
        // Whatever is no string is made one: "1,2,255".
        const text = isPart && typeof given !== "string" ? "" : String(given);
        const part = isPart ? text.slice(a, a + b) : text;
        opened(socket, 0);
        if (!isOnline) return;
        tell({
          kind: "send",
          socket: socket.id,
          hex: hexOf(part),
          port: isPart ? c : a,
          host: isPart ? d : b,
        });
      };
      socket.close = function () {
        if (socket.isClosed) fail("This socket is closed");
        closed(socket, false);
        socket.isClosed = true;
      };
      socket.addMembership = function () {};
      return socket;
    },
  };
  function receive(order: any): void {
    const socket = sockets[order.socket];
    if (socket === undefined || !isOnline) return;
    const text = textOf(order.hex).slice(0, buffer);
    if (text === "") {
      if (!socket.isBound || (dice() & 1) === 0) closed(socket, false);
      return;
    }
    emit(socket.listeners, "message", [
      text,
      { address: order.address, port: order.port, size: text.length },
    ]);
  }

  // Wi-Fi.

  let networks = settings.wifi || {};
  let joined: string | undefined;
  let attempt = 0;
  const wifiListeners: any = {};
  function leave(): void {
    attempt++;
    if (joined === undefined) return;
    joined = undefined;
    isOnline = false;
    emit(wifiListeners, "disconnected", [{ reason: "left" }]);
  }
  const wifi = {
    connect: function (ssid: any, options: any, done: any) {
      if (typeof ssid !== "string") fail("No SSID provided");
      const password = options === undefined ? undefined : options.password;
      tell({ kind: "radio", isOn: true });
      if (joined !== undefined) leave();
      const mine = ++attempt;
      later(JOINING, function () {
        if (mine !== attempt) return;
        const isIn = networks[ssid] !== undefined && networks[ssid] === (password || "");
        if (isIn) {
          joined = ssid;
          isOnline = true;
          emit(wifiListeners, "connected", [{ ip: "192.168.4.2" }]);
        } else emit(wifiListeners, "disconnected", [{ reason: "no ap" }]);
        if (done !== undefined) handle(done, wifi, [isIn ? null : "Bad password"]);
      });
    },
    disconnect: function (done: any) {
      tell({ kind: "radio", isOn: false });
      leave();
      if (done !== undefined) later(0, done);
    },
    on: function (event: string, run: any) {
      on(wifiListeners, event, run);
    },
    save: function () {},
    restore: function () {},
    getStatus: function () {
      return { station: joined === undefined ? "off" : "connected" };
    },
    getIP: function () {
      return { ip: joined === undefined ? "0.0.0.0" : "192.168.4.2" };
    },
  };

  root.require = function (name: string) {
    if (name === "Storage") return storage;
    if (name === "dgram") return dgram;
    if (name === "Wifi" && settings.wifi !== undefined) return wifi;
    return fail("Module " + name + " not found");
  };

  // Pins.

  const pins: { [name: string]: any } = {};
  let watches: any[] = [];
  function pinOf(pin: any): any {
    return pins[String(pin)] || fail("Invalid pin!");
  }
  function level(pin: any, to: number): void {
    if (pin.level === to) return;
    pin.level = to;
    const time = root.getTime();
    for (let i = 0; i < watches.length; i++) {
      const watch = watches[i];
      if (watch.pin !== pin || (watch.edge !== 0 && watch.edge !== (to === 1 ? 1 : -1))) continue;
      const told = { state: to === 1, time: time, lastTime: pin.changedAt, pin: pin };
      if (!watch.repeat) watches.splice(i--, 1);
      handle(watch.run, undefined, [told]);
    }
    pin.changedAt = time;
  }
  for (let i = 0; i < PINS; i++) {
    const name = "D" + i;
    pins[name] = { level: 0, mode: "input", changedAt: 0 };
    pins[name].toString = function () {
      return name;
    };
    root[name] = pins[name];
  }
  root.digitalWrite = function (pin: any, value: any) {
    const it = pinOf(pin);
    it.mode = "output";
    tell({ kind: "pin", pin: String(pin), level: value ? 1 : 0 });
    level(it, value ? 1 : 0);
  };
  root.digitalRead = function (pin: any) {
    return pinOf(pin).level;
  };
  root.pinMode = function (pin: any, mode: any) {
    const it = pinOf(pin);
    const wasDrivenLow = it.mode === "output" && it.level === 0;
    it.mode = mode === undefined ? "input" : mode;
    const sensor = settings.dht22;
    const isAsked = sensor !== undefined && sensor.pin === String(pin);
    if (it.mode.indexOf("input") === 0 && wasDrivenLow) {
      level(it, 1);
      if (isAsked) answerAsDht22(it, sensor);
    }
  };
  /** 80 us low and high, then 40 bits of 50 us low and 26 or 70 us high (AM2302 data sheet). */
  function answerAsDht22(pin: any, sensor: any): void {
    const humidity = Math.round(sensor.humidity * 10);
    const size = Math.round(Math.abs(sensor.temperature) * 10);
    const temperature = size | (sensor.temperature < 0 ? 0x8000 : 0);
    const bytes = [humidity >> 8, humidity & 255, temperature >> 8, temperature & 255, 0];
    bytes[4] = (bytes[0] + bytes[1] + bytes[2] + bytes[3]) & 255;
    let at = 0.03;
    function change(after: number, to: number): void {
      at += after;
      later(at, function () {
        level(pin, to);
      });
    }
    change(0, 0);
    change(0.08, 1);
    change(0.08, 0);
    for (let i = 0; i < 40; i++) {
      const bit = (bytes[i >> 3] >> (7 - (i & 7))) & 1;
      change(0.05, 1);
      change(bit === 1 ? 0.07 : 0.026, 0);
    }
    change(0.05, 1);
  }
  root.setWatch = function (run: any, pin: any, options: any) {
    const edges: { [name: string]: number } = { rising: 1, falling: -1 };
    const given = options || {};
    watches.push({
      id: nextId++,
      pin: pinOf(pin),
      run: run,
      repeat: given.repeat === true,
      edge: edges[given.edge] || 0,
    });
    return nextId - 1;
  };
  root.clearWatch = function () {
    const given = arguments;
    if (given.length === 0) watches = [];
    else if (given[0] === undefined) fail("clearWatch called with undefined");
    else {
      watches = watches.filter(function (watch) {
        return watch.id !== given[0];
      });
    }
  };

  const serialListeners: any = {};
  root.Serial1 = {
    setup: function () {},
    write: function (text: string) {
      tell({ kind: "serial", hex: hexOf(text) });
    },
    on: function (event: string, run: any) {
      on(serialListeners, event, run);
    },
  };

  // Memory errors: a program that was made for it counts its steps (`cut-short.ts`).

  root.$step = function () {
    if (isOff || ++steps === settings.cutAt) throw CUT;
  };
  root.$uncatchable = function (error: any) {
    return error === CUT;
  };

  // The host.

  board.run = function (program: () => void) {
    handle(program, undefined, []);
    idle();
  };
  board.order = function (json: string) {
    const orders = JSON.parse(json);
    for (let i = 0; i < orders.length; i++) {
      const order = orders[i];
      if (isOff) break;
      if (order.kind === "advance") advance(order.to);
      else if (order.kind === "datagram") receive(order);
      else if (order.kind === "pin") level(pinOf(order.pin), order.level);
      else if (order.kind === "serial") emit(serialListeners, "data", [textOf(order.hex)]);
      else if (order.kind === "wifi") {
        networks = order.networks;
        if (joined !== undefined && networks[joined] === undefined) leave();
      }
      idle();
    }
    const next = first();
    const taken = outputs;
    outputs = [];
    return JSON.stringify({
      outputs: taken,
      deadline: next === undefined || isOff ? null : next.at,
      now: now,
      calendar: now / 1000 + ahead,
      steps: steps,
    });
  };
  board.files = function () {
    return JSON.stringify(files);
  };

  // What an interpreter for boards lacks or does otherwise.

  function lack(owner: any, names: string): void {
    const list = names.split(" ");
    for (let i = 0; i < list.length; i++) {
      try {
        delete owner[list[i]];
      } catch (_) {
        owner[list[i]] = undefined;
      }
    }
  }
  lack(
    root,
    "Map Set WeakMap WeakSet WeakRef Symbol Proxy Reflect BigInt BigInt64Array BigUint64Array TextEncoder TextDecoder RangeError queueMicrotask structuredClone performance escape unescape FinalizationRegistry Iterator",
  );
  lack(Array, "from of");
  lack(
    Array.prototype,
    "flat flatMap lastIndexOf reduceRight keys entries values at copyWithin findLast findLastIndex toSorted toReversed toSpliced with",
  );
  lack(
    String.prototype,
    "codePointAt trimStart trimEnd matchAll localeCompare normalize at search replaceAll",
  );
  lack(
    Object,
    "freeze seal is hasOwn preventExtensions getOwnPropertyDescriptors isFrozen isSealed groupBy",
  );
  lack(
    Number,
    "isInteger isSafeInteger isNaN isFinite MAX_SAFE_INTEGER MIN_SAFE_INTEGER EPSILON parseFloat parseInt",
  );
  lack(Math, "imul clz32 trunc log2 log10 hypot fround cbrt expm1 log1p");
  lack(Uint8Array, "from of");
  const typed = Object.getPrototypeOf(Uint8Array.prototype);
  lack(
    typed,
    "copyWithin entries keys values at lastIndexOf findLast findLastIndex toSorted toReversed with",
  );
  typed.slice = function (from: any, to: any) {
    return [].slice.call(this, from, to);
  };
  const charOf = String.fromCharCode;
  (String as any).fromCharCode = function () {
    let text = "";
    for (let i = 0; i < arguments.length; i++) text += charOf(arguments[i] & 255);
    return text;
  };
  return board;
}

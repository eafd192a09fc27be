/**
 * Kaluma's API as a Pico W has it (1.2.1), in a virtual time of its own: runs inside of an engine, beside the program, and is hosted as
 * `../virtual-espruino/board-api.ts` is. No engine's newer features are needed: ES5.
 *
 * It imitates what hurts: a network driver that throws without a network, drops what strangers send, answers each callback with 0 and passes
 * an argument that it never set; timers that crash the chip when they clear themselves; joining a network, which stops everything.
 */

// biome-ignore-all lint/suspicious/noExplicitAny: the API takes values of every type
// biome-ignore-all lint/complexity/useArrowFunction: ES5, and `this`
// biome-ignore-all lint/style/useTemplate: ES5

import type { BoardSettings } from "../virtual-espruino/board-api.ts";

const SOCKETS = 16;
/** How long the network takes to let a station in, and how long joining one that is not there lasts, ms. */
const JOINING = 3000;
const GIVING_UP = 30000;
/** Looking for the address of a name that there is none of, ms. */
const DNS_TIME = 3000;
const DYNAMIC_PORTS = 49152;
/** Names that have an address. */
const HOSTS: { readonly [name: string]: string } = { "server.test": "192.0.2.9" };
/** Characters of a key of `storage` and its value. */
const ITEM_LENGTH = 253;
/** Files that stand for the items of `storage`. */
const ITEM = "storage:";
const HEAP = 184320;

export function installBoard(root: any, settings: BoardSettings): any {
  let now = settings.now;
  let outputs: any[] = [];
  let timers: any[] = [];
  let nextId = 0;
  let random = settings.seed;
  let isOff = false;
  /** Ends the program as a fault of the chip would. */
  const CRASH = { crash: true };
  const board: any = {};

  function tell(output: any): void {
    output.at = now;
    outputs.push(output);
  }
  function fail(message: string): never {
    throw new Error(message);
  }
  function expectType(value: any, type: string, name: string): void {
    if (typeof value !== type) throw new TypeError('"' + name + '" argument must be ' + type);
  }
  function crash(why: string): never {
    tell({ kind: "print", text: "CRASH: " + why });
    isOff = true;
    timers = [];
    throw CRASH;
  }
  function dice(): number {
    random = (random * 69069 + 12345) % 4294967296;
    return random;
  }
  function hexOf(text: string): string {
    let hex = "";
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      // Of what is no byte the driver makes 0.
      hex += (256 + (code > 255 ? 0 : code)).toString(16).slice(1);
    }
    return hex;
  }
  function bytesOf(hex: string): Uint8Array {
    const bytes = new Uint8Array(hex.length / 2);
    for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
    return bytes;
  }
  /** Runs a handler; false when it has thrown, which is printed unless nobody would see it. */
  function handle(run: any, parameters: any[], isSilent: boolean): boolean {
    if (isOff) return true;
    try {
      run.apply(undefined, parameters);
      return true;
    } catch (error) {
      if (error === CRASH) return false;
      if (!isSilent) tell({ kind: "print", text: "Uncaught " + error });
      return false;
    }
  }

  // Timers and time.

  let ringing: any;
  function arm(run: any, delay: any, isRepeated: boolean): number {
    expectType(run, "function", "callback");
    expectType(delay, "number", "delay");
    const every = Math.floor(Math.max(delay, 0));
    timers.push({ id: nextId, at: now + every, every: every, isRepeated: isRepeated, run: run });
    return nextId++;
  }
  function drop(timer: any): void {
    timers = timers.filter(function (other) {
      return other !== timer;
    });
  }
  function clear(id: any): void {
    expectType(id, "number", "id");
    if (ringing !== undefined && ringing.id === id && !ringing.isRepeated) {
      crash("a timer was freed twice");
    }
    for (let i = 0; i < timers.length; i++) {
      if (timers[i].id === id) {
        drop(timers[i]);
        return;
      }
    }
  }
  root.setTimeout = function (run: any, delay: any) {
    return arm(run, delay, false);
  };
  root.setInterval = function (run: any, delay: any) {
    return arm(run, delay, true);
  };
  root.clearTimeout = clear;
  root.clearInterval = clear;
  root.millis = function () {
    return Math.floor(now);
  };
  /** Milliseconds that the calendar is ahead of the time since power-on. */
  let ahead = settings.calendar * 1000 - settings.now;
  /** A timer rings when its time is over, not when it is reached. */
  function due(timer: any): number {
    return timer.at + 1;
  }
  function first(): any {
    let found: any;
    for (let i = 0; i < timers.length; i++) {
      if (found === undefined || timers[i].at < found.at) found = timers[i];
    }
    return found;
  }
  function ring(timer: any): void {
    if (timer.isRepeated) timer.at += timer.every;
    ringing = timer;
    const isWell = handle(timer.run, [], false);
    ringing = undefined;
    if (!timer.isRepeated || !isWell) drop(timer);
  }
  function advance(to: number): void {
    let timer = first();
    while (!isOff && timer !== undefined && due(timer) <= to) {
      now = Math.max(now, due(timer));
      if (bites()) return;
      ring(timer);
      timer = first();
    }
    now = Math.max(now, to);
    bites();
  }

  // The watchdog, which is the one way to restart the chip.

  let watchdog: any;
  function bites(): boolean {
    if (isOff || watchdog === undefined || now < watchdog.bitesAt) return isOff;
    end("watchdog");
    return true;
  }
  function end(cause: string): void {
    if (isOff) return;
    tell({ kind: "reboot", cause: cause });
    isOff = true;
    timers = [];
  }
  /** Time in which nothing else happens. */
  function block(period: number): void {
    now += period;
    if (bites()) throw CRASH;
  }
  function Watchdog(this: any, milliseconds: any): void {
    expectType(milliseconds, "number", "timeout");
    watchdog = { period: milliseconds, bitesAt: now + milliseconds };
    this.feed = function () {
      watchdog.bitesAt = now + watchdog.period;
    };
  }

  // Files and items. The file system keeps a file until the new one is whole.

  const files: { [name: string]: string } = {};
  for (const name in settings.files) files[name] = settings.files[name];
  function used(): number {
    let sum = 0;
    for (const name in files) sum += files[name].length;
    return sum;
  }
  function fileOf(path: any): string {
    expectType(path, "string", "path");
    const name = path.slice(1);
    if (path.charAt(0) !== "/" || files[name] === undefined) fail("No such file or directory");
    return name;
  }
  const fs = {
    exists: function (path: any) {
      return files[path.slice(1)] !== undefined;
    },
    readFile: function (path: any) {
      const text = files[fileOf(path)];
      const bytes = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
      return bytes;
    },
    writeFile: function (path: any, bytes: any) {
      const name = path.slice(1);
      let text = "";
      for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]);
      if (used() + text.length > settings.storage) fail("No space left on device");
      files[name] = text;
      tell({ kind: "write", name: name, bytes: text.length });
    },
    unlink: function (path: any) {
      delete files[fileOf(path)];
    },
  };
  const storage = {
    getItem: function (key: any) {
      const value = files[ITEM + key];
      return value === undefined ? null : value;
    },
    setItem: function (key: any, value: any) {
      if (key.length + value.length > ITEM_LENGTH) fail("Storage item is too large");
      files[ITEM + key] = value;
    },
    removeItem: function (key: any) {
      delete files[ITEM + key];
    },
  };
  root.storage = storage;

  // The network.

  let networks = settings.wifi || {};
  let joined: string | undefined;
  function isOnline(): boolean {
    return joined !== undefined && networks[joined] !== undefined;
  }
  function Wifi(this: any): void {
    this.connect = function (done: any) {
      const ssid = storage.getItem("WIFI_SSID");
      if (ssid === null) {
        done(new Error("WIFI SSID is required"));
        return;
      }
      if (isOnline()) {
        done(null, { ssid: joined });
        return;
      }
      const password = storage.getItem("WIFI_PASSWORD");
      const isWelcome = networks[ssid] !== undefined && networks[ssid] === (password || "");
      block(isWelcome ? JOINING : GIVING_UP);
      joined = isWelcome ? ssid : undefined;
      // Whatever happened.
      done(null, { ssid: ssid, password: password });
    };
  }
  let sockets: any[] = [];
  function socketOf(id: any): any {
    expectType(id, "number", "fd");
    for (let i = 0; i < sockets.length; i++) if (sockets[i].id === id) return sockets[i];
    return undefined;
  }
  function addressOf(host: string): string {
    if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return host;
    if (HOSTS[host] !== undefined) return HOSTS[host];
    block(DNS_TIME);
    return fail("DNS Error: IP is not found.");
  }
  const network: any = {
    errno: 0,
    socket: function (domain: any, protocol: any) {
      expectType(domain, "string", "domain");
      if (protocol !== "STREAM" && protocol !== "DGRAM") {
        throw new TypeError("un-supported domain or protocol.");
      }
      if (!isOnline()) fail("WiFi is not connected.");
      let place = 0;
      while (socketOf(place) !== undefined) place++;
      if (place >= SOCKETS) fail("Remote I/O error");
      sockets.push({ id: place, ptcl: protocol, state: 0, object: { fd: place } });
      return place;
    },
    get: function (id: any) {
      const socket = socketOf(id);
      return socket === undefined ? undefined : socket.object;
    },
    connect: function (id: any, host: any, port: any, done: any) {
      const socket = socketOf(id);
      expectType(host, "string", "addr");
      expectType(port, "number", "port");
      network.errno = -1;
      if (socket !== undefined && socket.state === 0) {
        socket.address = addressOf(host);
        socket.host = host;
        socket.port = port;
        socket.state = 2;
        // Of an id that is never used again, as those of whoever hosts the board.
        socket.number = nextId++;
        network.errno = 0;
        tell({ kind: "open", socket: socket.number, port: DYNAMIC_PORTS + (dice() & 16383) });
      }
      if (done !== undefined) done(0);
    },
    write: function (id: any, data: any, done: any) {
      const socket = socketOf(id);
      expectType(data, "string", "data");
      network.errno = -1;
      if (socket !== undefined && socket.state === 2 && isOnline()) {
        network.errno = 0;
        tell({
          kind: "send",
          socket: socket.number,
          hex: hexOf(data),
          host: socket.host,
          port: socket.port,
        });
      }
      if (done !== undefined) done(0);
    },
    close: function (id: any, done: any) {
      const socket = socketOf(id);
      network.errno = 0;
      if (socket !== undefined) {
        sockets = sockets.filter(function (other) {
          return other !== socket;
        });
        if (socket.number !== undefined) tell({ kind: "close", socket: socket.number });
      }
      if (done !== undefined) done(0);
    },
  };
  root.__netdev = network;
  function receive(order: any): void {
    for (let i = 0; i < sockets.length; i++) {
      const socket = sockets[i];
      if (socket.number !== order.socket || !isOnline()) continue;
      if (socket.address !== order.address || socket.port !== order.port) return;
      const read = socket.object.read_cb;
      if (order.hex === "" || typeof read !== "function") return;
      // The second argument is whatever lies there.
      if (read.length > 1) crash("a value that was never set");
      handle(read, [bytesOf(order.hex)], true);
      return;
    }
  }

  // The rest.

  root.global = root;
  root.console = {
    log: function (...words: any[]) {
      tell({ kind: "print", text: words.join(" ") });
    },
  };
  // The host has its global of this name: one object is both.
  board.name = "pico-w";
  board.uid = settings.serial;
  root.process = {
    arch: "cortex-m0-plus",
    platform: "rp2",
    version: "1.2.1",
    memoryUsage: function () {
      return { heapTotal: HEAP, heapUsed: HEAP / 2, heapPeak: HEAP / 2 };
    },
  };
  const modules: { [name: string]: any } = {
    fs: fs,
    storage: storage,
    wifi: { WiFi: Wifi },
    wdt: { WDT: Watchdog },
    rtc: {
      getTime: function () {
        return Math.floor(now + ahead);
      },
      setTime: function (milliseconds: any) {
        expectType(milliseconds, "number", "time");
        ahead = milliseconds - now;
      },
    },
    rp2: {
      randomBigInt: function () {
        return {
          toString: function () {
            let digits = "";
            for (let i = 0; i < 4; i++) digits += (dice() + 4294967296).toString(16).slice(1);
            return digits.replace(/^0+/, "") || "0";
          },
        };
      },
    },
  };
  root.require = function (name: string) {
    return modules[name] || fail("Failed to load module: " + name);
  };

  // The host.

  board.run = function (program: () => void) {
    if (!handle(program, [], false)) timers = [];
  };
  board.order = function (json: string) {
    const orders = JSON.parse(json);
    for (let i = 0; i < orders.length; i++) {
      const order = orders[i];
      if (isOff) break;
      if (order.kind === "advance") advance(order.to);
      else if (order.kind === "datagram") receive(order);
      else if (order.kind === "wifi") networks = order.networks;
    }
    const told = outputs;
    outputs = [];
    const timer = first();
    let deadline = timer === undefined || isOff ? null : due(timer);
    if (watchdog !== undefined && !isOff && (deadline === null || watchdog.bitesAt < deadline)) {
      deadline = watchdog.bitesAt;
    }
    return JSON.stringify({
      outputs: told,
      deadline: deadline,
      now: now,
      calendar: (now + ahead) / 1000,
      steps: 0,
    });
  };
  board.files = function () {
    return JSON.stringify(files);
  };
  return board;
}

/**
 * The connector's core with devices around it, in virtual time over a network that does what a test wants. Driven as the service drives
 * it: applications first, then the store, then the wire.
 */
import { Connector } from "../../../../connector/connector.ts";
import type {
  ConnectorEvent,
  DownlinkRequest,
  NotificationEvent,
  ObserveOptions,
  ResponseEvent,
  Submission,
} from "../../../../connector/contract.ts";
import { type ConnectorSettings, defaultSettings } from "../../../../connector/settings.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { decodeUtf8, encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  CoapEndpoint,
  type IncomingRequest,
  OBSERVER_GONE,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
  type Response,
} from "../../../../protocol/coap/coap-endpoint.ts";
import { CONTENT, DELETE, formatCode, GET, POST, PUT } from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../../../protocol/coap/content-formats.ts";
import { NO_BYTES } from "../../../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  LOCATION_PATH,
  OBSERVE,
  type Option,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { pathOf, pathOptions, queryOptions } from "../../../../protocol/coap/uri.ts";
import type { Random } from "../../../../protocol/ports.ts";

/** A repeatable source of numbers (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    uint32() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return (mixed ^ (mixed >>> 14)) >>> 0;
    },
  };
}

const METHODS = ["", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH"];

/** Delays of the copies of a datagram that arrive; none when it is lost. */
export type Fate = () => readonly number[];

const FAITHFUL: Fate = () => [10];

interface Flight {
  at: number;
  from: string;
  to: string;
  datagram: Uint8Array;
}

export interface RigOptions {
  readonly seed?: number;
  readonly fate?: Fate;
  readonly change?: (settings: ConnectorSettings) => ConnectorSettings;
}

export const CONNECTOR = "connector";

export class Rig {
  now = 0;
  connector: Connector;
  store = new MemoryStore();
  readonly events: ConnectorEvent[] = [];
  readonly devices = new Map<string, Device>();
  /** One line for each datagram that reached the connector or a device. */
  fate: Fate;
  readonly settings: ConnectorSettings;
  private flights: Flight[] = [];

  constructor(options: RigOptions = {}) {
    const settings = defaultSettings(seededRandom(options.seed ?? 1));
    this.settings = options.change?.(settings) ?? settings;
    this.fate = options.fate ?? FAITHFUL;
    this.connector = new Connector(this.settings, this.store);
  }

  device(endpointName: string, address = `10.0.0.${this.devices.size + 1}:5683`): Device {
    const device = new Device(this, endpointName, address);
    this.devices.set(address, device);
    return device;
  }

  /** Registers a device and waits for the answer. */
  registered(endpointName: string, query: string[] = [], links = "</3/0>"): Device {
    const device = this.device(endpointName);
    device.register(["lt=300", "lwm2m=1.1", "b=U", ...query], links);
    this.drive(this.now + 100);
    return device;
  }

  /** Runs to a point in time, or until nothing is left to do but to wait for expiry. */
  drive(until: number): void {
    this.flush();
    for (let step = 0; step < 200_000; step++) {
      let next = this.connector.deadline();
      for (const flight of this.flights) next = Math.min(next, flight.at);
      for (const device of this.devices.values()) next = Math.min(next, device.coap.deadline());
      if (next > until) {
        this.now = Math.max(this.now, until);
        return;
      }
      this.now = Math.max(this.now, next);
      this.step();
    }
    throw new Error("the rig does not come to rest");
  }

  /** The connector is killed and started again: what was not committed, and what it had not sent, is lost. */
  restart(): void {
    this.store = this.store.afterKill();
    this.connector = new Connector(this.settings, this.store);
    this.connector.restore(this.now);
    this.flush();
  }

  submit(endpointName: string, request: Partial<DownlinkRequest> & { path: string }): Submission {
    const submission = this.connector.submit(this.now, endpointName, {
      method: GET,
      payload: NO_BYTES,
      confirmable: true,
      expiresIn: 600_000,
      ...request,
    });
    this.flush();
    return submission;
  }

  observe(endpointName: string, path: string, options?: ObserveOptions): Submission {
    const submission = this.connector.observe(this.now, endpointName, path, options);
    this.flush();
    return submission;
  }

  observeComposite(
    endpointName: string,
    paths: readonly string[],
    options?: ObserveOptions,
  ): Submission {
    const submission = this.connector.observeComposite(this.now, endpointName, paths, options);
    this.flush();
    return submission;
  }

  cancelComposite(endpointName: string, paths: readonly string[]): boolean {
    const wasThere = this.connector.cancelComposite(this.now, endpointName, paths);
    this.flush();
    return wasThere;
  }

  cancel(endpointName: string, id: string): boolean {
    const isCancelled = this.connector.cancel(this.now, endpointName, id);
    this.flush();
    return isCancelled;
  }

  cancelObservation(endpointName: string, path: string): boolean {
    const wasThere = this.connector.cancelObservation(this.now, endpointName, path);
    this.flush();
    return wasThere;
  }

  deregister(endpointName: string): Submission {
    const submission = this.connector.deregister(this.now, endpointName);
    this.flush();
    return submission;
  }

  responses(): ResponseEvent[] {
    return this.events.filter((event) => event.kind === "response");
  }

  notifications(): NotificationEvent[] {
    return this.events.filter((event) => event.kind === "notification");
  }

  /** What became of a submission: `200 21.5`, `404 The device answered 4.04`, or undefined while it is under way. */
  outcome(submission: Submission): string | undefined {
    const found = this.responses().filter((event) => event.id === idOf(submission));
    if (found.length > 1) throw new Error("two outcomes for one request");
    if (found.length === 0) return undefined;
    return `${found[0].status} ${found[0].error ?? decodeUtf8(found[0].payload)}`;
  }

  /** Puts a datagram on the network. */
  launch(from: string, to: string, datagram: Uint8Array): void {
    for (const delay of this.fate()) {
      this.flights.push({ at: this.now + delay, from, to, datagram });
    }
  }

  /** Drains the connector as the service does. */
  flush(): void {
    for (let event = this.connector.pollEvent(); event; event = this.connector.pollEvent()) {
      this.events.push(event);
    }
    this.store.commitNow();
    for (let sent = this.connector.pollTransmit(); sent; sent = this.connector.pollTransmit()) {
      this.launch(CONNECTOR, sent.peer, sent.datagram);
    }
  }

  private step(): void {
    const due = this.flights.filter((flight) => flight.at <= this.now);
    this.flights = this.flights.filter((flight) => flight.at > this.now);
    for (const { from, to, datagram } of due) {
      if (to === CONNECTOR) {
        this.connector.handleDatagram(this.now, from, datagram);
        this.flush();
      } else this.devices.get(to)?.handleDatagram(datagram);
    }
    if (this.connector.deadline() <= this.now) this.connector.handleTimeout(this.now);
    this.flush();
    for (const device of this.devices.values()) {
      device.coap.handleTimeout(this.now);
      device.flush();
    }
  }
}

export function idOf(submission: Submission): string {
  if ("refusal" in submission) throw new Error(`refused: ${submission.refusal}`);
  return submission.id;
}

/** A device as a script: its endpoint, values by path, and what was done to it. */
export class Device {
  readonly endpointName: string;
  address: string;
  /** The radio is off: what comes is lost. */
  isAsleep = false;
  location = "";
  readonly values = new Map<string, string>();
  /** One line for each request that the device executed. */
  readonly executed: string[] = [];
  /** One line for each answer to what the device asked: `2.01`, `4.00 ep is missing`, `timed-out`. */
  readonly answers: string[] = [];
  /** Answers instead of the values, when it gives an answer; "silent" gives none at all. */
  respond: (request: IncomingRequest, path: string) => Response | "silent" | undefined = () =>
    undefined;
  coap: CoapEndpoint;
  private readonly rig: Rig;
  private readonly observers = new Map<string, Uint8Array>();
  private sequence = 2;

  constructor(rig: Rig, endpointName: string, address: string) {
    this.rig = rig;
    this.endpointName = endpointName;
    this.address = address;
    this.coap = this.newEndpoint();
  }

  register(query: string[], links: string): void {
    this.request(POST, "/rd", [`ep=${this.endpointName}`, ...query], links);
  }

  update(query: string[] = [], links = ""): void {
    this.request(POST, this.location, query, links);
  }

  deregister(): void {
    this.request(DELETE, this.location, [], "");
  }

  request(code: number, path: string, query: string[], links: string, more: Option[] = []): void {
    const options = [...pathOptions(URI_PATH, path), ...queryOptions(query), ...more];
    if (links !== "") options.push(uintOption(CONTENT_FORMAT, LINK_FORMAT));
    this.coap.request(this.rig.now, { code, options, payload: encodeUtf8(links) });
    this.flush();
  }

  /** Sends values that nobody asked for. */
  send(payload: Uint8Array, contentFormat: number, confirmable = true): void {
    const options = [...pathOptions(URI_PATH, "/dp"), uintOption(CONTENT_FORMAT, contentFormat)];
    this.coap.request(this.rig.now, { code: POST, options, payload, confirmable });
    this.flush();
  }

  /** Changes a value and tells who observes it. */
  set(path: string, value: string): void {
    this.values.set(path, value);
    const observer = this.observers.get(path);
    if (observer === undefined) return;
    const options = [uintOption(OBSERVE, this.sequence++)];
    const response = { code: CONTENT, options, payload: encodeUtf8(value) };
    this.coap.notify(this.rig.now, observer, response, true);
    this.flush();
  }

  /** Tells who observes a path something else than a value. */
  notifyError(path: string, code: number): void {
    const observer = this.observers.get(path);
    if (observer === undefined) return;
    this.coap.notify(this.rig.now, observer, { code, options: [], payload: NO_BYTES }, true);
    this.flush();
  }

  isObserved(path: string): boolean {
    return this.observers.has(path);
  }

  /** The device is reset: it knows of no exchange, observer or location any more. */
  reboot(): void {
    this.coap = this.newEndpoint();
    this.observers.clear();
    this.location = "";
  }

  /** A NAT in between gives it another address. */
  moveTo(address: string): void {
    this.rig.devices.delete(this.address);
    this.address = address;
    this.rig.devices.set(address, this);
  }

  handleDatagram(datagram: Uint8Array): void {
    if (this.isAsleep) return;
    this.coap.handleDatagram(this.rig.now, datagram);
    this.flush();
  }

  flush(): void {
    for (let event = this.coap.pollEvent(); event; event = this.coap.pollEvent()) {
      if (event.kind === REQUEST_RECEIVED) this.serve(event.request);
      else if (event.kind === RESPONSE_RECEIVED) this.noteAnswer(event.response);
      else if (event.kind === REQUEST_FAILED) this.answers.push(event.failure);
      else if (event.kind === OBSERVER_GONE) this.dropObserver(event.token);
    }
    for (let sent = this.coap.pollTransmit(); sent; sent = this.coap.pollTransmit()) {
      this.rig.launch(this.address, CONNECTOR, sent);
    }
  }

  private newEndpoint(): CoapEndpoint {
    return new CoapEndpoint({ ...this.rig.settings.coap, random: this.rig.settings.coap.random });
  }

  private noteAnswer({ code, options, payload }: Response): void {
    const location = pathOf(options, LOCATION_PATH);
    if (location !== "/") this.location = location;
    this.answers.push(`${formatCode(code)} ${decodeUtf8(payload)}`.trim());
  }

  private dropObserver(token: Uint8Array): void {
    for (const [path, observer] of this.observers) {
      if (observer.join() === token.join()) this.observers.delete(path);
    }
  }

  private serve(request: IncomingRequest): void {
    const path = pathOf(request.options, URI_PATH);
    this.executed.push(this.describe(request, path));
    const special = this.respond(request, path);
    if (special === "silent") return;
    const response = special ?? this.usual(request, path);
    this.coap.respond(this.rig.now, request, response);
  }

  private usual(request: IncomingRequest, path: string): Response {
    const bare = (code: number): Response => ({ code, options: [], payload: NO_BYTES });
    const value = this.values.get(path);
    if (request.code === PUT) {
      this.values.set(path, decodeUtf8(request.payload));
      return bare(value === undefined ? 0x41 : 0x44);
    }
    if (request.code === POST) return bare(0x44);
    if (value === undefined) return bare(0x84);
    if (request.code === DELETE) {
      this.values.delete(path);
      return bare(0x42);
    }
    const options = [uintOption(CONTENT_FORMAT, uintOf(request.options, ACCEPT, 0))];
    const observe = uintOf(request.options, OBSERVE, -1);
    if (observe === 0) {
      this.observers.set(path, request.token);
      options.push(uintOption(OBSERVE, this.sequence++));
    } else if (observe === 1) this.observers.delete(path);
    return { code: CONTENT, options, payload: encodeUtf8(value) };
  }

  /** `GET /3/0/0 accept=0`, `PUT /led format=0 "1"`. */
  private describe({ code, options, payload }: IncomingRequest, path: string): string {
    const query = textsOf(options, URI_QUERY).join("&");
    const target = query === "" ? path : `${path}?${query}`;
    const parts = [METHODS[code], target];
    for (const [name, number] of [
      ["observe", OBSERVE],
      ["accept", ACCEPT],
      ["format", CONTENT_FORMAT],
    ] as const) {
      const value = uintOf(options, number, -1);
      if (value >= 0) parts.push(`${name}=${value}`);
    }
    if (payload.length > 0) parts.push(JSON.stringify(decodeUtf8(payload)));
    return parts.join(" ");
  }
}

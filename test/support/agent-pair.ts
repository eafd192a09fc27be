/**
 * An agent and one scripted LwM2M server joined by a wire, in virtual time. The server is a CoAP endpoint that takes
 * registrations; tests ask the device through `ask` and read the ladder, the agent's events and the notifications.
 */
import type { AgentConfiguration, AgentEvent } from "../../firmware/agent/agent.ts";
import { Agent } from "../../firmware/agent/agent.ts";
import type { ServerLink } from "../../firmware/agent/server-link.ts";
import type { CoapEvent, IncomingRequest, Response } from "../../protocol/coap/coap-endpoint.ts";
import {
  CoapEndpoint,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../protocol/coap/codes.ts";
import { decodeMessage } from "../../protocol/coap/message.ts";
import type { Option } from "../../protocol/coap/options.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  LOCATION_PATH,
  OBSERVE,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOf,
  uintOption,
} from "../../protocol/coap/options.ts";
import { pathOf, pathOptions, queryOptions } from "../../protocol/coap/uri.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import { coapSettings, countingRandom } from "./coap-pair.ts";

/** What a test asks of the device. */
export interface Question {
  readonly query?: readonly string[];
  readonly payload?: Uint8Array | string;
  readonly format?: number;
  readonly accept?: number;
  readonly observe?: number;
}

/** The device's answer, in words. */
export interface Answer {
  /** "2.05", or "no answer". */
  readonly code: string;
  readonly format: number | undefined;
  readonly text: string;
  readonly payload: Uint8Array;
  readonly options: readonly Option[];
}

export interface Notification extends Answer {
  readonly at: number;
  readonly sequence: number;
  readonly id: number;
}

export interface PairOptions {
  /** One way, ms; default 0, so that times in tests are exact. */
  readonly latency?: number;
  /** How the server answers a registration request; undefined is silence, which keeps the default answers for the rest. */
  readonly answer?: (request: IncomingRequest, nth: number) => Response | "silence" | undefined;
}

interface Flight {
  readonly at: number;
  readonly toAgent: boolean;
  readonly datagram: Uint8Array;
}

const METHODS = ["", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "IPATCH"];

export class AgentPair {
  now = 0;
  readonly agent: Agent;
  readonly link: ServerLink;
  readonly server: CoapEndpoint;
  /** `0 -> CON POST /rd?ep=...`, from the agent's side. */
  readonly ladder: string[] = [];
  readonly events: AgentEvent[] = [];
  readonly notifications: Notification[] = [];
  /** Registration requests as the server saw them, `POST /rd?ep=... (list)`. */
  readonly registrations: string[] = [];
  /** Datagrams that came while the radio was off. */
  missed = 0;
  /** False: everything is lost. */
  isConnected = true;
  private readonly options: PairOptions;
  private readonly flights: Flight[] = [];
  private readonly answers: { [id: number]: Answer | undefined } = {};
  private requests = 0;
  private locations = 0;

  constructor(configuration: Partial<AgentConfiguration> = {}, options: PairOptions = {}) {
    this.options = options;
    this.agent = new Agent({
      endpointName: "dev",
      settings: coapSettings({ random: countingRandom(1) }),
      ...configuration,
    });
    this.link = this.agent.addServer({ shortServerId: 1, uri: "coap://server.test" });
    this.server = new CoapEndpoint(coapSettings({ random: countingRandom(0x100) }));
  }

  /** Starts the agent and lets it register. */
  started(): this {
    this.agent.start(this.now);
    this.drive(this.now);
    return this;
  }

  /** Delivers and times out until virtual time is `until`. */
  drive(until: number): void {
    for (let step = 0; step < 1_000_000; step++) {
      this.flush();
      let next = Math.min(this.agent.deadline(), this.server.deadline());
      for (const flight of this.flights) next = Math.min(next, flight.at);
      if (next > until) {
        this.now = Math.max(this.now, until);
        return;
      }
      this.now = Math.max(this.now, next);
      const at = this.flights.findIndex((flight) => flight.at <= this.now);
      if (at >= 0) this.deliver(this.flights.splice(at, 1)[0]);
      this.agent.handleTimeout(this.now);
      this.server.handleTimeout(this.now);
    }
    throw new Error("the pair does not come to rest");
  }

  /** Drives on for so many milliseconds. */
  wait(period: number): void {
    this.drive(this.now + period);
  }

  /** Sends a request to the device. Returns its id. */
  send(method: number, path: string, question: Question = {}): number {
    const options = pathOptions(URI_PATH, path).concat(queryOptions(question.query ?? []));
    if (question.observe !== undefined) options.push(uintOption(OBSERVE, question.observe));
    if (question.format !== undefined) options.push(uintOption(CONTENT_FORMAT, question.format));
    if (question.accept !== undefined) options.push(uintOption(ACCEPT, question.accept));
    const payload =
      typeof question.payload === "string"
        ? new TextEncoder().encode(question.payload)
        : (question.payload ?? new Uint8Array(0));
    return this.server.request(this.now, { code: method, options, payload });
  }

  /** Sends a request to the device and waits for its answer, at the same virtual time if there is no latency. */
  ask(method: number, path: string, question: Question = {}): Answer {
    const id = this.send(method, path, question);
    this.drive(this.now + 2 * (this.options.latency ?? 0));
    if (this.answers[id] === undefined) this.wait(100_000);
    return this.answers[id] ?? NO_ANSWER;
  }

  read(path: string, question: Question = {}): Answer {
    return this.ask(codes.GET, path, question);
  }

  /** Begins an observation; its later values are in `notifications`. */
  observe(path: string, question: Question = {}): Answer {
    return this.ask(codes.GET, path, { observe: 0, ...question });
  }

  write(path: string, payload: string | Uint8Array, format?: number): Answer {
    return this.ask(codes.PUT, path, { payload, format });
  }

  /** `GET /3/0 -> 2.05` of what was asked, and registration events by kind. */
  eventLines(): string[] {
    return this.events.map((event) =>
      event.kind === "request"
        ? `${event.operation} ${event.path} -> ${codes.formatCode(event.code)}`
        : event.kind,
    );
  }

  private deliver(flight: Flight): void {
    if (!flight.toAgent) this.server.handleDatagram(this.now, flight.datagram);
    else if (this.link.isAwake()) {
      this.agent.handleDatagram(this.now, this.link, flight.datagram);
    } else this.missed++;
  }

  private flush(): void {
    for (let event = this.server.pollEvent(); event; event = this.server.pollEvent()) {
      this.handleServerEvent(event);
    }
    for (let sent = this.link.pollTransmit(); sent; sent = this.link.pollTransmit()) {
      this.launch(sent, false);
    }
    for (let sent = this.server.pollTransmit(); sent; sent = this.server.pollTransmit()) {
      this.launch(sent, true);
    }
    for (let event = this.agent.pollEvent(); event; event = this.agent.pollEvent()) {
      this.events.push(event);
    }
  }

  private launch(datagram: Uint8Array, toAgent: boolean): void {
    this.ladder.push(`${this.now} ${toAgent ? "<-" : "->"} ${inWords(datagram)}`);
    if (!this.isConnected) return;
    this.flights.push({ at: this.now + (this.options.latency ?? 0), toAgent, datagram });
  }

  private handleServerEvent(event: CoapEvent): void {
    if (event.kind === REQUEST_RECEIVED) {
      const { request } = event;
      const list = new TextDecoder().decode(request.payload);
      const target = targetOf(request.options);
      this.registrations.push(
        `${METHODS[request.code]} ${target}${list === "" ? "" : ` (${list})`}`,
      );
      const scripted = this.options.answer?.(request, this.requests++);
      if (scripted === "silence") return;
      this.server.respond(this.now, request, scripted ?? this.registrar(request));
    } else if (event.kind === RESPONSE_RECEIVED) {
      const answer = answerOf(event.response);
      if (this.answers[event.id] === undefined) this.answers[event.id] = answer;
      else {
        const sequence = uintOf(event.response.options, OBSERVE, -1);
        this.notifications.push({ ...answer, at: this.now, sequence, id: event.id });
      }
    } else if (event.kind === REQUEST_FAILED) this.answers[event.id] = NO_ANSWER;
  }

  private registrar(request: IncomingRequest): Response {
    const payload = new Uint8Array(0);
    if (request.code === codes.DELETE) return { code: codes.DELETED, options: [], payload };
    if (pathOf(request.options, URI_PATH) !== "/rd") {
      return { code: codes.CHANGED, options: [], payload };
    }
    const options = pathOptions(LOCATION_PATH, `/rd/${this.locations++}`);
    return { code: codes.CREATED, options, payload };
  }
}

const NO_ANSWER: Answer = {
  code: "no answer",
  format: undefined,
  text: "",
  payload: new Uint8Array(0),
  options: [],
};

function answerOf(response: Response): Answer {
  const format = uintOf(response.options, CONTENT_FORMAT, -1);
  return {
    code: codes.formatCode(response.code),
    format: format < 0 ? undefined : format,
    text: new TextDecoder().decode(response.payload),
    payload: response.payload,
    options: response.options,
  };
}

function targetOf(options: readonly Option[]): string {
  const query = textsOf(options, URI_QUERY).join("&");
  return pathOf(options, URI_PATH) + (query === "" ? "" : `?${query}`);
}

/** `CON POST /rd?ep=dev`, `ACK 2.01 /rd/0`, `NON 2.05 observe 2 "21.5"`. */
function inWords(datagram: Uint8Array): string {
  const message = decodeMessage(datagram);
  if (isMalformed(message)) return message.fault;
  const words = [["CON", "NON", "ACK", "RST"][message.type]];
  if (codes.isRequest(message.code)) words.push(METHODS[message.code], targetOf(message.options));
  else if (message.code !== codes.EMPTY) words.push(codes.formatCode(message.code));
  const location = pathOf(message.options, LOCATION_PATH);
  if (location !== "/") words.push(location);
  const observe = uintOf(message.options, OBSERVE, -1);
  if (observe >= 0) words.push(`observe ${observe}`);
  const format = uintOf(message.options, CONTENT_FORMAT, -1);
  if (format === 0) words.push(JSON.stringify(new TextDecoder().decode(message.payload)));
  return words.join(" ");
}

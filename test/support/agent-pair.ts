/**
 * An agent and scripted LwM2M servers joined by wires, in virtual time. A server is a CoAP endpoint that takes registrations;
 * tests ask the device through it and read its ladder, its notifications and the agent's events.
 */
import type {
  AgentConfiguration,
  AgentEvent,
  AgentServerAccount,
} from "../../firmware/agent/agent.ts";
import { Agent } from "../../firmware/agent/agent.ts";
import { BasicAgent } from "../../firmware/agent/basic-agent.ts";
import type { BootstrapAccount } from "../../firmware/agent/bootstrap/bootstrap-account.ts";
import type { AgentFeatures } from "../../firmware/agent/features.ts";
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

export type Script = (request: IncomingRequest, nth: number) => Response | "silence" | undefined;

export interface PairOptions {
  /** A core with these features, instead of an agent with all. */
  readonly features?: AgentFeatures;
  /** One way, ms; default 0, so that times in tests are exact. */
  readonly latency?: number;
  /** How the first server answers its nth registration request: "silence", a response, or undefined for the usual one. */
  readonly answer?: Script;
  /** How servers answer by their address, `coap://server-0.test`; those of accounts that bootstrap has written too. */
  readonly answers?: Readonly<Record<string, Script | undefined>>;
  /** The number of the datagram, of either side, that gets lost; counted from 0. */
  readonly lose?: number;
  /** Default 1. */
  readonly servers?: number;
  /** What the servers' accounts say, one for each server. */
  readonly accounts?: readonly Partial<AgentServerAccount>[];
  /** The account of a bootstrap server, which is the last of `servers`. */
  readonly bootstrap?: BootstrapAccount;
  /** An agent of the test's own. */
  readonly make?: (configuration: AgentConfiguration) => Agent;
}

/** `answers` of servers 0, 1, ... */
export function byAddress(
  scripts: readonly (Script | undefined)[],
): Readonly<Record<string, Script | undefined>> {
  return Object.fromEntries(scripts.map((script, i) => [`coap://server-${i}.test`, script]));
}

interface Flight {
  readonly at: number;
  readonly datagram: Uint8Array;
  readonly server: ScriptedServer;
  readonly toAgent: boolean;
}

const METHODS = ["", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "IPATCH"];

/** What else there is at the agent's side: driven with it. */
export interface Companion {
  deadline(): number;
  handleTimeout(now: number): void;
  /** Passes on what it has to say. True when there was something. */
  exchange(now: number): boolean;
}

/** A server's end of the wire. */
export class ScriptedServer {
  readonly link: ServerLink;
  readonly endpoint: CoapEndpoint;
  /** `0 -> CON POST /rd?ep=...`, from the agent's side. */
  readonly ladder: string[] = [];
  readonly notifications: Notification[] = [];
  /** Registration requests as this server saw them, `POST /rd?ep=... (list)`. */
  readonly registrations: string[] = [];
  readonly answers: { [id: number]: Answer | undefined } = {};
  /** False: everything is lost. */
  isConnected = true;
  private readonly pair: AgentPair;
  private readonly script: Script | undefined;
  private locations = 0;

  constructor(pair: AgentPair, link: ServerLink, seed: number, script: Script | undefined) {
    this.pair = pair;
    this.link = link;
    this.script = script;
    this.endpoint = new CoapEndpoint(coapSettings({ random: countingRandom(seed) }));
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
    return this.endpoint.request(this.pair.now, { code: method, options, payload });
  }

  /** Sends a request and waits for its answer; without latency no time passes. */
  ask(method: number, path: string, question: Question = {}): Answer {
    const id = this.send(method, path, question);
    this.pair.drive(this.pair.now + 2 * this.pair.latency);
    if (this.answers[id] === undefined) this.pair.wait(100_000);
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

  /** Write-Attributes, for example `pmin=10`. */
  attributes(path: string, ...query: string[]): Answer {
    return this.ask(codes.PUT, path, { query });
  }

  execute(path: string, payload?: string): Answer {
    return this.ask(codes.POST, path, payload === undefined ? {} : { payload });
  }

  /** `1000 "21.5"` per notification, or its code when it is an error. */
  notes(): string[] {
    return this.notifications.map(({ at, code, text }) =>
      code === "2.05" ? `${at} ${text}` : `${at} ${code}`,
    );
  }

  handleEvent(event: CoapEvent): void {
    if (event.kind === REQUEST_RECEIVED) this.handleRequest(event.request);
    else if (event.kind === RESPONSE_RECEIVED) {
      const answer = answerOf(event.response);
      if (this.answers[event.id] === undefined) this.answers[event.id] = answer;
      else {
        const sequence = uintOf(event.response.options, OBSERVE, -1);
        this.notifications.push({ ...answer, at: this.pair.now, sequence, id: event.id });
      }
    } else if (event.kind === REQUEST_FAILED) this.answers[event.id] = NO_ANSWER;
  }

  private handleRequest(request: IncomingRequest): void {
    const list = new TextDecoder().decode(request.payload);
    const line = `${METHODS[request.code]} ${targetOf(request.options)}`;
    const nth = this.registrations.push(list === "" ? line : `${line} (${list})`) - 1;
    const scripted = this.script?.(request, nth);
    if (scripted === "silence") return;
    this.endpoint.respond(this.pair.now, request, scripted ?? this.register(request));
  }

  private register(request: IncomingRequest): Response {
    const payload = new Uint8Array(0);
    if (request.code === codes.DELETE) return { code: codes.DELETED, options: [], payload };
    if (pathOf(request.options, URI_PATH) !== "/rd") {
      return { code: codes.CHANGED, options: [], payload };
    }
    const options = pathOptions(LOCATION_PATH, `/rd/${this.locations++}`);
    return { code: codes.CREATED, options, payload };
  }
}

export class AgentPair {
  now = 0;
  readonly latency: number;
  readonly agent: Agent;
  /** One for each link that there has been. */
  readonly servers: ScriptedServer[];
  readonly server: ScriptedServer;
  readonly events: AgentEvent[] = [];
  /** Datagrams that came while the radio was off. */
  missed = 0;
  companion: Companion | undefined = undefined;
  private readonly flights: Flight[] = [];
  private readonly lost: number | undefined;
  private launched = 0;
  private readonly scripts: Readonly<Record<string, Script | undefined>>;

  constructor(configuration: Partial<AgentConfiguration> = {}, options: PairOptions = {}) {
    this.latency = options.latency ?? 0;
    const all = {
      endpointName: "dev",
      settings: coapSettings({ random: countingRandom(1) }),
      ...configuration,
    };
    const features = options.features;
    // What the tests of a smaller agent do not touch is not there.
    const make = options.make ?? ((configuration) => new Agent(configuration));
    this.agent = features === undefined ? make(all) : (new BasicAgent(all, features) as Agent);
    this.lost = options.lose;
    this.servers = [];
    this.scripts = { "coap://server-0.test": options.answer, ...options.answers };
    const accounts = options.accounts ?? [];
    for (let i = 0; i < (options.servers ?? (accounts.length || 1)); i++) {
      const uri = `coap://server-${i}.test`;
      this.agent.addServer({ shortServerId: i + 1, uri, ...accounts[i] });
    }
    if (options.bootstrap !== undefined) this.agent.addBootstrapServer(options.bootstrap);
    this.follow();
    this.server = this.servers[0];
  }

  /** Starts the agent and lets it register. */
  started(): this {
    this.agent.start(this.now);
    this.drive(this.now + 2 * this.latency);
    return this;
  }

  /** Delivers and times out until virtual time is `until`. */
  drive(until: number): void {
    for (let step = 0; step < 1_000_000; step++) {
      this.flush();
      let next = this.agent.deadline();
      for (const server of this.servers) next = Math.min(next, server.endpoint.deadline());
      next = Math.min(next, this.companion?.deadline() ?? next);
      for (const flight of this.flights) next = Math.min(next, flight.at);
      if (next > until) {
        this.now = Math.max(this.now, until);
        return;
      }
      this.now = Math.max(this.now, next);
      const at = this.flights.findIndex((flight) => flight.at <= this.now);
      if (at >= 0) this.deliver(this.flights.splice(at, 1)[0]);
      this.agent.handleTimeout(this.now);
      for (const server of this.servers) server.endpoint.handleTimeout(this.now);
      this.companion?.handleTimeout(this.now);
    }
    throw new Error("the pair does not come to rest");
  }

  /** Drives on for so many milliseconds. */
  wait(period: number): void {
    this.drive(this.now + period);
  }

  /** `Read /3/0 -> 2.05` of what was asked, and the other events by kind; since the last call. */
  eventLines(): string[] {
    return this.events
      .splice(0)
      .map((event) =>
        event.kind === "request"
          ? `${event.operation} ${event.path} -> ${codes.formatCode(event.code)}`
          : event.kind,
      );
  }

  private deliver({ server, toAgent, datagram }: Flight): void {
    if (!toAgent) server.endpoint.handleDatagram(this.now, datagram);
    else if (server.link.isAwake()) this.agent.handleDatagram(this.now, server.link, datagram);
    else this.missed++;
  }

  /** Servers of accounts that bootstrap has written. */
  private follow(): void {
    for (const link of this.agent.links) {
      if (this.servers.some((server) => server.link === link)) continue;
      const seed = 0x100 * (this.servers.length + 1);
      this.servers.push(new ScriptedServer(this, link, seed, this.scripts[link.uri]));
    }
  }

  private flush(): void {
    this.follow();
    while (this.companion?.exchange(this.now) === true);
    for (const server of this.servers) {
      const { endpoint, link } = server;
      for (let event = endpoint.pollEvent(); event; event = endpoint.pollEvent()) {
        server.handleEvent(event);
      }
      for (let sent = link.pollTransmit(); sent; sent = link.pollTransmit()) {
        this.launch(server, sent, false);
      }
      for (let sent = endpoint.pollTransmit(); sent; sent = endpoint.pollTransmit()) {
        this.launch(server, sent, true);
      }
    }
    for (let event = this.agent.pollEvent(); event; event = this.agent.pollEvent()) {
      this.events.push(event);
    }
  }

  private launch(server: ScriptedServer, datagram: Uint8Array, toAgent: boolean): void {
    server.ladder.push(`${this.now} ${toAgent ? "<-" : "->"} ${inWords(datagram)}`);
    if (this.launched++ === this.lost || !server.isConnected) return;
    this.flights.push({ at: this.now + this.latency, server, toAgent, datagram });
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

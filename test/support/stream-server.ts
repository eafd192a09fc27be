/**
 * An LwM2M server for tests that listens for TCP: it takes registrations, and tests ask the device through its newest connection.
 */
import { CoapStreamEndpoint } from "../../protocol/coap/coap-stream-endpoint.ts";
import * as codes from "../../protocol/coap/codes.ts";
import type {
  CoapEvent,
  IncomingRequest,
  Request,
  Response,
} from "../../protocol/coap/exchange.ts";
import {
  CONNECTION_ENDED,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../protocol/coap/exchange.ts";
import {
  LOCATION_PATH,
  OBSERVE,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOption,
} from "../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../protocol/coap/uri.ts";
import { coapSettings, countingRandom } from "./coap-pair.ts";
import type { StreamServer } from "./stream-network.ts";

const METHODS = ["", "GET", "POST", "PUT", "DELETE"];
const EMPTY = new Uint8Array(0);

export type Script = (request: IncomingRequest, nth: number) => Response | "silence" | undefined;

export class ScriptedStreamServer implements StreamServer {
  now = 0;
  /** What came and went, `20 POST /rd?ep=dev... (list)`, `60 <- 2.05 21.5`, `90 connected`, ... */
  readonly log: string[] = [];
  /** How it answers its nth request; undefined for the usual way. */
  script: Script = () => undefined;
  private readonly endpoints = new Map<string, CoapStreamEndpoint>();
  private newest: CoapStreamEndpoint | undefined;
  private nth = 0;
  private locations = 0;

  handleOpened(now: number, address: string): void {
    this.now = now;
    const endpoint = new CoapStreamEndpoint(
      coapSettings({
        random: countingRandom(0x100 * (this.endpoints.size + 1)),
        longestMessage: 8704,
      }),
    );
    endpoint.handleOpened(now);
    this.endpoints.set(address, endpoint);
    this.newest = endpoint;
    this.say("connected");
  }

  handleBytes(now: number, address: string, bytes: Uint8Array): void {
    this.now = now;
    this.endpoints.get(address)?.handleBytes(now, bytes);
  }

  handleClosed(now: number, address: string): void {
    this.now = now;
    this.endpoints.get(address)?.handleEnd("closed by the device");
  }

  handleTimeout(now: number): void {
    this.now = now;
    for (const endpoint of this.endpoints.values()) endpoint.handleTimeout(now);
  }

  deadline(): number {
    let at = Infinity;
    for (const endpoint of this.endpoints.values()) at = Math.min(at, endpoint.deadline());
    return at;
  }

  settle(now: number): void {
    this.now = now;
    for (const endpoint of this.endpoints.values()) {
      for (let event = endpoint.pollEvent(); event; event = endpoint.pollEvent()) {
        this.handle(endpoint, event);
      }
    }
  }

  pollTransmit() {
    for (const [peer, endpoint] of this.endpoints) {
      const datagram = endpoint.pollTransmit();
      if (datagram !== undefined) return { peer, datagram };
    }
    return undefined;
  }

  /** Asks the device. */
  ask(method: number, path: string, options: Request["options"] = [], payload = EMPTY): number {
    const all = [...options, ...pathOptions(URI_PATH, path)];
    return this.newest?.request(this.now, { code: method, options: all, payload }) ?? 0;
  }

  observe(path: string): number {
    return this.ask(codes.GET, path, [uintOption(OBSERVE, 0)]);
  }

  /** The log since the last call. */
  lines(): string[] {
    return this.log.splice(0);
  }

  private handle(endpoint: CoapStreamEndpoint, event: CoapEvent): void {
    switch (event.kind) {
      case REQUEST_RECEIVED:
        this.serve(endpoint, event.request);
        break;
      case RESPONSE_RECEIVED: {
        const { code, payload } = event.response;
        const text =
          payload.length > 40 ? `(${payload.length} B)` : new TextDecoder().decode(payload);
        this.say(`<- ${codes.formatCode(code)} ${text}`.trim());
        break;
      }
      case REQUEST_FAILED:
        this.say(`<- ${event.failure}`);
        break;
      case CONNECTION_ENDED:
        this.say(event.reason);
        break;
    }
  }

  private serve(endpoint: CoapStreamEndpoint, request: IncomingRequest): void {
    const path = pathOf(request.options, URI_PATH);
    const query = textsOf(request.options, URI_QUERY).join("&");
    const list = new TextDecoder().decode(request.payload);
    const said = `${METHODS[request.code]} ${path}${query === "" ? "" : `?${query}`}`;
    this.say(list === "" ? said : `${said} (${list})`);
    const scripted = this.script(request, this.nth++);
    if (scripted === "silence") return;
    endpoint.respond(this.now, request, scripted ?? this.usual(request, path));
  }

  private usual(request: IncomingRequest, path: string): Response {
    if (request.code === codes.DELETE) return { code: codes.DELETED, options: [], payload: EMPTY };
    if (path !== "/rd") return { code: codes.CHANGED, options: [], payload: EMPTY };
    const options = pathOptions(LOCATION_PATH, `/rd/${this.locations++}`);
    return { code: codes.CREATED, options, payload: EMPTY };
  }

  private say(what: string): void {
    this.log.push(`${this.now} ${what}`);
  }
}

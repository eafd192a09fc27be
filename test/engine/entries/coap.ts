/** Conversations between two CoAP endpoints in virtual time, printed as ladders. */
import type { CoapEvent, IncomingRequest, Request } from "../../../protocol/coap/coap-endpoint.ts";
import {
  CoapEndpoint,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../protocol/coap/coap-endpoint.ts";
import { CONTENT, formatCode, GET, PUT } from "../../../protocol/coap/codes.ts";
import { OBSERVE, textOption, URI_PATH, uintOption } from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";

declare function print(line: string): void;

const LATENCY = 10;
const NOTHING = new Uint8Array(0);

interface Flight {
  at: number;
  toServer: boolean;
  datagram: Uint8Array;
}

/** Two endpoints and the wire between them; `lost` numbers the datagrams, both directions together, that never arrive. */
class Wire {
  now = 0;
  readonly client: CoapEndpoint;
  readonly server: CoapEndpoint;
  request: IncomingRequest | undefined = undefined;
  private readonly lost: readonly number[];
  private readonly answer: Uint8Array | undefined;
  private readonly flights: Flight[] = [];
  private sent = 0;

  constructor(lost: readonly number[], answer: Uint8Array | undefined) {
    this.lost = lost;
    this.answer = answer;
    this.client = endpoint(7);
    this.server = endpoint(1000);
  }

  drive(until: number): void {
    while (this.step(until));
  }

  private step(until: number): boolean {
    this.flush();
    let next = Math.min(this.client.deadline(), this.server.deadline());
    for (const flight of this.flights) next = Math.min(next, flight.at);
    if (next > until || next === Infinity) return false;
    this.now = Math.max(this.now, next);
    const due = this.flights.findIndex((flight) => flight.at <= this.now);
    if (due >= 0) {
      const flight = this.flights.splice(due, 1)[0];
      if (flight.toServer) this.server.handleDatagram(this.now, flight.datagram);
      else this.client.handleDatagram(this.now, flight.datagram);
    }
    this.client.handleTimeout(this.now);
    this.server.handleTimeout(this.now);
    return true;
  }

  private flush(): void {
    let event: CoapEvent | undefined;
    while ((event = this.client.pollEvent()) !== undefined) printEvent(this.now, event);
    while ((event = this.server.pollEvent()) !== undefined) {
      if (event.kind !== REQUEST_RECEIVED) continue;
      this.request = event.request;
      print(`${this.now} asked ${event.request.code}, ${event.request.payload.length} bytes`);
      if (this.answer === undefined) continue;
      const response = { code: CONTENT, options: [], payload: this.answer };
      this.server.respond(this.now, event.request, response);
    }
    let datagram: Uint8Array | undefined;
    while ((datagram = this.client.pollTransmit()) !== undefined) this.launch(datagram, true);
    while ((datagram = this.server.pollTransmit()) !== undefined) this.launch(datagram, false);
  }

  private launch(datagram: Uint8Array, toServer: boolean): void {
    const lost = this.lost.indexOf(this.sent++) >= 0;
    print(
      `${this.now} ${toServer ? "-" : "<"}-${lost ? "X" : "-"}${toServer ? ">" : "-"} ${hex(datagram)}`,
    );
    if (!lost) this.flights.push({ at: this.now + LATENCY, toServer, datagram });
  }
}

function endpoint(seed: number): CoapEndpoint {
  let next = seed;
  return new CoapEndpoint({
    random: { uint32: () => next++ },
    transmission: DEFAULT_TRANSMISSION,
    blockSize: 32,
    maxBody: 256,
    rememberedMessages: 8,
    maxRequests: 2,
  });
}

function printEvent(now: number, event: CoapEvent): void {
  if (event.kind === RESPONSE_RECEIVED) {
    const { code, payload } = event.response;
    print(
      `${now} answered ${formatCode(code)}, ${payload.length} bytes ${hex(payload).substring(0, 8)}`,
    );
  } else if (event.kind === REQUEST_FAILED) {
    print(`${now} failed: ${event.failure}`);
  }
}

function hex(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    text += (bytes[i] < 16 ? "0" : "") + bytes[i].toString(16);
  }
  return text;
}

function body(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 7) & 255;
  return bytes;
}

const PATH = textOption(URI_PATH, "temperature");
const get: Request = { code: GET, options: [PATH], payload: NOTHING };

function converse(
  title: string,
  request: Request,
  lost: readonly number[],
  answer: Uint8Array,
): void {
  print(`# ${title}`);
  const wire = new Wire(lost, answer);
  wire.client.request(wire.now, request);
  wire.drive(300000);
  print(`idle ${wire.client.isIdle()} ${wire.server.isIdle()}`);
}

converse("piggybacked", get, [], body(6));
converse("request lost, then its ACK", get, [0, 2], body(6));
converse("never answered", get, [0, 1, 2, 3, 4], body(6));
converse("answer in blocks", get, [3], body(70));
converse("request in blocks", { code: PUT, options: [PATH], payload: body(100) }, [2], body(1));
converse("body too large", { code: PUT, options: [PATH], payload: body(300) }, [], body(1));

print("# separate, then observed");
const wire = new Wire([], undefined);
const observe: Request = { code: GET, options: [uintOption(OBSERVE, 0), PATH], payload: NOTHING };
wire.client.request(wire.now, observe);
wire.drive(3000);
if (wire.request !== undefined) {
  const { token } = wire.request;
  for (let sequence = 1; sequence < 4; sequence++) {
    const response = {
      code: CONTENT,
      options: [uintOption(OBSERVE, sequence)],
      payload: body(sequence),
    };
    if (sequence === 1) wire.server.respond(wire.now, wire.request, response);
    else wire.server.notify(wire.now, token, response, sequence === 3);
    wire.drive(wire.now + 5000);
  }
}

print("# not CoAP, and a ping");
for (const datagram of [[1], [0x40, 1], [0x40, 0, 1, 2], [0x40, 1, 0, 9, 0xff], [0x49, 0, 0, 0]]) {
  wire.server.handleDatagram(wire.now, new Uint8Array(datagram));
}
wire.drive(wire.now + 1000);
print(`${wire.server.malformed} malformed`);

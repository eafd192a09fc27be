/** A board over TCP: the small agent, whose connection breaks and is made anew, and a server that takes and gives bodies in BERT blocks. */
import { StreamAgent } from "../../../firmware/agent/stream-agent.ts";
import { sensorObject } from "../../../firmware/objects/sensor.ts";
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CoapStreamEndpoint } from "../../../protocol/coap/coap-stream-endpoint.ts";
import {
  CHANGED,
  CONTENT,
  CREATED,
  DELETE,
  DELETED,
  formatCode,
  GET,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import type { IncomingRequest, Response } from "../../../protocol/coap/exchange.ts";
import {
  CONNECTION_ENDED,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../protocol/coap/exchange.ts";
import {
  LOCATION_PATH,
  OBSERVE,
  type Option,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { StreamEndpoint } from "../../../protocol/coap/stream-endpoint.ts";
import { encodeStreamMessage } from "../../../protocol/coap/stream-framing.ts";
import { ping, release } from "../../../protocol/coap/stream-signals.ts";
import { pathOf, pathOptions } from "../../../protocol/coap/uri.ts";
import { TEXT_CODEC } from "../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import { SENSOR_VALUE } from "../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";

declare function print(line: string): void;

const NOTHING = new Uint8Array(0);
const SECOND = 1000;
/** Bytes that one read of the board brings. */
const PIECE = 7;

let now = 0;
let location = 0;

function settingsOf(longest: number) {
  return {
    random: { uint32: () => now + 7 },
    transmission: DEFAULT_TRANSMISSION,
    blockSize: 64,
    maxBody: 16384,
    rememberedMessages: 8,
    maxRequests: 4,
    longestMessage: longest,
  };
}

const temperature = sensorObject(TEMPERATURE);
temperature.create(0, { [SENSOR_VALUE]: 21.5 });
const agent = new StreamAgent(
  {
    endpointName: "board",
    lifetime: 600,
    objects: [temperature],
    settings: settingsOf(1152),
  },
  {
    codecs: [TEXT_CODEC, TLV_CODEC],
    endpoint: (settings) => new StreamEndpoint(settings),
  },
);
const link = agent.addServer({ shortServerId: 1, uri: "coap+tcp://192.0.2.1" });
const server = new CoapStreamEndpoint(settingsOf(8704));

function hex(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    text += (bytes[i] < 16 ? "0" : "") + bytes[i].toString(16);
  }
  return text;
}

/** Hands everything over until both are quiet. */
function exchange(): void {
  while (passOn());
}

function passOn(): boolean {
  for (let event = server.pollEvent(); event !== undefined; event = server.pollEvent()) {
    if (event.kind === REQUEST_RECEIVED) {
      const { code, options, payload } = event.request;
      const query = textsOf(options, URI_QUERY).join("&");
      print(`${now} asked ${code} ${pathOf(options, URI_PATH)}?${query} (${payload.length} bytes)`);
      server.respond(now, event.request, registered(event.request));
    } else if (event.kind === RESPONSE_RECEIVED) {
      print(`${now} answered ${formatCode(event.response.code)} ${hex(event.response.payload)}`);
    } else if (event.kind === REQUEST_FAILED) print(`${now} failed ${event.failure}`);
    else if (event.kind === CONNECTION_ENDED) print(`${now} ended ${event.reason}`);
  }
  for (let event = agent.pollEvent(); event !== undefined; event = agent.pollEvent()) {
    print(event.kind === "request" ? `${event.operation} ${event.path}` : event.kind);
  }
  const up = link.pollTransmit();
  if (up !== undefined) {
    print(`${now} --> ${hex(up)}`);
    server.handleDatagram(now, up);
  }
  const down = server.pollTransmit();
  if (down !== undefined) {
    print(`${now} <-- ${hex(down)}`);
    if (down.length === 0) agent.handleDatagram(now, link, down);
    for (let at = 0; at < down.length; at += PIECE) {
      agent.handleDatagram(now, link, down.subarray(at, at + PIECE));
    }
  }
  return up !== undefined || down !== undefined;
}

function registered({ code, options }: IncomingRequest): Response {
  const isNew = code === POST && pathOf(options, URI_PATH) === "/rd";
  return {
    code: isNew ? CREATED : code === DELETE ? DELETED : CHANGED,
    options: isNew ? pathOptions(LOCATION_PATH, `/rd/${++location}`) : [],
    payload: NOTHING,
  };
}

function ask(code: number, path: string, options: Option[], text: string): void {
  print(`# ${code} ${path} ${text}`);
  const all = options.concat(pathOptions(URI_PATH, path));
  server.request(now, { code: code, options: all, payload: encodeUtf8(text) });
  exchange();
}

function wait(period: number): void {
  now += period;
  agent.handleTimeout(now);
  server.handleTimeout(now);
  exchange();
}

agent.start(now);
exchange();
ask(GET, "/3303/0/5700", [], "");
ask(GET, "/3303/0", [], "");
ask(GET, "/3303/0/5700", [uintOption(OBSERVE, 0)], "");
temperature.set(0, SENSOR_VALUE, 22);
wait(SECOND);
print("# signals");
agent.handleDatagram(now, link, encodeStreamMessage(ping(encodeUtf8("p"), true)));
exchange();
wait(400 * SECOND);
print("# a break");
server.handleEnd("broken");
agent.handleDatagram(now, link, NOTHING);
temperature.set(0, SENSOR_VALUE, 23);
exchange();
wait(6 * SECOND);
print("# a release");
agent.handleDatagram(now, link, encodeStreamMessage(release([], 60)));
exchange();
wait(59 * SECOND);
wait(2 * SECOND);
print("# nonsense");
agent.handleDatagram(now, link, encodeUtf8("\0 "));
exchange();
wait(20 * SECOND);
agent.stop(now);
exchange();
print(`stopped ${agent.isStopped()}`);

print("# blocks");
const near = new CoapStreamEndpoint(settingsOf(3000));
const far = new CoapStreamEndpoint(settingsOf(5000));

function answer(request: IncomingRequest): void {
  const payload = new Uint8Array(request.payload.length + 1000);
  payload.set(request.payload, 500);
  far.respond(now, request, { code: CONTENT, options: [], payload: payload });
}

near.request(now, {
  code: PUT,
  options: pathOptions(URI_PATH, "/a"),
  payload: new Uint8Array(9000),
});
for (let isQuiet = false; !isQuiet; ) {
  isQuiet = true;
  for (let sent = near.pollTransmit(); sent !== undefined; sent = near.pollTransmit()) {
    print(`--> ${sent.length} ${hex(sent.subarray(0, 16))}`);
    far.handleDatagram(now, sent);
    isQuiet = false;
  }
  for (let event = far.pollEvent(); event !== undefined; event = far.pollEvent()) {
    if (event.kind === REQUEST_RECEIVED) answer(event.request);
  }
  for (let sent = far.pollTransmit(); sent !== undefined; sent = far.pollTransmit()) {
    print(`<-- ${sent.length} ${hex(sent.subarray(0, 16))}`);
    near.handleDatagram(now, sent);
    isQuiet = false;
  }
  for (let event = near.pollEvent(); event !== undefined; event = near.pollEvent()) {
    if (event.kind === RESPONSE_RECEIVED) print(`whole ${event.response.payload.length}`);
    if (event.kind === REQUEST_FAILED) print(`failed ${event.failure}`);
  }
}

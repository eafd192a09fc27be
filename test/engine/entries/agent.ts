/** A day of a device: an agent with the objects of a board and a named resource, and a server that asks everything of it. */
import { Agent } from "../../../firmware/agent/agent.ts";
import { deviceObject } from "../../../firmware/objects/device.ts";
import { sensorObject } from "../../../firmware/objects/sensor.ts";
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import {
  CoapEndpoint,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../../protocol/coap/coap-endpoint.ts";
import {
  CHANGED,
  CREATED,
  DELETE,
  DELETED,
  formatCode,
  GET,
  POST,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
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
} from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { pathOf, pathOptions, queryOptions } from "../../../protocol/coap/uri.ts";
import {
  DEVICE_BATTERY_LEVEL,
  DEVICE_MANUFACTURER,
} from "../../../protocol/model/objects/device.ts";
import { SENSOR_VALUE } from "../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import { NamedResource } from "../../../protocol/resources/named-resource.ts";

declare function print(line: string): void;

const NOTHING = new Uint8Array(0);
const LATENCY = 5;
const SECOND = 1000;

let now = 0;
let location = 0;
const settings = {
  random: { uint32: () => now + 7 },
  transmission: DEFAULT_TRANSMISSION,
  blockSize: 64,
  maxBody: 1024,
  rememberedMessages: 8,
  maxRequests: 4,
};

const device = deviceObject(
  { seconds: () => 1700000000 + now / SECOND, setSeconds: () => false },
  {
    setRadio: () => {},
    reboot: () => print(`${now} reboots`),
    factoryReset: () => print(`${now} forgets everything`),
  },
  { [DEVICE_MANUFACTURER]: "Dormouse", [DEVICE_BATTERY_LEVEL]: 97 },
);
const temperature = sensorObject(TEMPERATURE);
temperature.create(0, { [SENSOR_VALUE]: 21.5 });
const led = new NamedResource("/led/1/state", { type: "5850", observable: true, value: "0" });
led.onWrite = (_, value) => {
  print(`${now} led ${value instanceof Uint8Array ? "bytes" : value}`);
  return true;
};

const agent = new Agent({
  endpointName: "board",
  lifetime: 600,
  queueMode: true,
  awakeFor: 20 * SECOND,
  objects: [device, temperature],
  resources: [led],
  settings: settings,
});
const link = agent.addServer({ shortServerId: 1, uri: "coap://192.0.2.1:5683" });
const server = new CoapEndpoint(settings);

const flights: { at: number; toServer: boolean; datagram: Uint8Array }[] = [];

/** Lets time pass, delivering and timing out, and prints all that crosses the wire. */
function drive(until: number): void {
  while (step(until));
  now = until;
}

function step(until: number): boolean {
  flush();
  let next = Math.min(agent.deadline(), server.deadline());
  for (const flight of flights) next = Math.min(next, flight.at);
  if (next > until) return false;
  now = Math.max(now, next);
  const due = flights.findIndex((flight) => flight.at <= now);
  if (due >= 0) {
    const { toServer, datagram } = flights.splice(due, 1)[0];
    if (toServer) server.handleDatagram(now, datagram);
    else if (link.isAwake()) agent.handleDatagram(now, link, datagram);
    else print(`${now} missed asleep`);
  }
  agent.handleTimeout(now);
  server.handleTimeout(now);
  return true;
}

function flush(): void {
  for (let event = server.pollEvent(); event !== undefined; event = server.pollEvent()) {
    if (event.kind === REQUEST_RECEIVED) {
      const { code, options, payload } = event.request;
      const query = textsOf(options, URI_QUERY).join("&");
      print(`${now} asked ${code} ${pathOf(options, URI_PATH)}?${query} (${payload.length} bytes)`);
      server.respond(now, event.request, registered(code, pathOf(options, URI_PATH)));
    } else if (event.kind === RESPONSE_RECEIVED) {
      const { code, options, payload } = event.response;
      const format = uintOf(options, CONTENT_FORMAT, -1);
      print(`${now} answered ${formatCode(code)} ${format} ${hex(payload)}`);
    } else if (event.kind === REQUEST_FAILED) {
      print(`${now} failed ${event.failure}`);
    }
  }
  for (let sent = link.pollTransmit(); sent !== undefined; sent = link.pollTransmit()) {
    print(`${now} --> ${hex(sent)}`);
    flights.push({ at: now + LATENCY, toServer: true, datagram: sent });
  }
  for (let sent = server.pollTransmit(); sent !== undefined; sent = server.pollTransmit()) {
    flights.push({ at: now + LATENCY, toServer: false, datagram: sent });
  }
  for (let event = agent.pollEvent(); event !== undefined; event = agent.pollEvent()) {
    if (event.kind !== "request") print(`${now} ${event.kind}`);
    else print(`${now} ${event.operation} ${event.path} ${formatCode(event.code)}`);
  }
}

function registered(
  code: number,
  path: string,
): { code: number; options: Option[]; payload: Uint8Array } {
  const isNew = code === POST && path === "/rd";
  return {
    code: isNew ? CREATED : code === DELETE ? DELETED : CHANGED,
    options: isNew ? pathOptions(LOCATION_PATH, `/rd/${++location}`) : [],
    payload: NOTHING,
  };
}

function ask(code: number, path: string, query: string[], options: Option[], text: string): void {
  print(`# ${code} ${path} ${query.join("&")} ${text}`);
  server.request(now, {
    code: code,
    options: pathOptions(URI_PATH, path).concat(queryOptions(query)).concat(options),
    payload: encodeUtf8(text),
  });
  drive(now + SECOND);
}

function hex(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    text += (bytes[i] < 16 ? "0" : "") + bytes[i].toString(16);
  }
  return text;
}

const AS_TEXT = [uintOption(CONTENT_FORMAT, TEXT)];

agent.start(now);
drive(SECOND);
ask(GET, "/3/0/0", [], [], "");
ask(GET, "/3/0", [], [uintOption(ACCEPT, TLV)], "");
ask(GET, "/3303/0/5700", [], [], "");
ask(GET, "/3", [], [uintOption(ACCEPT, LINK_FORMAT)], "");
ask(GET, "/9/9", [], [], "");
ask(PUT, "/1/0/1", [], AS_TEXT, "900");
ask(PUT, "/3/0/0", [], AS_TEXT, "not writable");
ask(POST, "/3/0/4", [], [], "");
ask(PUT, "/led/1/state", [], AS_TEXT, "1");
ask(GET, "/led/1/state", [], [], "");
ask(PUT, "/3303/0/5700", ["pmin=2", "pmax=30", "gt=25"], [], "");
ask(GET, "/3303/0/5700", [], [uintOption(OBSERVE, 0)], "");
for (let i = 0; i < 4; i++) {
  temperature.set(0, SENSOR_VALUE, 23 + i);
  drive(now + 3 * SECOND);
}
print("# asleep until something is due");
drive(now + 100 * SECOND);
agent.stop(now);
drive(now + SECOND);
print(`stopped ${agent.isStopped()}`);

/**
 * A device without IP, a gateway and a connector, over real sockets: the line between the first two is a pair of TCP connections, as of a
 * serial server.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ADMINISTRATOR } from "../../connector/access/users.ts";
import { DeviceConnector } from "../../connector/device-connector.ts";
import { MemoryStore } from "../../connector/store/memory-store.ts";
import { NodeGateway, type NodeGatewayEvent } from "../../firmware/boards/node/gateway.ts";
import { lineDatagrams, parseLine } from "../../firmware/boards/node/line.ts";
import { NodeBoard, NodeDevice } from "../../firmware/boards/node/main.ts";
import { addSensor, sensorObject } from "../../firmware/objects/sensor.ts";
import { textFrame } from "../../protocol/coap/slipmux.ts";
import { SENSOR_VALUE } from "../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../protocol/model/objects/temperature.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const events: NodeGatewayEvent[] = [];
const temperature = sensorObject(TEMPERATURE);
const sockets: Socket[] = [];
let line: Server;
let connector: DeviceConnector;
let gateway: NodeGateway;
let device: NodeDevice;
let api: string;

beforeAll(async () => {
  addSensor(temperature, 0, 21.5, "Cel");
  connector = await DeviceConnector.start({
    store: new MemoryStore(),
    host: "127.0.0.1",
    httpPort: 0,
    coapPort: 0,
    opensLeshanApi: true,
    product: "Dormouse end to end",
    log: () => {},
  });
  api = `${connector.httpUrl}/api`;
  // What one end says, the other hears.
  line = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      for (const other of sockets) if (other !== socket) other.write(bytes);
    });
  });
  line.listen(0, "127.0.0.1");
  await once(line, "listening");
  const address = parseLine(`tcp:127.0.0.1:${(line.address() as AddressInfo).port}`);
  gateway = new NodeGateway({
    server: connector.coapUrl,
    endpointName: "barn",
    lines: [address],
  });
  gateway.start((event) => events.push(event));
  await vi.waitFor(() => expect(kinds()).toContain("line-up"));
  device = new NodeDevice({
    server: "coap://gateway",
    endpointName: "cellar",
    objects: [temperature],
    board: new LineBoard(address),
  });
  device.start(() => {});
  await vi.waitFor(() => expect(kinds()).toContain("registered"), 10_000);
});

afterAll(async () => {
  await device?.stop(100);
  await gateway?.stop();
  for (const socket of sockets) socket.destroy();
  line?.close();
  await connector?.close();
});

class LineBoard extends NodeBoard {
  override readonly datagrams;

  constructor(address: ReturnType<typeof parseLine>) {
    super();
    this.datagrams = lineDatagrams(address);
  }
}

/** JSON of whatever form: the tests say which. */
async function json(url: string, headers = {}): Promise<ReturnType<typeof JSON.parse>> {
  return (await fetch(url, { headers })).json();
}

function kinds(): string[] {
  return events.map(({ kind }) => kind);
}

test("the connector learns of the device from object 25 of its gateway", async () => {
  await vi.waitFor(async () => {
    const client = await json(`${api}/clients/barn`);
    expect(client.objectLinks.map(({ url }: { url: string }) => url)).toContain("/25/0");
  }, 10_000);
  const read = await json(`${api}/clients/barn/25/0/1`);
  expect(read.content.value).toBe("cellar");
});

test("LwM2M Gateway 1.1.1 §6: the device behind it is read, written to and observed by its prefix", async () => {
  const behind = `${api}/clients/barn/cellar/3303/0`;
  const value = { kind: "singleResource", id: 5700, type: "FLOAT", value: "21.5" };
  for (const format of ["TEXT", "SENML_JSON", "SENML_CBOR"]) {
    const read = await json(`${behind}/5700?format=${format}`);
    expect(read.content).toEqual(value);
  }
  const { content } = await json(`${behind}?format=SENML_CBOR`);
  expect(content).toMatchObject({ kind: "instance", id: 0 });
  expect(content.resources).toContainEqual(value);
  const composite = await json(`${api}/clients/barn/composite?paths=/cellar/3303/0/5700`);
  expect(composite.content).toEqual({ "/cellar/3303/0/5700": value });
  const stranger = await fetch(`${api}/clients/barn/attic/3303/0/5700`);
  expect([stranger.status, await stranger.text()]).toEqual([
    400,
    expect.stringContaining("behind the prefix of a device of this gateway"),
  ]);
});

test("the Device Connector's API reaches it too, and its values", async () => {
  const owner = { domainId: ADMINISTRATOR.domainId, ownerId: ADMINISTRATOR.id };
  const { key } = connector.access.keys.create(owner, undefined, 0);
  const headers = { authorization: `Bearer ${key}` };
  const v2 = `${connector.httpUrl}/v2`;
  await fetch(`${v2}/notification/pull?noWait=true`, { headers });
  const place = `${v2}/endpoints/barn/cellar/3303/0/5700`;
  const { "async-response-id": id } = await json(place, headers);
  const { "async-responses": responses } = await json(`${v2}/notification/pull`, headers);
  expect(responses).toMatchObject([
    { id, status: 200, payload: Buffer.from("21.5").toString("base64") },
  ]);
  expect((await fetch(place.replace("cellar", "attic"), { headers })).status).toBe(404);
});

test("what a board prints for people comes out", async () => {
  sockets.at(-1)?.emit("data", Buffer.from(textFrame(Buffer.from("Hello from the cellar"))));
  await vi.waitFor(() =>
    expect(events).toContainEqual({ kind: "line-text", line: 0, text: "Hello from the cellar" }),
  );
});

test("a line that breaks is opened again, and the device is there as before", async () => {
  const [ofGateway] = sockets.splice(0, 1);
  ofGateway.destroy();
  await vi.waitFor(() => expect(kinds()).toContain("line-down"));
  await vi.waitFor(
    () => expect(kinds().filter((kind) => kind === "line-up")).toHaveLength(2),
    10_000,
  );
  temperature.set(0, SENSOR_VALUE, 22);
  expect(kinds()).not.toContain("gone");
});

test.each([
  "",
  "ttyUSB0",
  "tcp:host",
  "tcp:host:0",
  "tcp:host:70000",
  "/dev/tty@fast",
  "udp:a:1",
])("%j is no line, and why is said", (text) => {
  expect(() => parseLine(text)).toThrow(/must be \/dev\/DEVICE/);
});

test("addresses of lines", () => {
  expect(parseLine("/dev/ttyACM0")).toEqual({ kind: "serial", path: "/dev/ttyACM0", baud: 115200 });
  expect(parseLine("/dev/ttyUSB0@9600")).toMatchObject({ path: "/dev/ttyUSB0", baud: 9600 });
  expect(parseLine("tcp:[::1]:7000")).toEqual({ kind: "tcp", host: "::1", port: 7000 });
});

/**
 * What a suite for the Leshan demo server does, against a running connector with a real device: the requests of Zephyr's interop tests,
 * and what they read of the answers. Nobody shows a credential, as there.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { DeviceConnector } from "../../connector/device-connector.ts";
import { LmdbStore } from "../../connector/store/lmdb-store.ts";
import { MemoryStore } from "../../connector/store/memory-store.ts";
import { NodeDevice } from "../../firmware/boards/node/main.ts";
import { LwM2mObject } from "../../firmware/objects/lwm2m-object.ts";
import { encodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { CHANGED, POST } from "../../protocol/coap/codes.ts";
import { SENML_JSON } from "../../protocol/coap/content-formats.ts";
import { CONTENT_FORMAT, uintOption } from "../../protocol/coap/options.ts";
import { DEVICE } from "../../protocol/model/objects/device.ts";
import { TEST_OBJECT_1_1 } from "../../protocol/model/objects/test-object-1-1.ts";
import { proves } from "../support/proves.ts";
import { ScriptedClient } from "./support/scripted-client.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** JSON of whatever form: the tests say which. */
type Parsed = ReturnType<typeof JSON.parse>;

const ENDPOINT = "client_1";
const TEST_VALUES = {
  110: "initial value",
  120: 1024,
  125: 5000,
  130: 2.71,
  140: true,
  150: new Uint8Array([1, 0xab]),
  160: 946684800,
  170: { objectId: 3, objectInstanceId: 0 },
  1110: ["initial value"],
};
const folder = mkdtempSync(join(tmpdir(), "dormouse-leshan-"));
const described = new LwM2mObject(DEVICE);
const tested = new LwM2mObject(TEST_OBJECT_1_1);
const executed: string[] = [];
const lines: string[] = [];
let connector: DeviceConnector;
let device: NodeDevice;
let api: string;

beforeAll(async () => {
  connector = await DeviceConnector.start({
    store: new LmdbStore(join(folder, "store")),
    secretsFolder: join(folder, "secrets"),
    host: "127.0.0.1",
    httpPort: 0,
    coapPort: 0,
    opensLeshanApi: true,
    product: "Dormouse end to end",
    log: (line) => lines.push(line),
  });
  api = `${connector.httpUrl}/api`;
  described.create(0, { 0: "Zephyr", 1: "client-1", 2: "serial-1", 3: "1.2.3", 9: 90, 11: [0] });
  tested.create(0, TEST_VALUES);
  tested.onExecute = (_, instanceId, resourceId, text) => {
    executed.push(`${instanceId}/${resourceId} ${text}`);
    return undefined;
  };
  device = new NodeDevice({
    server: connector.coapUrl,
    endpointName: ENDPOINT,
    objects: [described, tested],
  });
  await new Promise<void>((resolve) => {
    device.start((event) => {
      if (event.kind === "registered") resolve();
    });
  });
});

afterAll(async () => {
  await device.stop();
  await connector.close();
  rmSync(folder, { recursive: true });
});

async function send(method: string, path: string, body?: unknown): Promise<Parsed> {
  const response = await fetch(`${api}${path}`, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Error ${response.status}: ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

const get = (place: string, format = "SENML_CBOR") =>
  send("GET", `/clients/${ENDPOINT}/${place}?timeout=10&format=${format}`);
const put = (place: string, body: object, more = "", format = "SENML_CBOR") =>
  send("PUT", `/clients/${ENDPOINT}/${place}?timeout=10&format=${format}${more}`, body);
const resource = (id: number | string, value: unknown, type: string) => ({
  id,
  kind: "singleResource",
  value,
  type,
});
const instance = (id: number, resources: object[]) => ({ kind: "instance", id, resources });

/** Reads a stream of events as Zephyr's suite does: line by line. */
class Events {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private text = "";

  static async open(query = `?${ENDPOINT}`): Promise<Events> {
    const headers = { accept: "text/event-stream" };
    const response = await fetch(`${api}/event${query}`, { headers });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    return new Events(response.body!.getReader());
  }

  private constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.reader = reader;
  }

  async next(name: string): Promise<Parsed> {
    for (;;) {
      const end = this.text.indexOf("\n\n");
      if (end < 0) {
        const { value, done } = await this.reader.read();
        if (done) throw new Error(`the stream ended before ${name}`);
        this.text += Buffer.from(value).toString();
        continue;
      }
      const [event = "", content = ""] = this.text.slice(0, end).split("\n");
      this.text = this.text.slice(end + 2);
      if (event === `event: ${name}`) return JSON.parse(content.slice("data: ".length));
    }
  }

  close(): Promise<void> {
    return this.reader.cancel();
  }
}

test("the list of secured devices is there, as the suite asks for it first", async () => {
  expect(await send("GET", "/security/clients?timeout=10&format=SENML_CBOR")).toEqual([]);
});

test("a registration is shown with its links, its instances and its times", async () => {
  const before = Date.now();
  const shown = await send("GET", `/clients/${ENDPOINT}`);
  expect(shown).toMatchObject({
    endpoint: ENDPOINT,
    lwM2mVersion: expect.stringMatching(/^1\.[12]$/),
    bindingMode: "U",
    rootPath: "/",
    secure: false,
    queuemode: false,
    availableInstances: { 3: [0], 3442: [0] },
  });
  expect(shown.objectLinks).toContainEqual({ url: "/3/0", attributes: {} });
  expect(shown.lastUpdate).toBeGreaterThan(before - 60_000);
  expect(shown.lastUpdate).toBeLessThanOrEqual(Date.now());
  expect(await send("GET", "/clients")).toEqual([shown]);
});

test.each([
  "TEXT",
  "CBOR",
  "TLV",
  "SENML_JSON",
  "SENML_CBOR",
])("a resource is read as %s", async (format) => {
  expect(await get("3/0/0", format)).toEqual({
    status: "CONTENT(205)",
    valid: true,
    success: true,
    failure: false,
    content: { kind: "singleResource", id: 0, type: "STRING", value: "Zephyr" },
  });
});

test.each(["TLV", "SENML_JSON", "SENML_CBOR"])("an instance is read as %s", async (format) => {
  const { content } = await get("3/0", format);
  expect(content).toMatchObject({ kind: "instance", id: 0 });
  expect(content.resources).toContainEqual({
    kind: "singleResource",
    id: 9,
    type: "INTEGER",
    value: "90",
  });
  expect(content.resources).toContainEqual({
    kind: "multiResource",
    id: 11,
    type: "INTEGER",
    values: { 0: "0" },
  });
});

test("every type of value is read in Leshan's form, and of an object all instances", async () => {
  const { content } = await get("3442");
  expect(content).toMatchObject({ kind: "obj", id: 3442 });
  const [{ resources }] = content.instances;
  const values = Object.fromEntries(resources.map((each: Parsed) => [each.id, each.value]));
  expect(values).toMatchObject({
    110: "initial value",
    120: "1024",
    125: "5000",
    130: expect.stringMatching(/^2\.71/),
    140: true,
    150: "01ab",
    160: 946684800000,
    170: { objectId: 3, objectInstanceId: 0 },
  });
  expect((await get("3442/0/1110/0")).content).toEqual({
    kind: "resourceInstance",
    id: 0,
    type: "STRING",
    value: "initial value",
  });
});

test("what a device refuses is told with its code, and HTTP's 200", async () => {
  expect(await get("3/9")).toMatchObject({
    status: "NOT_FOUND(404)",
    valid: true,
    success: false,
    failure: true,
  });
});

test.each([
  "TEXT",
  "CBOR",
  "TLV",
  "SENML_JSON",
  "SENML_CBOR",
])("a resource is written as %s", async (format) => {
  const value = 2000 + format.length;
  const body = resource("120", value, "integer");
  expect(await put("3442/0/120", body, "", format)).toMatchObject({ status: "CHANGED(204)" });
  expect(tested.get(0, 120)).toBe(value);
});

test.each([
  "TLV",
  "SENML_JSON",
  "SENML_CBOR",
])("an instance is updated and replaced as %s, with several of a resource", async (format) => {
  const update = [
    resource(110, "updated", "string"),
    { id: 1110, kind: "multiResource", values: { 0: "a", 1: "b" }, type: "string" },
  ];
  expect(await put("3442/0", instance(0, update), "&replace=false", format)).toMatchObject({
    status: "CHANGED(204)",
  });
  expect([tested.get(0, 110), tested.get(0, 1110, 1)]).toEqual(["updated", "b"]);
  expect(tested.get(0, 130)).toBeDefined();
  const { content } = await get("3442/0", format);
  expect(await put("3442/0", content, "&replace=true", format)).toMatchObject({
    status: "CHANGED(204)",
  });
  expect((await get("3442/0", format)).content).toEqual(content);
});

test("a resource is executed, with arguments and without", async () => {
  tested.set(0, 0, true);
  tested.set(0, 3, true);
  expect(await send("POST", `/clients/${ENDPOINT}/3442/0/0`)).toMatchObject({
    status: "CHANGED(204)",
  });
  const response = await fetch(`${api}/clients/${ENDPOINT}/3442/0/3`, {
    method: "POST",
    body: "0='a'",
  });
  expect(await response.json()).toMatchObject({ success: true });
  expect(executed).toEqual(["0/0 ", "0/3 0='a'"]);
});

test("an instance is created, with an id of ours or of the device's own, and deleted", async () => {
  const body = instance(1, [resource(110, "second", "string")]);
  const created = await send(
    "POST",
    `/clients/${ENDPOINT}/3442?timeout=10&format=SENML_CBOR`,
    body,
  );
  expect(created).toMatchObject({ status: "CREATED(201)", valid: true });
  expect(tested.get(1, 110)).toBe("second");
  const chosen = await send("POST", `/clients/${ENDPOINT}/3442`, { resources: [] });
  expect(chosen).toMatchObject({ status: "CREATED(201)", location: "/3442/2" });
  for (const id of [1, 2]) {
    expect(await send("DELETE", `/clients/${ENDPOINT}/3442/${id}`)).toMatchObject({
      status: "DELETED(202)",
    });
  }
  expect([...tested.instances.ids]).toEqual([0]);
});

test("attributes are written, discovered and removed", async () => {
  const path = `/clients/${ENDPOINT}/3/0/9`;
  expect(await send("PUT", `${path}/attributes?pmin=1&pmax=30`)).toMatchObject({
    status: "CHANGED(204)",
    valid: true,
  });
  const discovered = await send("GET", `${path}/discover`);
  expect(discovered).toMatchObject({
    status: "CONTENT(205)",
    objectLinks: [{ url: "/3/0/9", attributes: { pmin: "1", pmax: "30" } }],
  });
  await send("PUT", `${path}/attributes?pmin&pmax`);
  const { objectLinks } = await send("GET", `/clients/${ENDPOINT}/3/0/discover`);
  expect(objectLinks).toContainEqual({ url: "/3/0/9", attributes: {} });
  expect(objectLinks).toContainEqual({ url: "/3/0/11", attributes: { dim: "1" } });
});

test("an observed value comes as an event, until it is cancelled", async () => {
  const observed = `/clients/${ENDPOINT}/3/0/9/observe`;
  const events = await Events.open();
  const first = await send("POST", `${observed}?timeout=10&format=SENML_CBOR`, "");
  expect(first).toMatchObject({ status: "CONTENT(205)", content: { value: "90" } });
  described.set(0, 9, 55);
  expect(await events.next("NOTIFICATION")).toEqual({
    ep: ENDPOINT,
    kind: "single",
    res: "/3/0/9",
    val: { kind: "singleResource", id: 9, type: "INTEGER", value: "55" },
  });
  expect(await send("DELETE", observed)).toBeUndefined();
  await expect(send("DELETE", `${observed}?active`)).rejects.toThrow("Error 404");
  await events.close();
});

describe("several places at once", () => {
  const composite = (paths = "", more = "") =>
    `/clients/${ENDPOINT}/composite${more}?pathformat=SENML_CBOR&nodeformat=SENML_CBOR&timeout=10${paths && `&paths=${paths}`}`;
  const battery = (value: string) => ({
    kind: "singleResource",
    id: 9,
    type: "INTEGER",
    value,
  });

  test("LwM2M Core 1.2.2 §6.3.8: are read, what is not there is left out", async () => {
    proves("connector", "read-composite");
    described.set(0, 9, 90);
    const { status, valid, content } = await send("GET", composite("/3/0/9,/3442/0/1110,/3/0/77"));
    expect([status, valid]).toEqual(["CONTENT(205)", true]);
    expect(Object.keys(content)).toEqual(["/3/0/9", "/3442/0/1110"]);
    expect(content["/3/0/9"]).toEqual(battery("90"));
    expect(content["/3442/0/1110"]).toMatchObject({ kind: "multiResource", type: "STRING" });
    const whole = await send("GET", composite("/3442/0"));
    expect(whole.content["/3442/0"]).toMatchObject({ kind: "instance", id: 0 });
  });

  test("LwM2M Core 1.2.2 §6.3.9: are written, all or none", async () => {
    proves("connector", "write-composite");
    const written = {
      "/3442/0/110": resource(110, "composite", "string"),
      "/3442/0/1110/1": { id: 1, kind: "resourceInstance", value: "one", type: "string" },
    };
    expect(await send("PUT", composite(), written)).toMatchObject({
      status: "CHANGED(204)",
      valid: true,
    });
    expect([tested.get(0, 110), tested.get(0, 1110, 1)]).toEqual(["composite", "one"]);
    const refused = { ...written, "/3/0/0": resource(0, "Other", "string") };
    refused["/3442/0/110"] = resource(110, "half", "string");
    expect(await send("PUT", composite(), refused)).toMatchObject({ success: false, valid: true });
    expect(tested.get(0, 110)).toBe("composite");
  });

  test("LwM2M Core 1.2.2 §6.4.4: are observed as one, until that is cancelled", async () => {
    proves("connector", "observe-composite");
    const events = await Events.open();
    const observed = composite("/3/0/9,/3442/0/120", "/observe");
    const first = await send("POST", observed);
    expect(first).toMatchObject({ status: "CONTENT(205)", content: { "/3/0/9": battery("90") } });
    described.set(0, 9, 41);
    const { kind, paths, val } = await events.next("NOTIFICATION");
    expect([kind, paths]).toEqual(["composite", ["/3/0/9", "/3442/0/120"]]);
    expect(val["/3/0/9"]).toEqual(battery("41"));
    expect(await send("DELETE", `${observed}&active`)).toMatchObject({
      status: "CONTENT(205)",
      content: { "/3/0/9": battery("41") },
    });
    await expect(send("DELETE", `${observed}&active`)).rejects.toThrow("Error 404");
    await events.close();
  });
});

test("LwM2M Core 1.2.2 §6.4.6: what a device sends of its own accord comes as an event", async () => {
  proves("connector", "send");
  const events = await Events.open("?ep=client_3");
  const client = new ScriptedClient("client_3", connector.coapUrl);
  await client.register();
  const pack =
    '[{"bn":"/3/0/","bt":1700000000,"n":"9","v":50},{"n":"9","v":51,"t":10},{"n":"11/0","v":0}]';
  const format = [uintOption(CONTENT_FORMAT, SENML_JSON)];
  expect((await client.ask(POST, "/dp", [], encodeUtf8(pack), format)).code).toBe(CHANGED);
  expect(await events.next("SEND")).toEqual({
    ep: "client_3",
    val: {
      "/3/0/9": { kind: "singleResource", id: 9, type: "INTEGER", value: "51" },
      "/3/0/11/0": { kind: "resourceInstance", id: 0, type: "INTEGER", value: "0" },
    },
  });
  client.close();
  await events.close();
});

test("LwM2M Core 1.2.2 §6.4.6: a device of ours sends, and it is heard", async () => {
  proves("connector", "send");
  const events = await Events.open(`?ep=${ENDPOINT}`);
  // Mute Send: no device sends before its server has allowed it.
  await put("1/0/23", resource(23, false, "boolean"), "", "TEXT");
  described.set(0, 9, 33);
  expect(device.send(["/3/0/9"])).toBeGreaterThan(0);
  expect(await events.next("SEND")).toEqual({
    ep: ENDPOINT,
    val: { "/3/0/9": { kind: "singleResource", id: 9, type: "INTEGER", value: "33" } },
  });
  await events.close();
});

test("the end of a registration and the next one are told", async () => {
  const events = await Events.open("?ep=client_2");
  const second = new NodeDevice({ server: connector.coapUrl, endpointName: "client_2" });
  second.start(() => {});
  const registered = await events.next("REGISTRATION");
  expect(registered).toMatchObject({ endpoint: "client_2" });
  await second.stop();
  const { endpoint, registrationId } = await events.next("DEREGISTRATION");
  expect([endpoint, registrationId]).toEqual(["client_2", registered.registrationId]);
  await events.close();
});

test("who is not registered, and what is no path, is refused in Leshan's words", async () => {
  await expect(send("GET", "/clients/nobody")).rejects.toThrow(
    "Error 400: No registered client with id 'nobody'",
  );
  await expect(get("3/x")).rejects.toThrow("Error 400: Invalid request: Invalid path");
});

test("the face is not opened where others reach it", async () => {
  const settings = { host: "0.0.0.0", httpPort: 0, coapPort: 0, product: "", log: () => {} };
  const started = DeviceConnector.start({
    ...settings,
    store: new MemoryStore(),
    opensLeshanApi: true,
  });
  await expect(started).rejects.toMatchObject({ code: "connector/open-to-others" });
});

test("all else still wants a credential, and the operator is told what is open", async () => {
  expect(lines).toEqual(["The Leshan API is open to every program on this machine."]);
  for (const path of ["/v2/endpoints", "/api/v2/devices", "/admin/users"]) {
    expect((await fetch(connector.httpUrl + path)).status).toBe(401);
  }
});

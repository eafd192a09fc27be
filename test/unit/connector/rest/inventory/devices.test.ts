import { describe, expect, test } from "vitest";
import { createApiToken } from "../api-token.ts";
import { basic, InventoryBench, PASSWORD, type Put } from "./inventory-bench.ts";

interface List {
  readonly total_count: number;
  readonly Devices: Record<string, unknown>[];
  readonly limit: number;
  readonly offset: number;
}

const LIST = "/api/2.0/devices/";

function namesIn({ Devices }: List): unknown[] {
  return Devices.map(({ name }) => name);
}

async function listed(bench: InventoryBench, query: string): Promise<unknown[]> {
  return namesIn(await bench.got<List>("GET", `${LIST}${query}`));
}

describe("the list of devices", () => {
  test.each([
    LIST,
    "/api/1.0/devices/",
    "/api/1.0/devices/all/",
    "/api/1.0/devices/all",
  ])("is at %s, total_count first and Devices next", async (path) => {
    const bench = await InventoryBench.open();
    bench.givenDevice("a", "</3/0>");
    const answer = await bench.got<List>("GET", path);
    expect(Object.keys(answer)).toEqual(["total_count", "Devices", "limit", "offset"]);
    expect(answer).toMatchObject({ total_count: 1, limit: 1000, offset: 0 });
  });

  test("comes in parts, in an order that stays, numbers echoed as numbers", async () => {
    const bench = await InventoryBench.open();
    for (const name of ["e", "d", "c", "b", "a"]) bench.givenDevice(name);
    const [first, last] = [
      await bench.got<List>("GET", `${LIST}?limit=2&offset=0`),
      await bench.got<List>("GET", `${LIST}?limit=2&offset=4`),
    ];
    expect([namesIn(first), namesIn(last)]).toEqual([["e", "d"], ["a"]]);
    expect(last).toMatchObject({ total_count: 5, limit: 2, offset: 4 });
    expect(await listed(bench, "?offset=5")).toEqual([]);
  });

  test.each([
    "limit=0",
    "limit=2001",
    "limit=-1",
    "limit=x",
    "offset=-1",
    "offset=1.5",
  ])("refuses ?%s instead of cutting it", async (query) => {
    const bench = await InventoryBench.open();
    const [status, text] = await bench.call("GET", `${LIST}?${query}`);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ code: "1", msg: expect.stringMatching(/whole/) });
  });

  test("shows those of the domain only, also in total_count", async () => {
    const bench = await InventoryBench.open();
    bench.givenDomain("acme");
    bench.givenDevice("ours");
    const theirs = bench.givenDevice("theirs", undefined, "acme");
    const answer = await bench.got<List>("GET", LIST);
    expect([answer.total_count, namesIn(answer)]).toEqual([1, ["ours"]]);
    for (const path of [`${LIST}${theirs.id}/`, "/api/1.0/devices/name/theirs/"]) {
      const [foreign, unknown] = [
        await bench.call("GET", path),
        await bench.call("GET", path.replace(/[^/]+\/$/, path.includes("name") ? "x/" : "99/")),
      ];
      expect(foreign).toEqual(unknown);
      expect(foreign[0]).toBe(404);
    }
  });
});

describe("a record", () => {
  test("shows what a device told of itself, where it is, and that it is there", async () => {
    const bench = await InventoryBench.open();
    bench.givenDevice("a", "</3/0>");
    tell(bench, "a", "/3/0/0", "Acme");
    tell(bench, "a", "/3/0/2", "345000123");
    const [record] = (await bench.got<List>("GET", LIST)).Devices;
    expect(record).toMatchObject({
      id: 1,
      device_id: 1,
      name: "a",
      type: "physical",
      manufacturer: "Acme",
      serial_no: "345000123",
      in_service: true,
      is_it_switch: "no",
      tags: [],
      custom_fields: [],
      mac_addresses: [],
      ip_addresses: [{ ip: "127.0.0.1" }],
      last_updated: "2026-01-01T00:00:00.000000Z",
      uuid: "",
    });
  });

  test("has null for what is blank with blankasnull=yes, and chosen columns with include_cols", async () => {
    const bench = await InventoryBench.open();
    bench.givenDevice("a");
    const [record] = (await bench.got<List>("GET", `${LIST}?blankasnull=yes`)).Devices;
    expect(record).toMatchObject({ uuid: null, os: null, ram: null, building: null, tags: [] });
    const few = await bench.got<List>("GET", `${LIST}?include_cols=name%20,%20device_id`);
    expect(few.Devices).toEqual([{ device_id: 1, name: "a" }]);
  });

  test("is found by id, name and serial number", async () => {
    const bench = await InventoryBench.open();
    bench.givenDevice("urn:dev:os:1-2", "</3/0>");
    tell(bench, "urn:dev:os:1-2", "/3/0/2", "S/N 1");
    for (const path of [
      "/api/1.0/devices/id/1/",
      "/api/1.0/devices/1/",
      "/api/2.0/devices/1/",
      "/api/1.0/devices/name/urn:dev:os:1-2/",
      "/api/1.0/devices/name/urn%3Adev%3Aos%3A1-2/",
      "/api/1.0/devices/serial/S%2FN%201/",
    ]) {
      expect(await bench.got("GET", path), path).toMatchObject({ id: 1, name: "urn:dev:os:1-2" });
    }
    for (const path of ["/api/1.0/devices/id/2/", "/api/2.0/devices/x/", "/api/2.0/devices/01/"]) {
      expect((await bench.call("GET", path))[0], path).toBe(404);
    }
  });

  test("keeps what was told while the device is away", async () => {
    const bench = await InventoryBench.open();
    bench.givenDevice("a", "</3/0>");
    tell(bench, "a", "/3/0/0", "Acme");
    bench.devices.deregister("a");
    const [record] = (await bench.got<List>("GET", LIST)).Devices;
    expect(record).toMatchObject({ manufacturer: "Acme", in_service: false, ip_addresses: [] });
  });
});

describe("a filter lets through", () => {
  async function given(): Promise<InventoryBench> {
    const bench = await InventoryBench.open();
    await bench.got("POST", "/api/1.0/buildings/", "name=HQ");
    bench.givenDevice("here", "</3/0>");
    bench.now += 86_400_000;
    bench.givenDevice("away");
    const fields =
      "serial_no=AB12&uuid=u-1&tags=red,green&customer=Acme&type=virtual&building=HQ&hardware=X1&asset_no=7";
    await bench.got("PUT", `${LIST}2/`, fields);
    await bench.got("PUT", "/api/1.0/device/custom_field/", "name=away&key=floor&value=2");
    return bench;
  }

  test.each([
    ["name=away", ["away"]],
    ["name=AWAY", []],
    ["device_id=1", ["here"]],
    ["type=virtual", ["away"]],
    ["type=PHYSICAL", ["here"]],
    ["customer=Acme", ["away"]],
    ["in_service=yes", ["here"]],
    ["in_service=no", ["away"]],
    ["tags=red,blue", ["away"]],
    ["tags_and=red,green", ["away"]],
    ["tags_and=red,blue", []],
    ["serial_no=AB12", ["away"]],
    ["serial_no=AB", []],
    ["serial_no_contains=B1", ["away"]],
    ["uuid=u-1", ["away"]],
    ["asset_no=7", ["away"]],
    ["hardware=X0,X1", ["away"]],
    ["building=HQ", ["away"]],
    ["building_id=1", ["away"]],
    ["building_id=2", []],
    ["first_added_lt=2026-01-02", ["here"]],
    ["first_added_gt=2026-01-02", ["away"]],
    ["last_updated_gt=2026-01-02", ["away"]],
    ["last_updated_lt=2026-01-02", ["here"]],
    ["custom_fields_and=floor:2", ["away"]],
    ["custom_fields_and=floor:2,room:1", []],
    ["custom_fields_or=floor:2,room:1", ["away"]],
    ["rack_id=1", []],
    ["type=virtual&in_service=yes", []],
    ["_=1700000000", ["here", "away"]],
    ["name=", ["here", "away"]],
  ])("?%s", async (query, names) => {
    const bench = await given();
    const answer = await bench.got<List>("GET", `${LIST}?${query}`);
    expect([namesIn(answer), answer.total_count]).toEqual([names, names.length]);
  });

  test.each([
    "in_service=maybe",
    "last_updated_gt=yesterday",
    "first_added_lt=2026-13-01",
    "custom_fields_or=x",
  ])("nothing by ?%s, which cannot be read", async (query) => {
    const [status, text] = await (await given()).call("GET", `${LIST}?${query}`);
    expect([status, JSON.parse(text).code]).toEqual([400, "1"]);
  });
});

describe("a device is put", () => {
  test.each([
    "/api/2.0/devices/",
    "/api/1.0/devices/",
    "/api/1.0/device/",
  ])("at %s: made, updated, or left as it is", async (path) => {
    const bench = await InventoryBench.open();
    const put = (body: string) => bench.got<Put>("POST", path, body);
    const what = "device added or updated";
    expect(await put("name=a&serial_no=1")).toEqual({ msg: [what, 1, "a", true, true], code: 0 });
    expect((await put("name=a&serial_no=2")).msg).toEqual([what, 1, "a", true, false]);
    expect((await put("name=a&serial_no=2")).msg).toEqual([what, 1, "a", false, false]);
  });

  test("with JSON as with a form", async () => {
    const bench = await InventoryBench.open();
    await bench.got("POST", LIST, { name: "a", memory: 512, in_service: true, tags: ["x", "y"] });
    const [record] = (await bench.got<List>("GET", LIST)).Devices;
    expect(record).toMatchObject({ ram: 512, in_service: true, tags: ["x", "y"] });
  });

  test("with tags added and removed, and fields taken away by a blank", async () => {
    const bench = await InventoryBench.open();
    await bench.got("POST", LIST, "name=a&tags=x,y&notes=n");
    await bench.got("POST", "/api/1.0/device/", "name=a&tags_remove=x&tags=z&notes=");
    const record = await bench.got("GET", `${LIST}1/`);
    expect(record).toMatchObject({ tags: ["y", "z"], notes: "" });
  });

  test("and told which fields have no place", async () => {
    const bench = await InventoryBench.open();
    const answer = await bench.got<Put>("POST", LIST, "name=a&rack=7&notes=n");
    expect(answer.ignored).toEqual(["rack"]);
  });

  test("durably, before it is answered", async () => {
    const bench = await InventoryBench.open();
    const before = bench.commits;
    await bench.got("POST", LIST, "name=a");
    expect(bench.commits).toBe(before + 1);
  });

  test.each([
    ["no name", "serial_no=1", /name is required/],
    ["a name that no device can have", "name=a/b", /endpoint name/],
    ["a type that there is not", "name=a&type=toaster", /physical, virtual/],
    ["a flag that is none", "name=a&in_service=maybe", /yes or no/],
    ["a number that is none", "name=a&memory=lots", /number/],
    ["a building that there is not", "name=a&building=HQ", /no building HQ/],
    ["another name", "name=a&new_name=b", /name of its own/],
    ["too long a text", `name=a&notes=${"x".repeat(10_001)}`, /10000 characters/],
    ["too many tags", `name=a&tags=${Array.from({ length: 101 }, (_, i) => i).join(",")}`, /100/],
  ])("not with %s, and then none is made", async (_, body, reason) => {
    const bench = await InventoryBench.open();
    const [status, text] = await bench.call("POST", LIST, body);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toEqual({ msg: expect.stringMatching(reason), code: "1" });
    expect(bench.access.devices.size).toBe(0);
  });

  test.each([
    ["JSON that is none", "{"],
    ["JSON that is no object", "[1]"],
    ["JSON with an object inside", '{"name":{"a":1}}'],
    ["JSON with __proto__", '{"name":"a","__proto__":{"x":1}}'],
  ])("not with %s", async (_, body) => {
    const bench = await InventoryBench.open();
    const headers = { "content-type": "application/json" };
    expect((await bench.call("POST", LIST, body, headers))[0]).toBe(400);
  });

  test("not with more than can be kept of one device", async () => {
    const bench = await InventoryBench.open();
    await bench.got("POST", LIST, `name=a&notes=${"x".repeat(9000)}`);
    const [status] = await bench.call("POST", LIST, `name=a&os=${"x".repeat(9000)}`);
    expect(status).toBe(400);
    expect(await bench.got("GET", `${LIST}1/`)).toMatchObject({ os: "" });
  });
});

describe("a device is deleted", () => {
  test("with its registration, its claims and what was written down", async () => {
    const bench = await InventoryBench.open();
    bench.givenDevice("a", "</3/0>");
    tell(bench, "a", "/3/0/0", "Acme");
    expect(await bench.got("DELETE", `${LIST}1/`)).toEqual({ deleted: "true", id: "1" });
    expect(bench.gateway.registration("a")).toBeUndefined();
    expect((await bench.call("GET", `${LIST}1/`))[0]).toBe(404);
    bench.now += 1000;
    bench.givenDevice("a", "</3/0>");
    const [record] = (await bench.got<List>("GET", LIST)).Devices;
    expect(record).toMatchObject({ name: "a", manufacturer: "" });
  });
});

describe("permissions", () => {
  const REFUSED = `{"msg":"You don't have permissions to access this resource.","code":"1"}`;

  test("that are missing are 403 with the words that clients know", async () => {
    const bench = await InventoryBench.open([]);
    expect(await bench.call("GET", LIST)).toEqual([403, REFUSED]);
  });

  test("to add are none to change, and the other way round", async () => {
    const adder = await InventoryBench.open(["add device"]);
    await adder.got("POST", LIST, "name=a");
    expect(await adder.call("POST", LIST, "name=a&notes=n")).toEqual([403, REFUSED]);
    expect((await adder.call("PUT", `${LIST}1/`, "notes=n"))[0]).toBe(403);
    const changer = await InventoryBench.open(["change device"]);
    changer.givenDevice("a");
    await changer.got("PUT", `${LIST}1/`, "notes=n");
    await changer.got("PUT", "/api/1.0/device/", "name=a&notes=m");
    expect((await changer.call("POST", LIST, "name=b"))[0]).toBe(403);
    expect((await changer.call("PUT", "/api/1.0/device/", "name=b"))[0]).toBe(404);
  });

  test("are those of the token's owner at this moment", async () => {
    const bench = await InventoryBench.open();
    const owner = await bench.givenUser("scripts", { permissions: ["view device"] });
    bench.authorization = `Bearer ${await createApiToken(bench, owner)}`;
    await bench.got("GET", LIST);
    expect((await bench.call("POST", LIST, "name=a"))[0]).toBe(403);
    bench.access.users.put({ ...owner, permissions: ["add device"] });
    await bench.got("POST", LIST, "name=a");
    expect((await bench.call("GET", LIST))[0]).toBe(403);
  });
});

describe("who is nobody here", () => {
  test.each<[string, (bench: InventoryBench) => string]>([
    ["no credential", () => ""],
    ["a wrong password", () => basic("operator", "wrong")],
    ["an unknown name", () => basic("nobody", PASSWORD)],
    ["an access key", (bench) => `Bearer ${bench.key}`],
    ["half a token", () => "Bearer a.b"],
  ])("%s: 401, one body, and told how to log in", async (_, authorizationOf) => {
    const bench = await InventoryBench.open();
    const response = await bench.fetch("GET", LIST, {
      headers: { authorization: authorizationOf(bench) },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^Basic realm=/);
    expect(await response.text()).toBe(
      `{"msg":"A valid token, or a user's name and password, is needed.","code":"1"}`,
    );
  });

  test("a customer, who logs in elsewhere", async () => {
    const bench = await InventoryBench.open();
    await bench.givenUser("anna@example.com", { role: "customer" });
    bench.authorization = basic("anna@example.com", PASSWORD);
    expect((await bench.call("GET", LIST))[0]).toBe(401);
  });
});

test("a path that there is not is 404 in the same form, whoever asks", async () => {
  const bench = await InventoryBench.open();
  bench.authorization = "";
  const [status, text] = await bench.call("GET", "/api/1.0/racks/");
  expect([status, JSON.parse(text)]).toEqual([404, { msg: expect.any(String), code: "1" }]);
});

test("addresses lead to the devices behind them", async () => {
  const bench = await InventoryBench.open();
  bench.givenDevice("a", "</3/0>");
  bench.givenDevice("b", "</3/0>");
  bench.givenDevice("away");
  const answer = await bench.got("GET", "/api/2.0/ips/?ip=127.0.0.1");
  expect(answer).toMatchObject({
    total_count: 1,
    ips: [{ ip: "127.0.0.1", devices: [{ device_id: 1 }, { device_id: 2, name: "b" }] }],
  });
  expect(await bench.got("GET", "/api/1.0/ips/?ip=192.0.2.9")).toMatchObject({ ips: [] });
});

/** A device answers a read of one of its texts. */
function tell(bench: InventoryBench, endpointName: string, path: string, text: string): void {
  bench.handle({
    kind: "notification",
    endpointName,
    path,
    payload: new Uint8Array(Buffer.from(text)),
    contentFormat: 0,
    maxAge: 0,
  });
}

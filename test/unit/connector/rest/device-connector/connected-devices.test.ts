import { beforeEach, expect, test } from "vitest";
import {
  isFilterRefusal,
  parseDeviceFilter,
} from "../../../../../connector/rest/device-connector/device-filter.ts";
import { RestBench } from "../bench.ts";
import { FakeDevices } from "../fake-devices.ts";

interface Listed {
  readonly data: { readonly id: string; readonly state: string }[];
  readonly has_more: boolean;
  readonly total_count?: number;
}

let devices: FakeDevices;
let bench: RestBench;

beforeEach(() => {
  devices = new FakeDevices();
  bench = new RestBench(devices);
  for (const [name, endpointType] of [
    ["lamp-1", "Light"],
    ["lamp-2", "Light"],
    ["meter", "Meter"],
  ]) {
    const registration = devices.register(name, "</dev/temp>", { endpointType });
    bench.access.devices.handleRegistration(registration, 1_700_000_000_000);
  }
  devices.deregister("lamp-2");
});

async function list(query: string): Promise<Listed> {
  const [status, text] = await bench.ask("GET", `/v3/devices/${query}`);
  expect([query, status]).toEqual([query, 200]);
  return JSON.parse(text);
}

const ids = ({ data }: Listed) => data.map(({ id }) => id);

test("devices on record are listed, registered or not, under their endpoint names", async () => {
  const listed = await list("");
  expect(listed).toMatchObject({ object: "list", limit: 50, order: "ASC", has_more: false });
  expect(listed.data[0]).toMatchObject({
    object: "device",
    id: "lamp-1",
    endpoint_name: "lamp-1",
    endpoint_type: "Light",
    state: "registered",
    created_at: "2023-11-14T22:13:20.000Z",
  });
  expect(listed.data.map(({ state }) => state)).toEqual([
    "registered",
    "deregistered",
    "registered",
  ]);
});

test("a filter lets pass what fits in all its fields", async () => {
  const filtered = async (filter: string) =>
    ids(await list(`?filter=${encodeURIComponent(filter)}`));
  expect(await filtered("state=registered")).toEqual(["lamp-1", "meter"]);
  expect(await filtered("state__eq=registered&endpoint_type=Light")).toEqual(["lamp-1"]);
  expect(await filtered("state__neq=registered")).toEqual(["lamp-2"]);
  expect(await filtered("id__in=meter,lamp-2,nobody")).toEqual(["lamp-2", "meter"]);
  expect(await filtered("name__nin=meter,lamp-2")).toEqual(["lamp-1"]);
});

test("pages follow each other by the last id, in either order", async () => {
  const first = await list("?limit=2&include=total_count");
  expect([ids(first), first.has_more, first.total_count]).toEqual([["lamp-1", "lamp-2"], true, 3]);
  const second = await list("?limit=2&after=lamp-2");
  expect([ids(second), second.has_more, second.total_count]).toEqual([["meter"], false, undefined]);
  expect(ids(await list("?order=DESC&limit=2"))).toEqual(["meter", "lamp-2"]);
});

test("one device, with and without the trailing slash", async () => {
  const [status, text] = await bench.ask("GET", "/v3/devices/meter/");
  expect([status, JSON.parse(text).endpoint_type]).toEqual([200, "Meter"]);
});

test("devices of another domain are neither listed nor shown, nor counted", async () => {
  const { domains, devices: records } = bench.access;
  const domain = { ...domains.get("default")!, id: "other", name: "other" };
  domains.put(domain);
  records.create("other", "foreign", undefined, 0);
  const listed = await list("?include=total_count");
  expect([ids(listed).includes("foreign"), listed.total_count]).toEqual([false, 3]);
  const [foreign, unknown] = [
    await bench.ask("GET", "/v3/devices/foreign"),
    await bench.ask("GET", "/v3/devices/nobody"),
  ];
  expect(foreign).toEqual(unknown);
  expect(foreign[0]).toBe(404);
});

test("errors are objects of the successor's form", async () => {
  const cases: [path: string, status: number, type: string][] = [
    ["/v3/devices/nobody", 404, "not_found"],
    ["/v3/devices/%FF", 404, "not_found"],
    ["/v3/nothing", 404, "not_found"],
    ["/v3/devices?limit=0", 400, "validation_error"],
    ["/v3/devices?limit=1.5", 400, "validation_error"],
    ["/v3/devices?limit=1001", 400, "validation_error"],
    ["/v3/devices?order=up", 400, "validation_error"],
    ["/v3/devices?after=nobody", 400, "validation_error"],
    ["/v3/devices?filter=color%3Dred", 400, "validation_error"],
    ["/v3/devices?filter=state__like%3Dr", 400, "validation_error"],
  ];
  for (const [path, status, type] of cases) {
    const [found, text] = await bench.ask("GET", path);
    expect([path, found]).toEqual([path, status]);
    expect(JSON.parse(text)).toMatchObject({ object: "error", code: status, type });
  }
  const response = await bench.fetch("GET", "/v3/devices", { headers: { authorization: "" } });
  expect([response.status, ((await response.json()) as { type: string }).type]).toEqual([
    401,
    "invalid_auth",
  ]);
});

test("a filter is bounded", () => {
  const many = Array.from({ length: 21 }, () => "state=registered").join("&");
  expect(isFilterRefusal(parseDeviceFilter(many))).toBe(true);
  expect(isFilterRefusal(parseDeviceFilter(`id__in=${",".repeat(1000)}`))).toBe(true);
});

import { describe, expect, test } from "vitest";
import { InventoryBench, type Put } from "./inventory-bench.ts";

const BUILDINGS = "/api/1.0/buildings/";
const WHAT = "Building added/updated successfully";

describe("a building is put", () => {
  test("by name: made, changed, or left as it is", async () => {
    const bench = await InventoryBench.open();
    const put = async (body: string) => (await bench.got<Put>("POST", BUILDINGS, body)).msg;
    expect(await put("name=Head-office&address=NY")).toEqual([WHAT, 1, "Head-office", true, true]);
    expect(await put("name=Head-office&address=LA")).toEqual([WHAT, 1, "Head-office", true, false]);
    expect(await put("name=Head-office")).toEqual([WHAT, 1, "Head-office", false, false]);
    expect(await put("name=Other")).toEqual([WHAT, 2, "Other", true, true]);
  });

  test("in exactly the form that importers read", async () => {
    const bench = await InventoryBench.open();
    const [, text] = await bench.call("POST", BUILDINGS, "name=HQ");
    expect(text).toBe(`{"msg":["${WHAT}",1,"HQ",true,true],"code":0}`);
  });

  test("with all that Device42 knows of one", async () => {
    const bench = await InventoryBench.open();
    const body =
      "name=HQ&address=1+Main+St&contact_name=Roger&contact_phone=%2B1+555&notes=n&groups=Prod%3Ano&tags=a,b&latitude=30";
    await bench.got("POST", BUILDINGS, body);
    expect(await bench.got("GET", `${BUILDINGS}1/`)).toEqual({
      building_id: 1,
      id: 1,
      name: "HQ",
      address: "1 Main St",
      contact_name: "Roger",
      contact_phone: "+1 555",
      notes: "n",
      groups: "Prod:no",
      latitude: "30",
      longitude: "",
      tags: ["a", "b"],
      custom_fields: [],
      last_updated: "2026-01-01T00:00:00.000000Z",
    });
  });

  test("by id, with another name if it is free", async () => {
    const bench = await InventoryBench.open();
    await bench.got("POST", BUILDINGS, "name=A&notes=n");
    await bench.got("POST", BUILDINGS, "name=B");
    const changed = await bench.got<Put>("PUT", `${BUILDINGS}1/`, "name=C");
    expect(changed.msg).toEqual([WHAT, 1, "C", true, false]);
    expect(await bench.got("GET", `${BUILDINGS}1/`)).toMatchObject({ name: "C", notes: "n" });
    expect((await bench.call("PUT", `${BUILDINGS}1/`, "name=B"))[0]).toBe(409);
    expect((await bench.call("POST", BUILDINGS, "name=C&new_name=B"))[0]).toBe(409);
    expect((await bench.got<Put>("POST", BUILDINGS, "name=A")).msg[1]).toBe(3);
  });

  test.each([
    ["no name", "address=NY"],
    ["a blank name", "name=+&address=NY"],
    ["a long name", `name=${"x".repeat(256)}`],
    ["too much", `name=A&notes=${"x".repeat(17_000)}`],
    ["too many tags", `name=A&tags=${Array.from({ length: 101 }, (_, i) => i).join(",")}`],
  ])("not with %s", async (_, body) => {
    const bench = await InventoryBench.open();
    const [status, text] = await bench.call("POST", BUILDINGS, body);
    expect([status, JSON.parse(text).code]).toEqual([400, "1"]);
    expect([...bench.inventory.buildings.of("default")]).toEqual([]);
  });

  test("not with a body beyond measure", async () => {
    const bench = await InventoryBench.open();
    const [status] = await bench.call("POST", BUILDINGS, `name=A&notes=${"x".repeat(300_000)}`);
    expect(status).toBe(413);
  });

  test("durably, before it is answered", async () => {
    const bench = await InventoryBench.open();
    const before = bench.commits;
    await bench.got("POST", BUILDINGS, "name=A");
    expect(bench.commits).toBe(before + 1);
  });
});

test("buildings are listed, one by its name", async () => {
  const bench = await InventoryBench.open();
  for (const name of ["B", "A"]) await bench.got("POST", BUILDINGS, { name });
  expect(await bench.got("GET", BUILDINGS)).toMatchObject({
    buildings: [
      { building_id: 1, name: "B" },
      { building_id: 2, name: "A" },
    ],
  });
  const named = await bench.got<{ buildings: unknown[] }>("GET", `${BUILDINGS}?name=A`);
  expect(named.buildings).toMatchObject([{ building_id: 2 }]);
  expect(await bench.got("GET", `${BUILDINGS}?name=X`)).toMatchObject({ buildings: [] });
});

test("a deleted building is in no device's record any more, and its id is not given again", async () => {
  const bench = await InventoryBench.open();
  await bench.got("POST", BUILDINGS, "name=A");
  bench.givenDevice("a");
  await bench.got("PUT", "/api/2.0/devices/1/", "building_id=1");
  expect(await bench.got("GET", "/api/2.0/devices/1/")).toMatchObject({ building: "A" });
  expect(await bench.got("DELETE", `${BUILDINGS}1/`)).toEqual({ deleted: "true", id: "1" });
  expect((await bench.call("DELETE", `${BUILDINGS}1/`))[0]).toBe(404);
  expect((await bench.got<Put>("POST", BUILDINGS, "name=B")).msg[1]).toBe(2);
  expect(await bench.got("GET", "/api/2.0/devices/1/")).toMatchObject({ building: "" });
});

test("a building of another domain is as if it were not there", async () => {
  const bench = await InventoryBench.open();
  bench.givenDomain("acme");
  bench.inventory.buildings.create("id-of-acme", "HQ", {}, 0);
  for (const method of ["GET", "PUT", "DELETE"]) {
    expect(
      (await bench.call(method, `${BUILDINGS}1/`, method === "PUT" ? "notes=n" : undefined))[0],
    ).toBe(404);
  }
  expect(await bench.got("GET", BUILDINGS)).toMatchObject({ total_count: 0 });
  bench.givenDevice("a");
  expect((await bench.call("PUT", "/api/2.0/devices/1/", "building_id=1"))[0]).toBe(400);
  expect((await bench.got<Put>("POST", BUILDINGS, "name=HQ")).msg).toEqual([
    WHAT,
    2,
    "HQ",
    true,
    true,
  ]);
});

test("to make one by name is no permission to change one", async () => {
  const bench = await InventoryBench.open(["add building"]);
  await bench.got("POST", BUILDINGS, "name=A");
  expect((await bench.call("POST", BUILDINGS, "name=A&notes=n"))[0]).toBe(403);
});

test("custom fields are set, changed and removed, for buildings as for devices", async () => {
  const bench = await InventoryBench.open();
  bench.givenDevice("a");
  await bench.got("POST", BUILDINGS, "name=A");
  for (const [path, record] of [
    ["/api/1.0/custom_fields/building/", `${BUILDINGS}1/`],
    ["/api/1.0/custom_fields/device/", "/api/2.0/devices/1/"],
  ]) {
    const put = (body: string) => bench.got<Put>("PUT", path, `id=1&${body}`);
    const shown = async () => (await bench.got(`GET`, record)).custom_fields;
    expect((await put("key=k&value=v&notes=n")).msg.slice(3)).toEqual([true, true]);
    expect((await put("key=k&value=v&notes=n")).msg.slice(3)).toEqual([false, false]);
    await put("key=k&value=w&bulk_fields=x:1,y:2");
    expect(await shown()).toEqual([
      { key: "k", value: "w", notes: "" },
      { key: "x", value: "1", notes: "" },
      { key: "y", value: "2", notes: "" },
    ]);
    await put("key=k&clear_value=yes");
    expect(await shown()).toHaveLength(2);
    expect((await bench.call("PUT", path, "id=1&value=v"))[0]).toBe(400);
    expect((await bench.call("PUT", path, "id=9&key=k&value=v"))[0]).toBe(404);
  }
});

test("tags are those in use, sorted, in parts", async () => {
  const bench = await InventoryBench.open();
  await bench.got("POST", BUILDINGS, "name=A&tags=red,blue");
  await bench.got("POST", "/api/2.0/devices/", "name=a&tags=red,green");
  expect(await bench.got("GET", "/api/1.0/tags/?limit=1")).toEqual({
    total_count: 3,
    tags: [{ name: "blue" }],
    limit: 1,
    offset: 0,
  });
  await bench.got("DELETE", `${BUILDINGS}1/`);
  expect(await bench.got("GET", "/api/1.0/tags/")).toMatchObject({
    tags: [{ name: "green" }, { name: "red" }],
  });
});

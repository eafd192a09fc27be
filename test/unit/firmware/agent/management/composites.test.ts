/** Operations on several places at once (LwM2M Core 1.2.2 §6.3.8, §6.3.9, §6.4.4, §6.4.5). */
import { describe, expect, test } from "vitest";
import type { AgentConfiguration } from "../../../../../firmware/agent/agent.ts";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../../../protocol/coap/content-formats.ts";
import { SENML_ETCH_CBOR_PATHS } from "../../../../../protocol/content/senml-cbor-etch.ts";
import { SENML_ETCH_JSON_PATHS } from "../../../../../protocol/content/senml-json-etch.ts";
import { DEVICE } from "../../../../../protocol/model/objects/device.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import type { Path } from "../../../../../protocol/model/path.ts";
import { parsePath } from "../../../../../protocol/model/path.ts";
import type { Question } from "../../../../support/agent-pair.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { coapSettings, countingRandom } from "../../../../support/coap-pair.ts";
import { proves } from "../../../../support/proves.ts";

const SENSOR_VALUE = 5700;
const UNITS = 5701;
const APPLICATION_TYPE = 5750;
const PORTFOLIO_IDENTITY = 0;

/** As Portfolio (16): a multiple resource that may be written. */
const PORTFOLIO = {
  id: 16,
  version: "1.0",
  multiple: true,
  mandatory: false,
  resources: [PORTFOLIO_IDENTITY, 1 | 16 | 32 | 128 | 256, 1, 64],
};

function given(
  version: "1.0" | "1.1" | "1.2" = "1.2",
  configuration: Partial<AgentConfiguration> = {},
) {
  const sensor = new LwM2mObject(TEMPERATURE);
  sensor.create(0, { [SENSOR_VALUE]: 21.5, [UNITS]: "Cel", [APPLICATION_TYPE]: "room" });
  const device = new LwM2mObject(DEVICE);
  device.create(0, { 0: "Dormouse", 4: true, 11: [0], 13: 0, 16: "U" });
  const portfolio = new LwM2mObject(PORTFOLIO);
  portfolio.create(0, { [PORTFOLIO_IDENTITY]: ["a", "b"] });
  const objects = [device, portfolio, sensor];
  const usual = { version, objects, codecs: ALL_CODECS, lifetime: 0 };
  const pair = new AgentPair({ ...usual, ...configuration }).started();
  return { pair, server: pair.server, sensor, device, portfolio };
}

const paths = (...texts: string[]): Path[] => texts.map((text) => parsePath(text) as Path);

/** A FETCH of these paths, answered in SenML JSON. */
function asking(...texts: string[]): Question {
  const payload = SENML_ETCH_JSON_PATHS.encode(paths(...texts));
  return { format: SENML_ETCH_JSON, accept: SENML_JSON, payload };
}

/** `name=value` of each record of a SenML JSON pack. */
function values(text: string): string[] {
  let base = "";
  return (JSON.parse(text) as Record<string, unknown>[]).map((record) => {
    if (record.bn !== undefined) base = record.bn as string;
    const value = record.v ?? record.vs ?? record.vb ?? record.vd ?? record.vlo;
    return `${base}${record.n ?? ""}=${value}`;
  });
}

const changes = (...records: object[]) => JSON.stringify(records);

describe("LwM2M Core 1.2.2 §6.3.8: Read-Composite", () => {
  const read = (...texts: string[]) => {
    const answer = given().server.ask(codes.FETCH, "/", asking(...texts));
    expect(answer).toMatchObject({ code: "2.05", format: SENML_JSON });
    return values(answer.text);
  };

  test("gives several places of several objects in tree order", () => {
    proves("device", "read-composite");
    expect(read("/3303/0/5700", "/3/0/0", "/16/0/0/1")).toEqual([
      "/3/0/0=Dormouse",
      "/16/0/0/1=b",
      "/3303/0/5700=21.5",
    ]);
  });

  test("leaves out what is absent, executable or hidden", () => {
    proves("device", "read-composite", "hidden-objects");
    const asked = ["/3/0/4", "/3/0/99", "/3/7", "/999", "/0", "/21/0", "/3303/0/5700/0", "/3/0/16"];
    expect(read(...asked)).toEqual(["/3/0/16=U"]);
    expect(read("/999/0/1")).toEqual([]);
  });

  test("tells a place once, however often it is asked for", () => {
    expect(read("/16/0/0/1", "/16/0", "/16/0/0", "/16")).toEqual(["/16/0/0/0=a", "/16/0/0/1=b"]);
  });

  test("gives everything at the root but what is hidden", () => {
    const everything = read("/");
    expect(everything).toContain("/1/0/0=1");
    expect(everything).toContain("/3303/0/5701=Cel");
    expect(everything.filter((one) => one.startsWith("/0/"))).toEqual([]);
  });

  test.each([
    [SENML_ETCH_JSON, SENML_JSON],
    [SENML_JSON, SENML_JSON],
    [SENML_ETCH_CBOR, SENML_CBOR],
    [SENML_CBOR, SENML_CBOR],
  ])("a question in %i is answered in %i when nothing else is asked for", (format, answered) => {
    const codec = answered === SENML_JSON ? SENML_ETCH_JSON_PATHS : SENML_ETCH_CBOR_PATHS;
    const payload = codec.encode(paths("/3/0/0"));
    const answer = given().server.ask(codes.FETCH, "/", { format, payload });
    expect(answer).toMatchObject({ code: "2.05", format: answered });
  });

  test("answers in LwM2M CBOR from 1.2 on", () => {
    const question = { ...asking("/3/0/16"), accept: LWM2M_CBOR };
    const answer = given().server.ask(codes.FETCH, "/", question);
    expect(answer).toMatchObject({ code: "2.05", format: LWM2M_CBOR });
    expect(Buffer.from(answer.payload).toString("hex")).toBe("a1830300106155");
    expect(given("1.1").server.ask(codes.FETCH, "/", question).code).toBe("4.06");
  });

  test.each([
    ["4.15", { ...asking("/3"), format: TLV }, "paths in TLV"],
    ["4.15", { ...asking("/3"), format: LWM2M_CBOR }, "paths in LwM2M CBOR"],
    ["4.15", { ...asking("/3"), format: undefined }, "paths in no format"],
    ["4.06", { ...asking("/3"), accept: TLV }, "an answer in TLV"],
    ["4.06", { ...asking("/3"), accept: SENML_ETCH_JSON }, "an answer in SenML-ETCH"],
    ["4.00", { ...asking("/3"), payload: "[" }, "half a pack"],
    ["4.00", { ...asking("/3"), payload: '[{"n":"/3","v":1}]' }, "values instead of paths"],
    ["4.00", { ...asking("/3"), payload: '[{"n":"/65535"}]' }, "an id that nothing may have"],
    ["4.00", { ...asking("/3"), payload: "" }, "no pack"],
    ["4.00", { ...asking("/3"), payload: "[]" }, "no paths"],
  ])("LwM2M Transport 1.2.2 §6.7: %s %# for %j", (code, question, _why) => {
    expect(given().server.ask(codes.FETCH, "/", question as Question).code).toBe(code);
  });

  test("is none of LwM2M 1.0, and nothing else is asked of the root", () => {
    expect(given("1.0").server.ask(codes.FETCH, "/", asking("/3")).code).toBe("4.05");
    expect(given().server.read("/").code).toBe("4.05");
  });

  test("is called by its name in events", () => {
    const { pair, server } = given();
    pair.eventLines();
    server.ask(codes.FETCH, "/", asking("/3/0/0"));
    expect(pair.eventLines()).toEqual(["Read-Composite / -> 2.05"]);
  });
});

describe("LwM2M Core 1.2.2 §6.3.9: Write-Composite", () => {
  test("writes several objects, and keeps what it does not name", () => {
    proves("device", "write-composite");
    const { server, sensor, portfolio, pair } = given();
    const payload = changes(
      { n: "/1/0/2", v: 5 },
      { n: "/16/0/0/1", vs: "c" },
      { n: "/3303/0/5750", vs: "hall" },
    );
    expect(server.ask(codes.IPATCH, "/", { format: SENML_JSON, payload }).code).toBe("2.04");
    expect(pair.agent.servers.get(0, 2)).toBe(5);
    expect(portfolio.get(0, PORTFOLIO_IDENTITY, 0)).toBe("a");
    expect(portfolio.get(0, PORTFOLIO_IDENTITY, 1)).toBe("c");
    expect(sensor.get(0, APPLICATION_TYPE)).toBe("hall");
  });

  test.each([
    ["4.05", { n: "/3303/0/5700", v: 1 }, "a read-only resource"],
    ["4.05", { n: "/3/0/4", v: 1 }, "an executable"],
    ["4.04", { n: "/3/0/99", v: 1 }, "no such resource"],
    ["4.04", { n: "/3303/5/5750", vs: "x" }, "no such instance"],
    ["4.04", { n: "/999/0/1", v: 1 }, "no such object"],
    ["4.01", { n: "/0/0/0", vs: "coap://evil" }, "Security"],
    ["4.00", { n: "/1/0/1", v: -1 }, "a value that the object refuses"],
    ["4.00", { n: "/3303/0/5750", v: 7 }, "a number for text"],
    ["4.00", { n: "/16/0/0", vs: "x" }, "a multiple resource as one"],
    ["4.00", { n: "/16/0/0/0", vs: "twice" }, "a place twice"],
  ])("is atomic: %s for %j, and nothing is written", (code, wrong, _why) => {
    const { server, portfolio } = given();
    const payload = changes({ n: "/16/0/0/0", vs: "new" }, wrong);
    expect(server.ask(codes.IPATCH, "/", { format: SENML_JSON, payload }).code).toBe(code);
    expect(portfolio.get(0, PORTFOLIO_IDENTITY, 0)).toBe("a");
  });

  test.each(["", "[]"])("RFC 8790 §3.2: a pack without records is 4.00: %j", (payload) => {
    const { server } = given();
    for (const format of [SENML_JSON, SENML_ETCH_JSON]) {
      expect(server.ask(codes.IPATCH, "/", { format, payload }).code).toBe("4.00");
    }
  });

  test("LwM2M Core 1.2.2 §7.5.6: null in SenML-ETCH removes a resource instance", () => {
    proves("device", "senml-etch");
    const { server, portfolio } = given();
    const payload = changes(
      { n: "/16/0/0/0", v: null },
      { n: "/16/0/0/5", v: null },
      { n: "/16/0/0/7", vs: "z" },
    );
    expect(server.ask(codes.IPATCH, "/", { format: SENML_ETCH_JSON, payload }).code).toBe("2.04");
    expect([0, 1, 5, 7].map((id) => portfolio.get(0, PORTFOLIO_IDENTITY, id))).toEqual([
      undefined,
      "b",
      undefined,
      "z",
    ]);
    expect(server.ask(codes.IPATCH, "/", { format: SENML_JSON, payload }).code).toBe("4.00");
  });

  const n = "/16/0/0/7";
  test.each([
    [
      "the last value stays",
      "c",
      [
        { n, vs: "b" },
        { n, vs: "c" },
      ],
    ],
    [
      "what is set and removed is gone",
      undefined,
      [
        { n, vs: "b" },
        { n, v: null },
      ],
    ],
    [
      "what is removed and set is there",
      "c",
      [
        { n, v: null },
        { n, vs: "c" },
      ],
    ],
  ])("RFC 8790 §3.2: records of one place count one after the other: %s", (_name, left, two) => {
    const { server, portfolio } = given();
    const payload = changes(...two);
    expect(server.ask(codes.IPATCH, "/", { format: SENML_ETCH_JSON, payload }).code).toBe("2.04");
    expect(portfolio.get(0, PORTFOLIO_IDENTITY, 7)).toBe(left);
  });

  test("takes LwM2M CBOR from 1.2 on, and no other format", () => {
    const { server, sensor } = given();
    const payload = new Uint8Array(Buffer.from("a183190ce70019167664" + "68616c6c", "hex"));
    expect(server.ask(codes.IPATCH, "/", { format: LWM2M_CBOR, payload }).code).toBe("2.04");
    expect(sensor.get(0, APPLICATION_TYPE)).toBe("hall");
    for (const format of [TEXT, TLV, undefined]) {
      expect(server.ask(codes.IPATCH, "/", { format, payload }).code).toBe("4.15");
    }
    const old = given("1.1").server.ask(codes.IPATCH, "/", { format: LWM2M_CBOR, payload });
    expect(old.code).toBe("4.15");
  });
});

describe("LwM2M Core 1.2.2 §6.4.4: Observe-Composite", () => {
  const observe = (server: AgentPair["server"], query: string[], ...texts: string[]) =>
    server.ask(codes.FETCH, "/", { ...asking(...texts), query, observe: 0 });

  test("tells all places when one of them changes, and of none that is not observed", () => {
    proves("device", "observe-composite");
    const { pair, server, sensor, device } = given();
    expect(values(observe(server, [], "/3/0/0", "/3303/0/5700").text)).toEqual([
      "/3/0/0=Dormouse",
      "/3303/0/5700=21.5",
    ]);
    sensor.set(0, UNITS, "K");
    pair.wait(1000);
    expect(server.notifications).toEqual([]);
    sensor.set(0, SENSOR_VALUE, 22);
    device.set(0, 0, "Other");
    pair.wait(0);
    expect(server.notifications.map(({ at }) => at)).toEqual([1000]);
    expect(server.notifications[0].format).toBe(SENML_JSON);
    expect(values(server.notifications[0].text)).toEqual(["/3/0/0=Other", "/3303/0/5700=22"]);
  });

  test("pmin and pmax of the query hold for this observation", () => {
    const { pair, server, sensor } = given();
    observe(server, ["pmin=10", "pmax=60"], "/3303/0/5700");
    pair.wait(1000);
    sensor.set(0, SENSOR_VALUE, 22);
    pair.wait(99_000);
    expect(server.notifications.map(({ at }) => at)).toEqual([10_000, 70_000]);
  });

  test.each([
    "gt=5",
    "st=1",
    "pmin=x",
    "edge=1",
  ])("%s in the query is refused with 4.00", (query) => {
    const { pair, server, sensor } = given();
    expect(observe(server, [query], "/3303/0/5700").code).toBe("4.00");
    sensor.set(0, SENSOR_VALUE, 22);
    pair.wait(1000);
    expect(server.notifications).toEqual([]);
  });

  test("RFC 7959 §2.6: a notification in blocks is fetched to its end by FETCH", () => {
    const settings = coapSettings({ blockSize: 64, random: countingRandom(1) });
    const { pair, server, device } = given("1.2", { settings });
    observe(server, [], "/3", "/3303");
    device.set(0, 0, "A name that goes beyond the first block of what there is to tell");
    pair.wait(0);
    expect(values(server.notifications[0].text)).toContain(
      "/3/0/0=A name that goes beyond the first block of what there is to tell",
    );
    expect(server.ladder.slice(-2)[0]).toMatch(/CON FETCH \/$/);
  });

  test("what goes is left out from then on, and what comes is told", () => {
    const { pair, server, sensor } = given();
    observe(server, [], "/3303", "/3/0/0");
    sensor.remove(0);
    pair.wait(0);
    sensor.create(1, { [SENSOR_VALUE]: 5 });
    pair.wait(0);
    expect(server.notifications.map(({ text }) => values(text))).toEqual([
      ["/3/0/0=Dormouse"],
      ["/3/0/0=Dormouse", "/3303/1/5700=5"],
    ]);
  });

  test("the root is told of any change", () => {
    const { pair, server, portfolio } = given();
    observe(server, [], "/");
    portfolio.setOne(0, PORTFOLIO_IDENTITY, 1, "c");
    pair.wait(0);
    expect(values(server.notifications[0].text)).toContain("/16/0/0/1=c");
  });

  test("RFC 7641 §4.1: the same places observed again are told once", () => {
    const { pair, server, sensor } = given();
    observe(server, [], "/3303/0/5700", "/3/0/0");
    observe(server, [], "/3/0/0", "/3303/0/5700");
    observe(server, [], "/3303/0/5700");
    sensor.set(0, SENSOR_VALUE, 22);
    pair.wait(0);
    expect(server.notifications.map(({ text }) => values(text).length).sort()).toEqual([1, 2]);
  });

  test("more than 64 places are read, not observed", () => {
    const { pair, server, sensor } = given();
    const many = Array.from({ length: 65 }, (_, id) => `/3303/${id}/5700`);
    expect(observe(server, [], ...many).code).toBe("2.05");
    sensor.set(0, SENSOR_VALUE, 22);
    pair.wait(1000);
    expect(server.notifications).toEqual([]);
  });

  test("LwM2M Core 1.2.2 §6.4.5: Observe 1 cancels, and is answered with the values", () => {
    proves("device", "observe-composite");
    const { pair, server, sensor } = given();
    const id = server.send(codes.FETCH, "/", { ...asking("/3303/0/5700"), observe: 0 });
    pair.wait(0);
    server.endpoint.cancelObservation(pair.now, id);
    pair.wait(0);
    sensor.set(0, SENSOR_VALUE, 22);
    pair.wait(1000);
    expect(server.notifications).toEqual([]);
    expect(pair.eventLines().slice(-1)).toEqual(["Cancel-Composite / -> 2.05"]);
  });
});

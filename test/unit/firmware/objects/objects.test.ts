import { describe, expect, test } from "vitest";
import { ALL_CODECS } from "../../../../firmware/agent/all-codecs.ts";
import {
  addContainer,
  appDataOf,
  binaryAppDataObject,
  putAppData,
} from "../../../../firmware/objects/binary-app-data.ts";
import {
  connectivityMonitoringObject,
  type NetworkState,
  refreshConnectivity,
} from "../../../../firmware/objects/connectivity-monitoring.ts";
import {
  connectivityStatisticsObject,
  countDatagram,
  countedDatagrams,
  countShortMessage,
} from "../../../../firmware/objects/connectivity-statistics.ts";
import { EventLog, eventLogObject, LOG_PANIC } from "../../../../firmware/objects/event-log.ts";
import { locationObject, setLocation } from "../../../../firmware/objects/location.ts";
import type { LwM2mObject } from "../../../../firmware/objects/lwm2m-object.ts";
import { addPortfolio, portfolioObject } from "../../../../firmware/objects/portfolio.ts";
import { testObject } from "../../../../firmware/objects/test-object.ts";
import { OCTET_STREAM, TEXT } from "../../../../protocol/coap/content-formats.ts";
import { CONNECTIVITY_MONITORING } from "../../../../protocol/model/objects/connectivity-monitoring.ts";
import { CONNECTIVITY_MONITORING_1_3 } from "../../../../protocol/model/objects/connectivity-monitoring-1-3.ts";
import { TEST_OBJECT_1_0 } from "../../../../protocol/model/objects/test-object-1-0.ts";
import { TEST_OBJECT_1_1 } from "../../../../protocol/model/objects/test-object-1-1.ts";
import { SeededRandom } from "../../../../simulator/random.ts";
import { AgentPair } from "../../../support/agent-pair.ts";
import { proves } from "../../../support/proves.ts";

function pairWith(object: LwM2mObject): AgentPair {
  return new AgentPair({ codecs: ALL_CODECS, objects: [object] }).started();
}

describe("LwM2M Core 1.2.2 §E.5: Connectivity Monitoring (4)", () => {
  const state: NetworkState = {
    bearer: 6,
    availableBearers: [6, 7],
    signalStrength: -95,
    addresses: ["192.0.2.1"],
    coverageEnhancement: 2,
  };

  test("shows what the network tells, and what its version has", () => {
    proves("device", "object-behaviour");
    const object = connectivityMonitoringObject(CONNECTIVITY_MONITORING_1_3, {
      state: () => state,
    });
    const { server } = pairWith(object);
    expect(server.read("/4/0/0").text).toBe("6");
    expect(server.read("/4/0/13").text).toBe("2");
    const older = connectivityMonitoringObject(CONNECTIVITY_MONITORING, { state: () => state });
    expect(pairWith(older).server.read("/4/0/13").code).toBe("4.04");
  });

  test("observers hear of what changed, and of nothing else", () => {
    let now = state;
    const network = { state: () => now };
    const object = connectivityMonitoringObject(CONNECTIVITY_MONITORING, network);
    const pair = pairWith(object);
    pair.server.observe("/4/0/2");
    pair.server.observe("/4/0/4/0");
    refreshConnectivity(object, network);
    pair.wait(1000);
    expect(pair.server.notes()).toEqual([]);
    now = { ...state, signalStrength: -80 };
    refreshConnectivity(object, network);
    pair.wait(1000);
    expect(pair.server.notes().map((note) => note.split(" ")[1])).toEqual(["-80"]);
  });

  test("what the network no longer tells is gone", () => {
    let now: NetworkState = { ...state, cellId: 77 };
    const network = { state: () => now };
    const object = connectivityMonitoringObject(CONNECTIVITY_MONITORING, network);
    const { server } = pairWith(object);
    expect(server.read("/4/0/8").text).toBe("77");
    now = state;
    refreshConnectivity(object, network);
    expect(server.read("/4/0/8").code).toBe("4.04");
  });
});

describe("LwM2M Core 1.2.2 §E.7: Location (6)", () => {
  test("shows a fix, and of the next only what it says", () => {
    proves("device", "object-behaviour");
    const object = locationObject({
      latitude: 43.5,
      longitude: 153.25,
      altitude: 140,
      time: 1000.9,
    });
    const { server } = pairWith(object);
    expect(server.read("/6/0/0").text).toBe("43.5");
    expect(server.read("/6/0/2").text).toBe("140");
    expect(server.read("/6/0/5").text).toBe("1000");
    setLocation(object, { latitude: 1, longitude: 2, speed: 10, bearing: 270, time: 2000 });
    expect(server.read("/6/0/2").code).toBe("4.04");
    expect(server.read("/6/0/6").text).toBe("10");
    // 3GPP TS 23.032: bearing 270, 36 km/h.
    expect(object.get(0, 4)).toEqual(Uint8Array.of(1, 14, 0, 36));
  });

  test.each([
    [91, 0],
    [0, -181],
    [Number.NaN, 0],
  ])("%f, %f is no place", (latitude, longitude) => {
    const fix = { latitude, longitude, time: 0 };
    expect(() => locationObject(fix)).toThrow("object/value-wrong");
  });
});

describe("LwM2M Core 1.2.2 §E.8: Connectivity Statistics (7)", () => {
  function given() {
    const object = connectivityStatisticsObject();
    const pair = pairWith(object);
    const { server } = pair;
    const values = () => [0, 1, 2, 3, 4, 5].map((id) => server.read(`/7/0/${id}`).text).join(" ");
    return { object, pair, server, values };
  }

  test("counts from Start to Stop, kilobytes up", () => {
    proves("device", "object-behaviour");
    const { object, server, values } = given();
    countDatagram(object, 5000, true);
    server.execute("/7/0/6");
    countDatagram(object, 1200, true);
    countDatagram(object, 300, false);
    countShortMessage(object, true);
    server.execute("/7/0/7");
    countDatagram(object, 9999, false);
    expect(values()).toBe("1 0 2 1 1200 750");
  });

  test("Start begins at zero again, while it counts too", () => {
    const { object, server, values } = given();
    server.execute("/7/0/6");
    countDatagram(object, 1200, true);
    server.execute("/7/0/6");
    expect(values()).toBe("0 0 0 0 0 0");
  });

  test("stops by itself after the collection period", () => {
    const { object, pair, server, values } = given();
    server.write("/7/0/8", "30", TEXT);
    server.execute("/7/0/6");
    pair.wait(29_000);
    countDatagram(object, 1000, true);
    pair.wait(1000);
    countDatagram(object, 1000, true);
    pair.wait(10_000);
    expect(values()).toBe("0 0 1 0 1000 1000");
    expect(server.write("/7/0/8", "-1", TEXT).code).toBe("4.00");
  });

  test("observers hear every 5 seconds, however much goes by", () => {
    const { object, pair, server } = given();
    server.observe("/7/0/2");
    server.execute("/7/0/6");
    for (let second = 0; second < 20; second++) {
      countDatagram(object, 1000, true);
      pair.wait(1000);
    }
    expect(server.notes().length).toBe(4);
  });

  test("datagrams are counted where they pass", () => {
    const { object, server, values } = given();
    let arrive = (_: Uint8Array) => {};
    const sent: Uint8Array[] = [];
    const datagrams = countedDatagrams(
      {
        open: (_host, _port, receive) => {
          arrive = receive;
          return { send: (datagram) => sent.push(datagram), close: () => {} };
        },
      },
      object,
    );
    const received: Uint8Array[] = [];
    const channel = datagrams.open("h", 1, (datagram) => received.push(datagram));
    server.execute("/7/0/6");
    channel.send(new Uint8Array(10));
    arrive(new Uint8Array(30));
    arrive(new Uint8Array(0));
    server.execute("/7/0/7");
    // The end of a stream is passed on, and no message.
    expect(values()).toBe("0 0 1 1 30 20");
    expect([sent.length, received.length]).toEqual([1, 2]);
  });
});

describe("OMA registry: Portfolio (16)", () => {
  test("a proof is made when it is asked for, and is void once the identities are others", () => {
    const object = portfolioObject((_, __, text) => (text === "" ? [Uint8Array.of(7)] : undefined));
    addPortfolio(object, 0, { 0: ["host", "maker"] });
    const { server } = pairWith(object);
    expect(server.read("/16/0/3").text).toBe("0");
    expect(server.execute("/16/0/1").code).toBe("2.04");
    expect(server.read("/16/0/3").text).toBe("1");
    expect(object.get(0, 2)).toEqual(Uint8Array.of(7));
    expect(server.write("/16/0/0/0", "other", TEXT).code).toBe("2.04");
    expect(server.read("/16/0/3").text).toBe("0");
    expect(object.get(0, 2)).toBeUndefined();
    server.execute("/16/0/1", "1");
    expect(server.read("/16/0/3").text).toBe("2");
  });

  test("without a way to make one it is 5.01", () => {
    const object = portfolioObject();
    addPortfolio(object, 0, { 0: ["host"] });
    expect(pairWith(object).server.execute("/16/0/1").code).toBe("5.01");
  });
});

describe("OMA registry: BinaryAppDataContainer (19)", () => {
  test("what a server writes goes to the application", () => {
    const heard: unknown[] = [];
    const object = binaryAppDataObject((instance, data) => heard.push([instance, data]));
    addContainer(object, 3, { 1: 0 });
    const { server } = pairWith(object);
    object.setOne(3, 0, 0, Uint8Array.of(1));
    expect(server.write("/19/3/0/0", Uint8Array.of(9), OCTET_STREAM).code).toBe("2.04");
    expect(heard).toEqual([[3, [Uint8Array.of(9)]]]);
  });

  test("what the device puts there has its time", () => {
    const object = binaryAppDataObject();
    addContainer(object, 0, {});
    putAppData(object, 0, [Uint8Array.of(1), Uint8Array.of(2)], 1234.5);
    const { server } = pairWith(object);
    expect(server.read("/19/0/2").text).toBe("1234");
    expect(appDataOf(object, 0)).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  });

  test("a priority beyond 255 and a description of more than 32 characters are 4.00", () => {
    const object = binaryAppDataObject();
    addContainer(object, 0, { 1: 1, 3: "" });
    const { server } = pairWith(object);
    expect(server.write("/19/0/1", "256", TEXT).code).toBe("4.00");
    expect(server.write("/19/0/3", "x".repeat(33), TEXT).code).toBe("4.00");
    expect(server.write("/19/0/3", "x".repeat(32), TEXT).code).toBe("2.04");
  });
});

describe("OMA registry: Event Log (20)", () => {
  function given(capacity = 200) {
    const object = eventLogObject();
    const log = new EventLog(object, 0, { capacity });
    const { server } = pairWith(object);
    const text = () => new TextDecoder().decode(object.get(0, 4014) as Uint8Array);
    const status = () => server.read("/20/0/4013").text;
    return { object, log, server, text, status };
  }

  test("records from LogStart to LogStop", () => {
    const { log, server, text, status } = given();
    log.record(0, "before");
    expect(status()).toBe("1");
    expect(server.execute("/20/0/4011").code).toBe("2.04");
    expect(status()).toBe("0");
    log.record(1_367_491_215, "door open");
    log.record(1_709_164_799, "two\nlines");
    expect(status()).toBe("2");
    expect(text()).toBe("2013-05-02T10:40:15Z door open\n2024-02-28T23:59:59Z two lines\n");
    server.execute("/20/0/4012");
    log.record(3, "after");
    expect(status()).toBe("3");
    expect(text()).not.toContain("after");
  });

  test("argument 0: Start empties or goes on, Stop keeps or empties", () => {
    const { log, server, text } = given();
    server.execute("/20/0/4011");
    log.record(0, "one");
    server.execute("/20/0/4011", "0='1'");
    expect(text()).toContain("one");
    server.execute("/20/0/4011", "0='0'");
    expect(text()).toBe("");
    log.record(0, "two");
    server.execute("/20/0/4012", "0='0'");
    expect(text()).toContain("two");
    server.execute("/20/0/4012", "0='1'");
    expect(text()).toBe("");
    expect(server.execute("/20/0/4011", "0='2'").code).toBe("4.00");
    expect(server.execute("/20/0/4011", "1='1'").code).toBe("4.00");
  });

  test("of what does not fit, whole lines fall out at the front", () => {
    const { log, server, text } = given(70);
    server.execute("/20/0/4011");
    for (let i = 0; i < 10; i++) log.record(i, `event ${i}`);
    expect(text()).toBe("1970-01-01T00:00:08Z event 8\n1970-01-01T00:00:09Z event 9\n");
    log.record(0, "x".repeat(100));
    expect(text()).toContain("event 9");
  });

  test("RFC 5424 §6: in the format of syslog, when a server wants that; others are 4.00", () => {
    const { object, log, server, text } = given();
    expect(server.write("/20/0/4015", "4", TEXT).code).toBe("2.04");
    expect(server.write("/20/0/4015", "1", TEXT).code).toBe("4.00");
    server.execute("/20/0/4011");
    log.record(0, "a");
    object.set(0, 4010, LOG_PANIC);
    log.record(0, "b");
    expect(text()).toBe(
      "<14>1 1970-01-01T00:00:00Z - - - - - a\n<10>1 1970-01-01T00:00:00Z - - - - - b\n",
    );
  });
});

describe("OMA registry: the test objects (3441, 3442)", () => {
  test.each([TEST_OBJECT_1_0, TEST_OBJECT_1_1])("$id: randomize, clear and reset", (definition) => {
    const object = testObject(definition, new SeededRandom(3));
    const { server } = pairWith(object);
    const path = `/${definition.id}/0`;
    const values = () => server.read(path).text;
    const first = values();
    expect(server.read(`${path}/110`).text).toBe("initial value");
    expect(server.execute(`${path}/1`).code).toBe("2.04");
    const random = values();
    expect(random).not.toBe(first);
    expect(server.execute(`${path}/1`).code).toBe("2.04");
    expect(values()).not.toBe(random);
    expect(server.execute(`${path}/2`).code).toBe("2.04");
    expect(server.read(`${path}/110`).text).toBe("");
    expect(server.read(`${path}/120`).text).toBe("0");
    expect(server.read(`${path}/140`).text).toBe("0");
    expect(server.execute(`${path}/0`).code).toBe("2.04");
    expect(values()).toBe(first);
  });

  test("random values are values, whatever the dice say", () => {
    for (let seed = 1; seed < 60; seed++) {
      const object = testObject(TEST_OBJECT_1_1, new SeededRandom(seed));
      const execute = object.onExecute as NonNullable<typeof object.onExecute>;
      expect(execute(object, 0, 1, "")).toBeUndefined();
    }
  });

  test("arguments become resource instances, by their digits", () => {
    const object = testObject(TEST_OBJECT_1_1, new SeededRandom(3));
    const { server } = pairWith(object);
    expect(server.execute("/3442/0/3", "2,0='ab'").code).toBe("2.04");
    expect(server.read("/3442/0/4/0").text).toBe("ab");
    expect(server.read("/3442/0/4/2").text).toBe("");
    expect(server.read("/3442/0/4/1").code).toBe("4.04");
  });

  test("Send Data is the application's", () => {
    const sent: (readonly string[])[] = [];
    const object = testObject(TEST_OBJECT_1_1, new SeededRandom(3), (paths) => {
      sent.push(paths);
      return undefined;
    });
    object.set(0, 6, ["/3/0/1", "/3442/0/110"]);
    expect(pairWith(object).server.execute("/3442/0/5").code).toBe("2.04");
    expect(sent).toEqual([["/3/0/1", "/3442/0/110"]]);
    const plain = testObject(TEST_OBJECT_1_1, new SeededRandom(3));
    expect(pairWith(plain).server.execute("/3442/0/5").code).toBe("5.01");
  });
});

import { expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { CONTENT, NOT_ACCEPTABLE, NOT_FOUND } from "../../../../protocol/coap/codes.ts";
import { ACCEPT, findOption } from "../../../../protocol/coap/options.ts";
import { proves } from "../../../support/proves.ts";
import { idOf, Rig } from "../connector/rig.ts";

const PATH = "/3303/0/5700";

/** A rig with one device whose `PATH` is observed, first value 20. */
function observed(query: string[] = []) {
  const rig = new Rig();
  const device = rig.registered("a", query, "</3/0>,</3303/0>");
  device.values.set(PATH, "20");
  const first = rig.observe("a", PATH);
  rig.drive(rig.now + 1000);
  expect(rig.outcome(first)).toBe("200 20");
  return { rig, device };
}

function notified(rig: Rig): string[] {
  return rig.notifications().map(({ path, payload }) => `${path} ${decodeUtf8(payload)}`);
}

test("RFC 7641 §1.2: the first value is the response, later ones are notifications", () => {
  proves("connector", "observe");
  const { rig, device } = observed();
  expect(device.executed).toEqual([`GET ${PATH} observe=0 accept=0`]);
  device.set(PATH, "21");
  rig.drive(rig.now + 1000);
  device.set(PATH, "22");
  rig.drive(rig.now + 1000);
  expect(notified(rig)).toEqual([`${PATH} 21`, `${PATH} 22`]);
  expect(rig.responses().length).toBe(1);
});

test("observing again answers from the observation that is there", () => {
  const { rig, device } = observed();
  device.set(PATH, "21");
  rig.drive(rig.now + 1000);
  const again = rig.observe("a", PATH);
  expect(rig.outcome(again)).toBe("200 21");
  expect(device.executed.length).toBe(1);
});

test("observing again what has a long value reads it again", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  const long = "x".repeat(5000);
  device.values.set(PATH, long);
  const first = rig.observe("a", PATH);
  rig.drive(rig.now + 5000);
  expect(rig.outcome(first)).toBe(`200 ${long}`);
  const again = rig.observe("a", PATH);
  rig.drive(rig.now + 5000);
  expect(rig.outcome(again)).toBe(`200 ${long}`);
});

test("observing again before the first value is there gives the same id", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set(PATH, "20");
  const first = rig.observe("a", PATH);
  expect(idOf(rig.observe("a", PATH))).toBe(idOf(first));
  rig.drive(rig.now + 1000);
  expect(rig.outcome(first)).toBe("200 20");
  expect(device.executed.length).toBe(1);
});

test("RFC 7641 §3.6: cancelling tells the device", () => {
  proves("connector", "cancel");
  const { rig, device } = observed();
  expect(rig.cancelObservation("a", PATH)).toBe(true);
  expect(rig.cancelObservation("a", PATH)).toBe(false);
  rig.drive(rig.now + 1000);
  expect(device.executed).toEqual([
    `GET ${PATH} observe=0 accept=0`,
    `GET ${PATH} observe=1 accept=0`,
  ]);
  expect(device.isObserved(PATH)).toBe(false);
});

test("cancelling before the first value ends with 410, and a late first value is no event", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set(PATH, "20");
  const first = rig.observe("a", PATH);
  rig.cancelObservation("a", PATH);
  expect(rig.outcome(first)).toBe("410 The observation was cancelled");
  rig.drive(rig.now + 1000);
  device.set(PATH, "21");
  rig.drive(rig.now + 200_000);
  expect(rig.responses().length).toBe(1);
  expect(notified(rig)).toEqual([]);
  // Its notification was answered with RST (RFC 7641 §3.6).
  expect(device.isObserved(PATH)).toBe(false);
});

test("a path that is not there ends with its status, and nothing is observed", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  const first = rig.observe("a", PATH);
  rig.drive(rig.now + 1000);
  expect(rig.outcome(first)).toBe("404 The device answered 4.04");
  device.values.set(PATH, "20");
  const second = rig.observe("a", PATH);
  rig.drive(rig.now + 1000);
  expect(rig.outcome(second)).toBe("200 20");
});

test("RFC 7641 §4.1: a value without Observe is no observation: 412", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.respond = () => ({ code: CONTENT, options: [], payload: encodeUtf8("20") });
  const first = rig.observe("a", PATH);
  rig.drive(rig.now + 1000);
  expect(rig.outcome(first)).toBe("412 The device does not observe this");
});

test("a device without the usual format is observed in its own", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.values.set("/3303/0", "composite");
  device.respond = ({ options }) =>
    findOption(options, ACCEPT) === undefined
      ? undefined
      : { code: NOT_ACCEPTABLE, options: [], payload: encodeUtf8("") };
  const first = rig.observe("a", "/3303/0");
  rig.drive(rig.now + 1000);
  expect(rig.outcome(first)).toBe("200 composite");
  expect(device.executed).toEqual(["GET /3303/0 observe=0 accept=11542", "GET /3303/0 observe=0"]);
});

test("RFC 7641 §4.2: a notification with an error ends the observation", () => {
  proves("connector", "error-notification");
  const { rig, device } = observed();
  device.notifyError(PATH, NOT_FOUND);
  rig.drive(rig.now + 1000);
  expect(rig.events.at(-1)).toEqual({
    kind: "observation-end",
    endpointName: "a",
    path: PATH,
    status: 404,
    error: "The device answered 4.04",
  });
  expect(rig.cancelObservation("a", PATH)).toBe(false);
});

test("LwM2M Core 1.1.1 §6.4.1: a device that registers anew is observed anew, and its value is a notification", () => {
  proves("connector", "observations-follow");
  const { rig, device } = observed();
  device.reboot();
  device.values.set(PATH, "30");
  device.register(["lt=300", "lwm2m=1.1"], "</3/0>,</3303/0>");
  rig.drive(rig.now + 1000);
  expect(device.isObserved(PATH)).toBe(true);
  expect(notified(rig)).toEqual([`${PATH} 30`]);
  device.set(PATH, "31");
  rig.drive(rig.now + 1000);
  expect(notified(rig)).toEqual([`${PATH} 30`, `${PATH} 31`]);
  expect(rig.responses().length).toBe(1);
});

test("an observation that a device does not take up again after registering anew has ended", () => {
  const { rig, device } = observed();
  device.reboot();
  device.values.delete(PATH);
  device.register(["lt=300", "lwm2m=1.1"], "</3/0>");
  rig.drive(rig.now + 1000);
  expect(rig.events.at(-1)).toMatchObject({ kind: "observation-end", status: 404 });
});

test("LwM2M Core 1.1.1 §6.4.1: observations end with the registration, without further words", () => {
  proves("connector", "observations-end");
  const { rig, device } = observed();
  device.deregister();
  rig.drive(rig.now + 1000);
  expect(rig.events.at(-1)).toEqual({ kind: "deregistration", endpointName: "a" });
  device.register(["lt=300", "lwm2m=1.1"], "</3303/0>");
  rig.drive(rig.now + 1000);
  expect(device.executed.length).toBe(1);
});

test("a sleeping device is asked to observe when it wakes, before the requests that wait", () => {
  const rig = new Rig();
  const device = rig.registered("a", ["Q"]);
  device.values.set(PATH, "20");
  rig.drive(200_000);
  rig.submit("a", { path: PATH });
  const first = rig.observe("a", PATH);
  rig.drive(210_000);
  expect(device.executed).toEqual([]);
  device.update();
  rig.drive(211_000);
  expect(device.executed).toEqual([`GET ${PATH} observe=0 accept=0`, `GET ${PATH} accept=0`]);
  expect(rig.outcome(first)).toBe("200 20");
});

test("a notification wakes a device in queue mode", () => {
  const { rig, device } = observed(["Q"]);
  rig.drive(200_000);
  const read = rig.submit("a", { path: PATH });
  device.set(PATH, "21");
  rig.drive(201_000);
  expect(rig.outcome(read)).toBe("200 21");
});

test("a silent device's observation ends with 504 the first time", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  device.isAsleep = true;
  const first = rig.observe("a", PATH);
  rig.drive(rig.now + 100_000);
  expect(rig.outcome(first)).toBe("504 The device did not answer");
});

test("an observation to take up again waits until a silent device is heard", () => {
  const { rig, device } = observed();
  device.reboot();
  device.register(["lt=300", "lwm2m=1.1"], "</3303/0>");
  rig.drive(rig.now + 15);
  device.isAsleep = true;
  rig.drive(rig.now + 100_000);
  const sent = rig.connector.counters.datagramsOut;
  rig.drive(rig.now + 100_000);
  expect(rig.connector.counters.datagramsOut).toBe(sent);
  expect(device.isObserved(PATH)).toBe(false);
  device.isAsleep = false;
  device.update();
  rig.drive(rig.now + 1000);
  expect(device.isObserved(PATH)).toBe(true);
  expect(notified(rig)).toEqual([`${PATH} 20`]);
});

test("LwM2M Core 1.1.1 §6.4.1: an observation survives a restart, under the token that the device knows", () => {
  proves("connector", "observations-follow");
  const { rig, device } = observed();
  rig.restart();
  device.set(PATH, "21");
  rig.drive(rig.now + 1000);
  expect(notified(rig)).toEqual([`${PATH} 21`]);
  expect(device.executed.length).toBe(1);
  rig.cancelObservation("a", PATH);
  rig.drive(rig.now + 1000);
  expect(device.isObserved(PATH)).toBe(false);
  rig.restart();
  expect(rig.cancelObservation("a", PATH)).toBe(false);
});

test("observing again after a restart, before any notification, reads the value", () => {
  const { rig, device } = observed();
  rig.restart();
  const again = rig.observe("a", PATH);
  rig.drive(rig.now + 1000);
  expect(rig.outcome(again)).toBe("200 20");
  expect(device.executed.at(-1)).toBe(`GET ${PATH} accept=0`);
  expect(device.isObserved(PATH)).toBe(true);
});

test("an observation that was only wished for survives a restart, and its id is answered", () => {
  const rig = new Rig();
  const device = rig.registered("a", ["Q"]);
  device.values.set(PATH, "20");
  rig.drive(200_000);
  const first = rig.observe("a", PATH);
  rig.restart();
  device.update();
  rig.drive(201_000);
  expect(rig.outcome(first)).toBe("200 20");
});

test("an observation follows its device to another address", () => {
  const { rig, device } = observed();
  device.moveTo("10.9.9.9:1");
  device.update();
  rig.drive(rig.now + 1000);
  device.set(PATH, "21");
  rig.drive(rig.now + 1000);
  expect(notified(rig)).toEqual([`${PATH} 21`]);
  expect(device.executed.length).toBe(1);
});

test("a device can be observed at 100 paths", () => {
  const rig = new Rig();
  const device = rig.registered("a");
  for (let i = 0; i < 100; i++) {
    device.values.set(`/x/${i}`, "1");
    expect(rig.observe("a", `/x/${i}`)).toHaveProperty("id");
  }
  expect(rig.observe("a", "/x/100")).toEqual({ refusal: "queue-full" });
  rig.drive(rig.now + 10_000);
  expect(rig.responses().length).toBe(100);
  rig.cancelObservation("a", "/x/7");
  expect(rig.observe("a", "/x/100")).toHaveProperty("id");
});

test("RFC 7641 §3.4: a notification that was overtaken is dropped", () => {
  proves("connector", "freshness");
  const { rig, device } = observed();
  const delays = [30, 10];
  rig.fate = () => [delays.shift() ?? 10];
  // Non-confirmable, so that both are under way at once.
  const notify = device.coap.notify.bind(device.coap);
  device.coap.notify = (now, token, response) => notify(now, token, response, false);
  device.set(PATH, "21");
  device.set(PATH, "22");
  rig.drive(rig.now + 1000);
  expect(notified(rig)).toEqual([`${PATH} 22`]);
});

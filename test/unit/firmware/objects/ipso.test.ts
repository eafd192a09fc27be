import { describe, expect, test } from "vitest";
import {
  addDigitalInput,
  digitalInputObject,
  setInput,
} from "../../../../firmware/objects/digital-input.ts";
import { type IpsoPorts, ipsoObject } from "../../../../firmware/objects/ipso.ts";
import type { LwM2mObject } from "../../../../firmware/objects/lwm2m-object.ts";
import { addTimer, switchTimer, timerObject } from "../../../../firmware/objects/timer.ts";
import { TEXT } from "../../../../protocol/coap/content-formats.ts";
import * as definitions from "../../../../protocol/model/objects/ipso.ts";
import { AgentPair } from "../../../support/agent-pair.ts";

function given(make: (ports: Required<IpsoPorts>) => LwM2mObject) {
  let current: AgentPair | undefined;
  const now = () => current?.now ?? 0;
  const object = make({
    clock: { now },
    calendar: { seconds: () => 1000.25 + now() / 1000, setSeconds: () => true },
  });
  const pair = new AgentPair({ objects: [object] });
  current = pair;
  pair.started();
  const { server } = pair;
  const read = (...ids: number[]) =>
    ids.map((id) => server.read(`/${object.definition.id}/0/${id}`).text).join(" ");
  return { object, pair, server, read };
}

describe("OMA registry: what resources of IPSO objects imply", () => {
  test.each([
    { name: "a sensor", definition: definitions.TEMPERATURE, value: 5700, least: 5601 },
    { name: "an analog input", definition: definitions.ANALOG_INPUT, value: 5600, least: 5601 },
    { name: "a compass", definition: definitions.DIRECTION, value: 5705, least: 5601 },
    { name: "a power meter", definition: definitions.POWER_MEASUREMENT, value: 5800, least: 5801 },
  ])("$name remembers its extremes until they are reset", ({ definition, value, least }) => {
    const { object, server, read } = given((ports) => ipsoObject(definition, ports));
    object.create(0, { [value]: 20, [least]: 20, [least + 1]: 20, 5605: true, 5518: 0 });
    for (const measured of [25, 15, 18]) object.set(0, value, measured);
    expect(read(least, least + 1)).toBe("15 25");
    expect(read(5518)).toBe("1000");
    expect(server.execute(`/${definition.id}/0/5605`).code).toBe("2.04");
    expect(read(least, least + 1)).toBe("18 18");
  });

  test("an instance without extremes gets none", () => {
    const { object } = given((ports) => ipsoObject(definitions.TEMPERATURE, ports));
    object.create(0, { 5700: 20 });
    object.set(0, 5700, 30);
    expect(object.get(0, 5602)).toBeUndefined();
  });

  test.each([
    { definition: definitions.PRESENCE, state: 5500, counter: 5501 },
    { definition: definitions.PUSH_BUTTON, state: 5500, counter: 5501 },
    { definition: definitions.UP_DOWN_CONTROL, state: 5532, counter: 5541 },
    { definition: definitions.UP_DOWN_CONTROL, state: 5533, counter: 5542 },
  ])("/$definition.id counts how often $state becomes true", ({ definition, state, counter }) => {
    const { object, read } = given((ports) => ipsoObject(definition, ports));
    object.create(0, { [state]: false, [counter]: 0 });
    for (const value of [true, true, false, true]) object.set(0, state, value);
    expect(read(counter)).toBe("2");
  });

  test("a counter is set back by its executable", () => {
    const { object, server, read } = given((ports) => ipsoObject(definitions.PRESENCE, ports));
    object.create(0, { 5500: false, 5501: 7, 5505: true });
    expect(server.execute("/3302/0/5505").code).toBe("2.04");
    expect(read(5501)).toBe("0");
  });

  test("On Time is read in seconds since it was switched on, and set back by a written 0", () => {
    const { object, pair, server, read } = given((ports) =>
      ipsoObject(definitions.ACTUATION, ports),
    );
    object.create(0, { 5850: false, 5852: 0 });
    pair.wait(5000);
    expect(read(5852)).toBe("0");
    server.write("/3306/0/5850", "1", TEXT);
    pair.wait(7900);
    expect(read(5852)).toBe("7");
    expect(server.write("/3306/0/5852", "3", TEXT).code).toBe("4.00");
    expect(server.write("/3306/0/5852", "0", TEXT).code).toBe("2.04");
    pair.wait(2000);
    expect(read(5852)).toBe("2");
    server.write("/3306/0/5850", "0", TEXT);
    expect(read(5852)).toBe("0");
  });

  test("a switch has both times", () => {
    const { object, pair, read } = given((ports) => ipsoObject(definitions.ON_OFF_SWITCH, ports));
    object.create(0, { 5500: false, 5501: 0, 5852: 0, 5854: 0 });
    object.set(0, 5500, true);
    pair.wait(3000);
    expect(read(5852, 5854, 5501)).toBe("3 0 1");
    object.set(0, 5500, false);
    pair.wait(4000);
    expect(read(5852, 5854)).toBe("0 4");
  });

  test("cumulated energy and a display's text are cleared", () => {
    const meter = given((ports) => ipsoObject(definitions.POWER_MEASUREMENT, ports));
    meter.object.create(0, { 5800: 1, 5805: 900, 5822: true });
    meter.server.execute("/3305/0/5822");
    expect(meter.read(5800, 5805)).toBe("1 0");
    const energy = given((ports) => ipsoObject(definitions.ENERGY, ports));
    energy.object.create(0, { 5700: 900, 5822: true });
    energy.server.execute("/3331/0/5822");
    expect(energy.read(5700)).toBe("0");
    const display = given((ports) => ipsoObject(definitions.ADDRESSABLE_TEXT_DISPLAY, ports));
    display.object.create(0, { 5527: "hello", 5530: true });
    display.server.execute("/3341/0/5530");
    expect(display.read(5527)).toBe("");
  });

  test.each([
    { definition: definitions.LIGHT_CONTROL, id: 5851, good: "100", bad: "101" },
    { definition: definitions.DIMMER_CONTROL, id: 5548, good: "0", bad: "-1" },
  ])("/$definition.id: $bad is out of the range of $id", ({ definition, id, good, bad }) => {
    const { object, server } = given((ports) => ipsoObject(definition, ports));
    object.create(0, { [id]: 50 });
    expect(server.write(`/${definition.id}/0/${id}`, good, TEXT).code).toBe("2.04");
    expect(server.write(`/${definition.id}/0/${id}`, bad, TEXT).code).toBe("4.00");
  });
});

describe("OMA registry: Digital Input (3200)", () => {
  function input() {
    const it = given(() => digitalInputObject());
    addDigitalInput(it.object, 0, false);
    return it;
  }

  test("a level counts once it has been there for the debounce period", () => {
    const { object, pair, server, read } = input();
    server.write("/3200/0/5503", "50", TEXT);
    setInput(object, 0, true);
    pair.wait(30);
    setInput(object, 0, false);
    pair.wait(10);
    setInput(object, 0, true);
    pair.wait(49);
    expect(read(5500, 5501)).toBe("0 0");
    pair.wait(1);
    expect(read(5500, 5501)).toBe("1 1");
  });

  test.each([
    { edges: "1", counted: "2" },
    { edges: "2", counted: "3" },
    { edges: "3", counted: "5" },
  ])("edge selection $edges counts $counted of 3 rises and 2 falls", ({ edges, counted }) => {
    const { object, server, read } = input();
    server.write("/3200/0/5504", edges, TEXT);
    for (const level of [true, false, true, false, true]) setInput(object, 0, level);
    expect(read(5501)).toBe(counted);
  });

  test("reversed polarity makes a low level true", () => {
    const { object, server, read } = input();
    server.write("/3200/0/5502", "1", TEXT);
    expect(read(5500)).toBe("1");
    setInput(object, 0, true);
    expect(read(5500)).toBe("0");
    expect(server.write("/3200/0/5504", "4", TEXT).code).toBe("4.00");
  });
});

describe("OMA registry: Timer (3340)", () => {
  /** When the output changes, in seconds, of an input that is on from 1 s to 10 s. */
  function outputs(mode: number, delay: number, until = 20): string[] {
    const it = given(({ clock }) => timerObject(clock));
    addTimer(it.object, 0, mode, delay);
    const seen: string[] = [];
    let last = "0";
    for (let tick = 0; tick < until * 2; tick++) {
      if (tick === 2) switchTimer(it.object, 0, true);
      if (tick === 20) switchTimer(it.object, 0, false);
      it.pair.wait(500);
      const output = it.read(5543);
      if (output !== last) seen.push(`${output} at ${tick / 2}`);
      last = output;
    }
    return seen;
  }

  test.each([
    { mode: 0, delay: 3, seen: ["1 at 1", "0 at 10"] },
    { mode: 1, delay: 3, seen: ["1 at 1", "0 at 3.5"] },
    { mode: 1, delay: 12, seen: ["1 at 1", "0 at 12.5"] },
    { mode: 2, delay: 3, seen: ["1 at 1", "0 at 3.5"] },
    { mode: 2, delay: 12, seen: ["1 at 1", "0 at 10"] },
    { mode: 3, delay: 3, seen: ["1 at 3.5", "0 at 10"] },
    { mode: 3, delay: 12, seen: [] },
    { mode: 4, delay: 3, seen: ["1 at 1", "0 at 12.5"] },
  ])("mode $mode with a delay of $delay s: $seen", ({ mode, delay, seen }) => {
    expect(outputs(mode, delay)).toEqual(seen);
  });

  test("a trigger is a rise that nobody sees fall; the rearm delay keeps the next one out", () => {
    const { object, pair, server, read } = given(({ clock }) => timerObject(clock));
    addTimer(object, 0, 1, 2);
    server.write("/3340/0/5525", "5", TEXT);
    server.execute("/3340/0/5523");
    pair.wait(500);
    expect(read(5543, 5534, 5538)).toBe("1 1 1.5");
    pair.wait(2000);
    expect(read(5543, 5538)).toBe("0 0");
    server.execute("/3340/0/5523");
    pair.wait(500);
    expect(read(5543, 5534)).toBe("0 1");
    pair.wait(5000);
    server.execute("/3340/0/5523");
    pair.wait(100);
    expect(read(5543, 5534)).toBe("1 2");
  });

  test("cumulative time is how long the input was on, and begins anew at a written 0", () => {
    const { object, pair, server, read } = given(({ clock }) => timerObject(clock));
    addTimer(object, 0, 0, 0);
    server.write("/3340/0/5850", "1", TEXT);
    pair.wait(3000);
    server.write("/3340/0/5850", "0", TEXT);
    pair.wait(3000);
    expect(read(5544, 5501)).toBe("3 1");
    server.write("/3340/0/5850", "1", TEXT);
    pair.wait(1000);
    expect(read(5544)).toBe("4");
    expect(server.write("/3340/0/5544", "9", TEXT).code).toBe("4.00");
    server.write("/3340/0/5544", "0", TEXT);
    pair.wait(2000);
    expect(read(5544)).toBe("2");
    expect(server.write("/3340/0/5526", "5", TEXT).code).toBe("4.00");
  });
});

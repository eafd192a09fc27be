/**
 * Random values and attributes against an oracle that was written from the text alone (LwM2M Core 1.2.2 §7.3.2): it goes through time
 * second by second and knows nothing of deadlines.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../../../../firmware/objects/sensor.ts";
import { TEXT } from "../../../../../protocol/coap/content-formats.ts";
import { DIGITAL_INPUT } from "../../../../../protocol/model/objects/digital-input.ts";
import {
  DIGITAL_INPUT_STATE,
  SENSOR_VALUE,
} from "../../../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";

type Reading = number | boolean;

interface Wishes {
  readonly pmin?: number;
  readonly pmax?: number;
  readonly gt?: number;
  readonly lt?: number;
  readonly st?: number;
  readonly epmin?: number;
  readonly epmax?: number;
  readonly edge?: number;
}

interface Story {
  readonly wishes: Wishes;
  readonly first: Reading;
  /** The value from each second on, from second 1. */
  readonly values: readonly Reading[];
  /** True when only a read shows the value. */
  readonly isSupplied: boolean;
}

/** `second value` of each notification after the answer. */
function expected({ wishes, first, values, isSupplied }: Story): string[] {
  const { pmin = 0, pmax = 0, gt, lt, st, epmin, epmax = 0, edge } = wishes;
  const isConditional = [gt, lt, st, edge].some((each) => each !== undefined);
  const notes: string[] = [];
  let told = first;
  let noticed = first;
  let toldAt = 0;
  let evaluatedAt = 0;
  let owes = false;
  let hasChanged = false;
  let value = first;
  for (let second = 1; second <= values.length; second++) {
    if (!isSupplied && values[second - 1] !== value) hasChanged = true;
    value = values[second - 1];
    const since = second - evaluatedAt;
    const isAsked =
      epmax > 0 ? since >= epmax : isSupplied && isConditional && pmin > 0 && since >= pmin;
    if ((hasChanged && since >= (epmin ?? 0)) || isAsked) {
      const conditions = [
        gt !== undefined && (noticed as number) > gt !== (value as number) > gt,
        lt !== undefined && (noticed as number) < lt !== (value as number) < lt,
        // A step of 0 is any change.
        st !== undefined && value !== told && Math.abs((value as number) - (told as number)) >= st,
        edge !== undefined && noticed !== value && value === (edge === 1),
        !isConditional && value !== told,
      ];
      if (conditions.includes(true)) owes = true;
      evaluatedAt = second;
      noticed = value;
      hasChanged = false;
    }
    const silence = second - toldAt;
    const isOver = pmax > 0 && pmax >= pmin && silence >= pmax;
    if ((owes && silence >= pmin) || isOver) {
      notes.push(`${second} ${value}`);
      told = value;
      noticed = value;
      toldAt = second;
      evaluatedAt = second;
      owes = false;
      hasChanged = false;
    }
  }
  return notes;
}

/** What the agent does. */
function observed({ wishes, first, values, isSupplied }: Story): string[] {
  const isBoolean = typeof first === "boolean";
  const object = isBoolean ? new LwM2mObject(DIGITAL_INPUT) : sensorObject(TEMPERATURE);
  const resourceId = isBoolean ? DIGITAL_INPUT_STATE : SENSOR_VALUE;
  if (isBoolean) object.create(0, { [resourceId]: first });
  else addSensor(object, 0, first as number, "Cel");
  let live = first;
  if (isSupplied)
    object.onRead = (_object, _instance, id) => (id === resourceId ? live : undefined);
  const path = `/${object.definition.id}/0/${resourceId}`;
  const pair = new AgentPair({ version: "1.2", lifetime: 0, objects: [object] }).started();
  const query = Object.entries(wishes).map(([name, value]) => `${name}=${value}`);
  if (query.length > 0) expect(pair.server.attributes(path, ...query).code).toBe("2.04");
  expect(pair.server.observe(path, { accept: TEXT }).code).toBe("2.05");
  for (let second = 1; second <= values.length; second++) {
    pair.drive(second * SECOND - 1);
    live = values[second - 1];
    // What happens in a second is there when its deadlines are: the world first, then the agent.
    pair.now = second * SECOND;
    if (!isSupplied && object.get(0, resourceId) !== live) object.set(0, resourceId, live);
    pair.drive(second * SECOND);
  }
  return pair.server.notifications.map(({ at, text }) => {
    return `${at / SECOND} ${isBoolean ? text === "1" : Number(text)}`;
  });
}

const period = fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined });
const periods = {
  pmin: period,
  pmax: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
  epmin: period,
  epmax: fc.option(fc.integer({ min: 1, max: 15 }), { nil: undefined }),
};
const level = fc.integer({ min: -5, max: 15 });
const threshold = fc.option(level, { nil: undefined });
const step = fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined });
const wishesOf = (fields: Record<string, fc.Arbitrary<number | undefined>>) =>
  fc
    .record(fields)
    .map((all) =>
      Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
    )
    .filter(({ gt, lt, st = 0, epmin, epmax }) => {
      const isOrdered = gt === undefined || lt === undefined || lt + 2 * st < gt;
      return isOrdered && (epmin === undefined || epmax === undefined || epmin < epmax);
    });
/** Values stay for a while, as they do. */
const courseOf = <T extends Reading>(value: fc.Arbitrary<T>) =>
  fc
    .array(fc.tuple(value, fc.integer({ min: 1, max: 8 })), { minLength: 1, maxLength: 15 })
    .map((runs) => runs.flatMap(([each, length]) => Array<T>(length).fill(each)));

const numbers: fc.Arbitrary<Story> = fc.record({
  wishes: wishesOf({ ...periods, gt: threshold, lt: threshold, st: step }),
  first: level,
  values: courseOf(level),
  isSupplied: fc.boolean(),
});
const booleans: fc.Arbitrary<Story> = fc.record({
  wishes: wishesOf({ ...periods, edge: fc.option(fc.constantFrom(0, 1), { nil: undefined }) }),
  first: fc.boolean(),
  values: courseOf(fc.boolean()),
  isSupplied: fc.boolean(),
});

test("LwM2M Core 1.2.2 §7.3.2: numbers are told when the text says, to the second", () => {
  proves("device", "pmin-pmax", "gt-lt-st", "epmin-epmax");
  fc.assert(
    fc.property(numbers, (story) => {
      expect(observed(story)).toEqual(expected(story));
    }),
    { numRuns: 300 },
  );
});

test("LwM2M Core 1.2.2 §7.3.2: so are booleans", () => {
  proves("device", "edge", "epmin-epmax");
  fc.assert(
    fc.property(booleans, (story) => {
      expect(observed(story)).toEqual(expected(story));
    }),
    { numRuns: 200 },
  );
});

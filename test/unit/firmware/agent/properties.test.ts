import fc from "fast-check";
import { expect, test } from "vitest";
import { ALL_CODECS } from "../../../../firmware/agent/all-codecs.ts";
import { deviceObject } from "../../../../firmware/objects/device.ts";
import { LwM2mObject } from "../../../../firmware/objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../../../firmware/objects/sensor.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  OBSERVE,
  URI_PATH,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { pathOptions } from "../../../../protocol/coap/uri.ts";
import {
  isLegalAnswer,
  NO_OPERATION,
  OPERATION_NAMES,
  operationOf,
} from "../../../../protocol/lwm2m/operations.ts";
import { SENSOR_VALUE } from "../../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../../protocol/model/objects/temperature.ts";
import { TEST_OBJECT_1_1 } from "../../../../protocol/model/objects/test-object-1-1.ts";
import { parsePath } from "../../../../protocol/model/path.ts";
import { NamedResource } from "../../../../protocol/resources/named-resource.ts";
import type { Question } from "../../../support/agent-pair.ts";
import { AgentPair } from "../../../support/agent-pair.ts";
import { SECOND } from "../../../support/durations.ts";
import { proves } from "../../../support/proves.ts";

function given(queueMode: boolean): AgentPair {
  const calendar = { seconds: () => 1_700_000_000, setSeconds: () => true };
  const power = { setRadio: () => {}, reboot: () => {}, factoryReset: () => {} };
  const sensor = sensorObject(TEMPERATURE);
  addSensor(sensor, 0, 20, "Cel");
  addSensor(sensor, 1, 30, "Cel");
  const subject = new LwM2mObject(TEST_OBJECT_1_1);
  subject.create(0, {
    110: "text",
    120: -5,
    130: 1.5,
    140: true,
    150: Uint8Array.of(1),
    1120: [1, 2],
  });
  return new AgentPair({
    lifetime: 300,
    queueMode,
    codecs: ALL_CODECS,
    objects: [deviceObject(calendar, power, { 0: "Dormouse", 6: [0, 1] }), sensor, subject],
    resources: [new NamedResource("/led", { value: "0", observable: true, allowed: 7 })],
    makeResource: (path) => (path.length < 8 ? new NamedResource(path, {}) : undefined),
  }).started();
}

const path = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[
        "/led",
        "/new",
        "/.well-known/core",
        "/1",
        "/1/0",
        "/1/0/1",
        "/1/0/4",
        "/1/0/8",
        "/3",
        "/3/0",
      ],
      ...["/3/0/0", "/3/0/4", "/3/0/6", "/3/0/6/1", "/3/0/13", "/3303", "/3303/0", "/3303/0/5700"],
      ...["/3303/1/5605", "/3303/0/5750", "/3442", "/3442/0", "/3442/0/110", "/3442/0/120"],
      ...["/3442/0/1120", "/3442/0/1120/0", "/3442/1"],
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom(0, 1, 3, 5, 3303, 3442, 65535),
        fc.array(fc.constantFrom(0, 1, 2, 5, 6, 13, 110, 120, 130, 1120, 5605, 5700, 65535), {
          maxLength: 4,
        }),
      )
      .map(([objectId, rest]) => `/${[objectId, ...rest].join("/")}`),
  },
);

const format = fc.constantFrom(undefined, undefined, 0, 0, 40, 42, 60, 110, 112, 11542, 999);
const payload = fc.oneof(
  fc.constantFrom<string | Uint8Array>(
    "",
    "1",
    "0='a'",
    "UQ",
    '[{"n":"5750","vs":"x"}]',
    '[{"bn":"/3442/","n":"1/110","vs":"x"}]',
  ),
  fc
    .constantFrom("c10001", "e1166e61", "c11178", "080003c8000161", "c8164e0161")
    .map((text) => new Uint8Array(Buffer.from(text, "hex"))),
  fc.uint8Array({ maxLength: 40 }),
);
const query = fc.array(
  fc.constantFrom(
    "pmin=1",
    "pmin=5",
    "pmax=2",
    "pmax",
    "gt=20",
    "lt=5",
    "st=0.5",
    "st=-1",
    "depth=0",
    "x",
  ),
  { maxLength: 3 },
);

interface Step {
  readonly method: number;
  readonly path: string;
  readonly question: Question;
  readonly wait: number;
  readonly measured: number | undefined;
}

const step: fc.Arbitrary<Step> = fc.record({
  method: fc.constantFrom(1, 1, 2, 3, 4, 5),
  path,
  question: fc.record({
    query,
    payload,
    format,
    accept: format,
    observe: fc.constantFrom(undefined, undefined, 0, 1),
  }),
  wait: fc.constantFrom(0, 0, 10, 1500, 100_000),
  measured: fc.option(fc.double({ min: -50, max: 50, noNaN: true }), { nil: undefined }),
});

/** What the table says the request is; undefined when its path is not LwM2M's. */
function operationAsked({ method, path, question }: Step): number | undefined {
  const parsed = parsePath(path);
  if (parsed === undefined || parsed.length === 0) return undefined;
  const { payload, format, accept, observe } = question;
  const options = pathOptions(URI_PATH, path);
  if (observe !== undefined) options.push(uintOption(OBSERVE, observe));
  if (format !== undefined) options.push(uintOption(CONTENT_FORMAT, format));
  if (accept !== undefined) options.push(uintOption(ACCEPT, accept));
  return operationOf(method, parsed.length, options, Buffer.from(payload ?? ""));
}

function codeOf(text: string): number {
  return (Number(text[0]) << 5) | Number(text.slice(2));
}

test("LwM2M Transport 1.1.1 §6.4: whatever is asked in whatever order is answered, with a code that the table allows", () => {
  proves("device", "only-legal-codes");
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 30 }), (steps) => {
      const pair = given(false);
      for (const each of steps) {
        if (!pair.server.link.isRegistered()) pair.drive(pair.agent.deadline());
        const { code } = pair.server.ask(each.method, each.path, each.question);
        const operation = operationAsked(each);
        if (operation === NO_OPERATION) expect(["4.05", "4.04", "4.01"]).toContain(code);
        else if (operation !== undefined) {
          const what = `${OPERATION_NAMES[operation]} ${each.path} -> ${code}`;
          expect([what, isLegalAnswer(operation, codeOf(code))]).toEqual([what, true]);
        }
        const sensor = pair.agent.object(3303);
        if (each.measured !== undefined) sensor?.set(0, SENSOR_VALUE, each.measured);
        pair.wait(each.wait);
        expect(pair.events.filter((event) => event.kind === "request" && event.error)).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

test("in queue mode, whatever happens, the agent comes to rest and can be stopped", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
      const pair = given(true);
      for (const each of steps) {
        pair.server.send(each.method, each.path, each.question);
        if (each.measured !== undefined)
          pair.agent.object(3303)?.set(1, SENSOR_VALUE, each.measured);
        pair.wait(each.wait);
        pair.server.isConnected = each.wait !== 10;
      }
      pair.server.isConnected = true;
      pair.wait(600 * SECOND);
      pair.agent.stop(pair.now);
      pair.wait(100 * SECOND);
      expect(pair.agent.isStopped()).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test("LwM2M Core 1.1.1 §5.1.2: notifications are never closer than pmin, never further than pmax, and the last value arrives", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 15_000 }), fc.integer({ min: 0, max: 5 })), {
        maxLength: 40,
      }),
      (pmin, more, changes) => {
        const pair = given(false);
        const pmax = pmin + more;
        pair.server.attributes("/3303/0/5700", `pmin=${pmin}`, `pmax=${pmax}`);
        pair.server.observe("/3303/0/5700");
        const sensor = pair.agent.object(3303);
        for (const [wait, value] of changes) {
          pair.wait(wait);
          sensor?.set(0, SENSOR_VALUE, value);
        }
        pair.wait(2 * pmax * SECOND);
        const at = [0, ...pair.server.notifications.map((note) => note.at)];
        for (let i = 1; i < at.length; i++) {
          expect(at[i] - at[i - 1]).toBeGreaterThanOrEqual(pmin * SECOND);
          expect(at[i] - at[i - 1]).toBeLessThanOrEqual(pmax * SECOND);
        }
        const last = changes.length === 0 ? 20 : changes[changes.length - 1][1];
        expect(pair.server.notifications.slice(-1)[0].text).toBe(`${last}`);
      },
    ),
    { numRuns: 200 },
  );
});

test("no datagram makes the agent throw", () => {
  const pair = given(false);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (datagram, looksLikeCoap) => {
      if (looksLikeCoap && datagram.length > 1) {
        datagram[0] = 0x40 | (datagram[0] & 0x34);
        datagram[1] &= 0x07;
      }
      pair.agent.handleDatagram(pair.now, pair.server.link, datagram);
      pair.wait(1);
    }),
    { numRuns: 5000 },
  );
  expect(pair.server.read("/3/0/0").code).toBe("2.05");
});

import { expect, test } from "vitest";
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { DELETE, FETCH, GET, POST, PUT } from "../../../../protocol/coap/codes.ts";
import type { Random } from "../../../../protocol/ports.ts";
import { proves } from "../../../support/proves.ts";
import { type Device, Rig, seededRandom } from "../connector/rig.ts";

const HISTORIES = 1000;
const STEPS = 20;

/** Loses, doubles, delays and reorders. */
function unfaithful(random: Random) {
  return () => {
    const luck = random.uint32() % 100;
    const delay = () => 5 + (random.uint32() % 3000);
    if (luck < 20) return [];
    return luck < 35 ? [delay(), delay()] : [delay()];
  };
}

interface History {
  readonly rig: Rig;
  readonly device: Device;
  /** Ids that were accepted: committed. */
  readonly accepted: Set<string>;
  /** Of each Execute, what the device shows when it has executed it. */
  readonly executes: string[];
}

function live(seed: number): History {
  const random = seededRandom(seed);
  const rig = new Rig({ seed, fate: unfaithful(random) });
  const device = rig.device("a");
  const isSleeper = random.uint32() % 2 === 0;
  const register = () =>
    device.register(["lt=300", "lwm2m=1.1", ...(isSleeper ? ["Q"] : [])], "</3/0>,</x>");
  const accepted = new Set<string>();
  const executes: string[] = [];
  const paths = ["/3/0/0", "/x", "/missing"];
  const composite = ["/3/0/0", "/3/0/1"];
  device.values.set("/", "[]");
  device.values.set("/3/0/0", "0");
  device.values.set("/x", "0");
  register();
  for (let step = 0; step < STEPS; step++) {
    const path = paths[random.uint32() % paths.length];
    switch (random.uint32() % 15) {
      case 0:
      case 1:
      case 2: {
        const method = [GET, PUT, POST, DELETE][random.uint32() % 4];
        const payload = encodeUtf8(method === GET || method === DELETE ? "" : `step ${step}`);
        const expiresIn = 1000 + (random.uint32() % 400_000);
        const priority = (["high", "normal", "low"] as const)[random.uint32() % 3];
        const mayBeSuperseded = random.uint32() % 2 === 0;
        const more = { expiresIn, priority, mayBeSuperseded };
        const submission = rig.submit("a", { method, path, payload, ...more });
        if ("id" in submission) {
          accepted.add(submission.id);
          if (method === POST) executes.push(`POST ${path} format=0 "step ${step}"`);
        }
        break;
      }
      case 3: {
        const submission = rig.observe("a", path);
        if ("id" in submission) accepted.add(submission.id);
        break;
      }
      case 4:
        rig.cancelObservation("a", path);
        break;
      case 5:
        device.update();
        break;
      case 6:
        register();
        break;
      case 7:
        device.isAsleep = !device.isAsleep;
        break;
      case 8:
        if (random.uint32() % 3 === 0) device.deregister();
        else device.set(path, `${step}`);
        break;
      case 9:
        device.moveTo(`10.9.9.${step}:1`);
        break;
      case 10:
        rig.restart();
        break;
      case 11: {
        const submission =
          random.uint32() % 2 === 0
            ? rig.observeComposite("a", composite)
            : rig.submit("a", { method: FETCH, path: "/", paths: composite });
        if ("id" in submission) accepted.add(submission.id);
        break;
      }
      case 12:
        rig.cancelComposite("a", composite);
        break;
      case 13: {
        const queued = rig.connector.queued("a");
        if (queued.length > 0) rig.cancel("a", queued[random.uint32() % queued.length].id);
        break;
      }
      default:
        rig.drive(rig.now + (random.uint32() % 60_000));
    }
    rig.drive(rig.now + (random.uint32() % 4000));
  }
  // Peace: everything is delivered, and the registration runs out at last.
  rig.fate = () => [10];
  device.isAsleep = false;
  device.update();
  rig.drive(rig.now + 5_000_000);
  return { rig, device, accepted, executes };
}

test(`LwM2M Transport 1.2.2 §6.5: in ${HISTORIES} random histories every accepted request has exactly one outcome`, () => {
  proves("connector", "queue-outcome", "queue-persisted");
  const seen = new Set<string>();
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const { rig, device, accepted, executes } = live(seed);
    const outcomes = new Map<string, number>();
    for (const { id } of rig.responses()) outcomes.set(id, (outcomes.get(id) ?? 0) + 1);
    for (const id of accepted) expect([seed, id, outcomes.get(id)]).toEqual([seed, id, 1]);
    expect([seed, outcomes.size]).toEqual([seed, accepted.size]);
    for (const line of executes) {
      const times = device.executed.filter((executed) => executed === line).length;
      expect([seed, line, times > 1]).toEqual([seed, line, false]);
    }
    expect([seed, ...rig.store.table("requests").entries()]).toEqual([seed]);
    expect([seed, ...rig.store.table("observations").entries()]).toEqual([seed]);
    expect([seed, rig.connector.size, rig.connector.peerCount]).toEqual([seed, 0, 0]);
    for (const { outcome } of rig.responses()) seen.add(outcome);
  }
  // The histories are worth something only where they come to every end.
  expect([...seen].sort()).toEqual([
    "answered",
    "cancelled",
    "expired",
    "gone",
    "interrupted",
    "superseded",
    "unanswered",
  ]);
}, 60_000);

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  firmwareUpdateObject,
  firmwareUpdateOf,
} from "../../../../firmware/objects/firmware-update.ts";
import { FIRMWARE_UPDATE_1_2 } from "../../../../protocol/model/objects/firmware-update-1-2.ts";
import { NEVER } from "../../../../protocol/time/duration.ts";
import {
  MemoryStaging,
  MemoryStore,
  packageOf,
  ScriptedInstaller,
  ScriptedSource,
  ScriptedVerification,
} from "../../../support/update-ports.ts";

const IMAGE = packageOf(3000);

/** Results that each state may have (LwM2M Core 1.2.2 §E.6). */
const LEGAL: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 9, 10],
  [0],
  [0, 8, 11],
  [0],
];

/** From which state another may be reached in one step that nobody can look into. */
const STEPS: Readonly<Record<number, readonly number[]>> = {
  0: [0, 1, 2, 3],
  1: [0, 1, 2, 3],
  2: [0, 2, 3],
  3: [0, 2, 3],
};

type Act =
  | { kind: "push"; whole: boolean }
  | { kind: "begin" | "end" | "break" | "update" | "cancel" | "accept" | "restart" | "reset" }
  | { kind: "append"; length: number }
  | { kind: "pull"; uri: string; breaks: readonly number[] }
  | { kind: "wait"; period: number }
  | { kind: "install"; outcome: number | undefined }
  | { kind: "verdict"; fault: number | undefined }
  | { kind: "write"; resourceId: number; value: number | boolean };

const ACTS: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant("push" as const), whole: fc.boolean() }),
  fc.record({
    kind: fc.constantFrom(
      "begin" as const,
      "end" as const,
      "break" as const,
      "update" as const,
      "cancel" as const,
      "accept" as const,
      "restart" as const,
      "reset" as const,
    ),
  }),
  fc.record({ kind: fc.constant("append" as const), length: fc.nat(1500) }),
  fc.record({
    kind: fc.constant("pull" as const),
    uri: fc.constantFrom("coap://h/x", "ftp://h/x", "nonsense"),
    breaks: fc.array(fc.nat(2000), { maxLength: 6 }),
  }),
  fc.record({ kind: fc.constant("wait" as const), period: fc.nat(100_000) }),
  fc.record({
    kind: fc.constant("install" as const),
    outcome: fc.constantFrom(undefined, 0, 2, 5, 6, 8),
  }),
  fc.record({ kind: fc.constant("verdict" as const), fault: fc.constantFrom(undefined, 0, 5, 6) }),
  fc.oneof(
    fc.record({
      kind: fc.constant("write" as const),
      resourceId: fc.constant(11),
      value: fc.nat(2),
    }),
    fc.record({
      kind: fc.constant("write" as const),
      resourceId: fc.constant(13),
      value: fc.nat(60),
    }),
    fc.record({
      kind: fc.constant("write" as const),
      resourceId: fc.constant(14),
      value: fc.boolean(),
    }),
  ),
);

function run(acts: readonly Act[]): void {
  const staging = new MemoryStaging(4000);
  const store = new MemoryStore();
  const installer = new ScriptedInstaller();
  const verification = new ScriptedVerification();
  const source = new ScriptedSource(IMAGE);
  const ports = { staging, store, installer, verification, sources: [source] };
  const make = () => firmwareUpdateObject(FIRMWARE_UPDATE_1_2, ports, { asksUser: true });
  let object = make();
  let now = 0;
  let before = 0;
  for (const act of acts) {
    const update = firmwareUpdateOf(object);
    switch (act.kind) {
      case "push":
        if (update.mayWrite(false) === 0x44)
          update.writePackage(act.whole ? IMAGE : packageOf(5000));
        break;
      case "begin":
        update.beginPackage(undefined);
        break;
      case "append":
        update.appendPackage(packageOf(act.length));
        break;
      case "end":
        update.endPackage();
        break;
      case "break":
        update.breakPackage();
        break;
      case "update":
        update.update();
        break;
      case "cancel":
        update.cancel();
        break;
      case "reset":
        update.writeUri("");
        break;
      case "accept":
        update.accept();
        break;
      case "pull":
        source.breaks = [...act.breaks];
        update.writeUri(act.uri);
        break;
      case "install":
        installer.next = act.outcome;
        break;
      case "verdict":
        verification.verdict = act.fault === undefined ? undefined : { fault: act.fault };
        break;
      case "write":
        object.set(0, act.resourceId, act.value);
        update.handleSettings();
        break;
      case "restart":
        object = make();
        break;
      case "wait": {
        const until = now + act.period;
        const { machine } = object;
        for (let steps = 0; machine !== undefined && machine.deadline() <= until; steps++) {
          expect(steps).toBeLessThan(20_000);
          now = Math.max(now, machine.deadline());
          machine.handleTimeout(now);
        }
        now = until;
        break;
      }
    }
    const state = object.get(0, 3) as number;
    expect(LEGAL[state]).toContain(object.get(0, 5));
    expect(STEPS[before]).toContain(state);
    // Nothing stays staged for nobody, and nothing waits in a state that ends.
    if (state === 0) expect(staging.length()).toBe(0);
    if (state === 0) expect(object.machine?.deadline()).toBe(NEVER);
    if (state === 2) expect(staging.length()).toBeGreaterThan(0);
    before = state;
  }
}

test("LwM2M Core 1.2.2 §E.6.1: whatever is written, executed, broken and restarted, state and result are legal", () => {
  fc.assert(
    fc.property(fc.array(ACTS, { maxLength: 40 }), (acts) => run(acts)),
    { numRuns: 400, seed: 11 },
  );
});

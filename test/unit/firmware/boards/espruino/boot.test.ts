/** The boot program, bundled as for the board, against a stand-in of Espruino's API: what it starts, ends and tidies. */
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { beforeAll, describe, expect, test } from "vitest";
import { bundleForBoard } from "../../../../../firmware/flash/bundle.ts";
import type { FlashFiles } from "../../../../../firmware/update/ports.ts";
import { SlotStaging } from "../../../../../firmware/update/slot-staging.ts";
import { GOOD, mark, readSlot, SLOTS, TRY } from "../../../../../firmware/update/slots.ts";
import { NODE_CRYPTO } from "../../../../../host/node-crypto.ts";
import { FakeStorage } from "../../../../support/fake-storage.ts";
import { signedPackage } from "../../../../support/packages.ts";

const [A, B] = SLOTS;
const CONFIRMED = "confirmed";

let code: string;

beforeAll(async () => {
  const program = join(import.meta.dirname, "../../../../../firmware/boards/espruino/boot.ts");
  ({ code } = await bundleForBoard(program));
}, 60_000);

function binary(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** A program of its own version, padded: what it prints tells that it ran. */
function programOf(version: string, statement = "", length = 0): Uint8Array {
  const text = `print("runs ${version} in "+dormouseSlot);${statement}//`;
  return signedPackage(bytesOf(text.padEnd(length, "x")), { version });
}

/** The files of a Storage, as slots.ts sees them. */
function filesOf(storage: FakeStorage): FlashFiles {
  return {
    size: (name) => storage.read(name)?.length,
    read: (name, offset, length) => bytesOf(storage.read(name, offset, length) ?? ""),
    create: (name, bytes, size) => storage.write(name, bytes, 0, size),
    write: (name, bytes, offset) => storage.write(name, bytes, offset),
    erase: (name) => storage.erase(name),
    digest: (name, offset, length) =>
      NODE_CRYPTO.sha256(bytesOf(storage.read(name, offset, length) ?? "")),
    free: () => storage.getFree() - 32,
  };
}

function given(version = "1.0.0", total?: number, length?: number): FakeStorage {
  const storage = new FakeStorage(total);
  storage.write(".bootcde", code);
  storage.write(A, binary(programOf(version, "", length)));
  return storage;
}

function stage(storage: FakeStorage, name: string, bytes: Uint8Array): void {
  const staging = new SlotStaging(filesOf(storage), name);
  staging.begin(bytes.length);
  staging.append(bytes);
}

/** Marks a slot as tried, and good if asked. */
function marked(storage: FakeStorage, name: string, generation: number, isGood = false): void {
  const slot = readSlot(filesOf(storage), name);
  if (slot === undefined) throw new Error(`${name} is empty`);
  mark(filesOf(storage), slot, TRY, generation);
  if (isGood) mark(filesOf(storage), slot, GOOD, generation);
}

interface Boot {
  readonly printed: string[];
  reboots: number;
  watchdog: number;
  /** Emits an event of E or of the process. */
  emit(event: string, argument?: unknown): void;
  /** The longest timer that was set, run. */
  runLate(): void;
}

/** Boots once: the boot program, then what it has left to run. */
function boot(storage: FakeStorage): Boot {
  const listeners = new Map<string, ((argument: unknown) => void)[]>();
  const timers: { run: (() => void) | string; wait: number }[] = [];
  const on = (event: string, run: (argument: unknown) => void) => {
    listeners.set(event, [...(listeners.get(event) ?? []), run]);
  };
  const result: Boot = {
    printed: [],
    reboots: 0,
    watchdog: 0,
    emit: (event, argument) => {
      for (const run of listeners.get(event) ?? []) run(argument);
    },
    runLate: () => {
      timers.sort((a, b) => b.wait - a.wait);
      const timer = timers.shift();
      if (typeof timer?.run === "function") timer.run();
    },
  };
  const context = createContext({
    print: (...words: unknown[]) => result.printed.push(words.join(" ")),
    setTimeout: (run: (() => void) | string, wait: number) => timers.push({ run, wait }),
    require: (name: string) =>
      name === "Storage"
        ? storage
        : { SHA256: (text: string) => NODE_CRYPTO.sha256(bytesOf(text)).buffer },
    E: {
      toUint8Array: bytesOf,
      toString: binary,
      on,
      enableWatchdog: (seconds: number) => {
        result.watchdog = seconds;
      },
      reboot: () => {
        result.reboots++;
      },
    },
    process: { on },
    [CONFIRMED]: () => {
      const slot = readSlot(filesOf(storage), B);
      if (slot !== undefined) mark(filesOf(storage), slot, GOOD, slot.generation);
    },
  });
  runInContext(code, context);
  const due = timers.splice(0).filter((timer) => {
    if (typeof timer.run === "string") {
      try {
        runInContext(timer.run, context);
      } catch (error) {
        result.emit("uncaughtException", error);
      }
      return false;
    }
    return true;
  });
  timers.push(...due);
  return result;
}

describe("starting", () => {
  test("the program that came with the board runs where programs do, and knows its slot", () => {
    const storage = given();
    const { steps } = storage;
    const { printed, reboots, watchdog } = boot(storage);
    expect(printed).toEqual([`runs 1.0.0 in ${A}`]);
    expect([reboots, watchdog, storage.steps - steps]).toEqual([0, 0, 0]);
  });

  test("without a program it says so, and there is a prompt", () => {
    const storage = new FakeStorage();
    expect(boot(storage).printed).toEqual([`There is no program to start in ${A} or ${B}`]);
  });
});

describe("on trial", () => {
  function onTrial(statement: string): FakeStorage {
    const storage = given();
    stage(storage, B, programOf("2.0.0", statement));
    marked(storage, B, 1);
    return storage;
  }

  test("a program that throws is ended by a reboot, and after three of them the one before runs", () => {
    const storage = onTrial(`throw new Error("no")`);
    for (let i = 0; i < 3; i++) {
      const { printed, reboots, watchdog } = boot(storage);
      expect(printed).toContain(`runs 2.0.0 in ${B}`);
      expect(reboots).toBe(1);
      expect(watchdog).toBeGreaterThan(0);
    }
    const { printed, reboots } = boot(storage);
    expect(printed).toEqual([`runs 1.0.0 in ${A}`]);
    expect(reboots).toBe(0);
  });

  test("a program that has not registered when its time is over is ended", () => {
    const once = boot(onTrial(""));
    expect(once.reboots).toBe(0);
    once.runLate();
    expect(once.reboots).toBe(1);
    expect(once.printed.join()).toContain("not registered in time");
  });

  test("a program that runs out of memory is ended, one that is short of it is not", () => {
    const once = boot(onTrial(""));
    once.emit("errorFlag", ["LOW_MEMORY"]);
    expect(once.reboots).toBe(0);
    once.emit("errorFlag", ["LOW_MEMORY", "MEMORY"]);
    expect(once.reboots).toBe(1);
  });

  test("a program that has shown that it works may throw, and is started from then on", () => {
    const storage = onTrial(`${CONFIRMED}();`);
    const once = boot(storage);
    once.emit("uncaughtException", new Error("later"));
    once.runLate();
    expect(once.reboots).toBe(0);
    expect(boot(storage).printed).toEqual([`runs 2.0.0 in ${B}`]);
  });
});

describe("tidying", () => {
  const LENGTH = 30_000;

  /** Two good programs, and the trash of a third. */
  function worn(total: number): FakeStorage {
    const storage = given("1.0.0", total, LENGTH);
    storage.write("gone", "x".repeat(20_000));
    storage.erase("gone");
    stage(storage, B, programOf("2.0.0", "", LENGTH));
    marked(storage, B, 1, true);
    return storage;
  }

  test("with half of Storage free nothing is moved", () => {
    const storage = worn(262_144);
    expect(boot(storage).printed).toEqual([`runs 2.0.0 in ${B}`]);
    expect(storage.compactions).toBe(0);
  });

  test("with less, the program before goes, everything is moved together, and a reboot follows", () => {
    const storage = worn(128_000);
    const first = boot(storage);
    expect(first.printed).toEqual([]);
    expect([first.reboots, storage.compactions]).toEqual([1, 1]);
    expect(storage.names()).toEqual([".bootcde", B, "dormouse.tidy"]);
    const second = boot(storage);
    expect(second.printed).toEqual([`runs 2.0.0 in ${B}`]);
    expect([second.reboots, storage.compactions]).toEqual([0, 1]);
    expect(boot(storage).printed).toEqual([`runs 2.0.0 in ${B}`]);
    expect([storage.compactions, storage.read("dormouse.tidy")]).toEqual([1, undefined]);
  });

  test("where that does not help, programs are started all the same", () => {
    const storage = worn(128_000);
    storage.compact = () => {};
    expect(boot(storage).reboots).toBe(1);
    expect(boot(storage).printed).toEqual([`runs 2.0.0 in ${B}`]);
  });

  test("on trial neither program goes", () => {
    const storage = given("1.0.0", 128_000, LENGTH);
    storage.write("gone", "x".repeat(20_000));
    storage.erase("gone");
    stage(storage, B, programOf("2.0.0", "", LENGTH));
    marked(storage, B, 1);
    expect(boot(storage).reboots).toBe(1);
    expect(storage.names()).toContain(A);
    expect(boot(storage).printed).toContain(`runs 2.0.0 in ${B}`);
  });

  test("a package that waits to be installed does not go", () => {
    const storage = given("1.0.0", 100_000, LENGTH);
    storage.write("gone", "x".repeat(20_000));
    storage.erase("gone");
    stage(storage, B, programOf("2.0.0", "", 20_000));
    boot(storage);
    expect(storage.names()).toContain(B);
  });

  test("nor is anything moved when the owner says so", () => {
    const storage = worn(128_000);
    storage.write("dormouse.json", JSON.stringify({ tidy: false }));
    expect(boot(storage).printed).toEqual([`runs 2.0.0 in ${B}`]);
    expect(storage.compactions).toBe(0);
  });
});

/**
 * The minimal device on a real interpreter, judged by the conformance harness as any client: `dormouse conform client --adapter command`, by
 * the cases of the ETS up to LwM2M 1.1 that concern what it claims.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { bundleForBoard } from "../../firmware/flash/bundle.ts";
import { DORMOUSE } from "../e2e/support/program.ts";
import type { Espruino } from "../engine/support/espruino.ts";
import { interpreters } from "./support/interpreters.ts";
import { minimalProfile, poweredProfile } from "./support/minimal-profile.ts";

const ROOT = join(import.meta.dirname, "../..");
const MINUTE = 60_000;
/** All that the ETS has. */
const ETS = [
  "bootstrap",
  "registration",
  "device-management",
  "reporting",
  "security",
  "core-objects",
  "additional-objects",
].flatMap((group) => ["--group", group]);

const DEVICES = [
  {
    name: "the minimal device",
    entry: "firmware/boards/espruino/minimal.ts",
    profileOf: minimalProfile,
    which: ETS,
    least: 26,
  },
  {
    name: "one with attributes and two sources of power",
    entry: "test/board/programs/powered.ts",
    profileOf: poweredProfile,
    // What the minimal device has nothing for: Discover with attributes, observations of values that are observed with them.
    which: ["260", "301", "302", "303"].flatMap((id) => ["--only", id]),
    least: 4,
  },
];
type Device = (typeof DEVICES)[number];

const FOUND = await interpreters();
const folder = mkdtempSync(join(tmpdir(), "conformance-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Verdict {
  readonly id: string;
  readonly verdict: string;
  readonly seconds: number;
}

/** Runs the harness to its end. */
async function judge(engine: Espruino, device: Device): Promise<Verdict[]> {
  const program = join(folder, "program.js");
  writeFileSync(program, (await bundleForBoard(join(ROOT, device.entry))).code);
  const [model, serial, version] = await engine.run(
    "print(process.env.BOARD);print(getSerial());print(process.env.VERSION);",
  );
  const commands = join(folder, "commands.json");
  const results = join(folder, "results.json");
  const run = `${process.execPath} --import tsx ${join(ROOT, "test/board/support/run-board.ts")}`;
  writeFileSync(
    commands,
    JSON.stringify({
      start: `${run} ${engine.path} ${program} {server} {endpoint} {lifetime} {queue}`,
      device: device.profileOf({ model, serial, version }),
    }),
  );
  const how = ["--adapter", "command", "--commands", commands, "--port", "0", "--level", "1.1"];
  const child = spawn(
    process.execPath,
    [DORMOUSE, "conform", "client", ...how, ...device.which, "--json", results],
    { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
  );
  let printed = "";
  child.stdout.on("data", (text: Buffer) => {
    printed += text.toString();
  });
  await new Promise((resolve) => child.once("close", resolve));
  console.log(printed);
  return (JSON.parse(readFileSync(results, "utf8")) as { cases: Verdict[] }).cases;
}

describe.each(FOUND)("$name", ({ engine }) => {
  test.each(DEVICES)(
    "$name passes every case of the ETS up to LwM2M 1.1 that concerns it",
    async (device) => {
      const cases = await judge(engine, device);
      const named = (verdict: string) =>
        cases.filter((each) => each.verdict === verdict).map(({ id }) => id);
      const passed = cases.filter((each) => each.verdict === "pass");
      const list = passed.map(({ id, seconds }) => `${id} ${seconds.toFixed(0)} s`);
      console.log(`${engine.name}: ${list.length} passed: ${list.join(", ")}`);
      expect(named("fail")).toEqual([]);
      expect(named("inconclusive")).toEqual([]);
      expect(named("pass").length).toBeGreaterThanOrEqual(device.least);
    },
    90 * MINUTE,
  );
});

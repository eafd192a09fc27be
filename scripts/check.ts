/**
 * `npm run check`: everything that can be judged without running the tests. All steps run, in order, and each failure is shown.
 * `npm run check -- types arrows` runs only the named ones.
 */
import { spawnSync } from "node:child_process";
import { performance } from "node:perf_hooks";

interface Step {
  readonly name: string;
  readonly asks: string;
  readonly command: readonly string[];
  /** What it prints is worth showing when it passes, too. */
  readonly tells?: boolean;
}

const STEPS: readonly Step[] = [
  {
    name: "style",
    asks: "formatted and free of lint",
    command: ["biome", "check", "--error-on-warnings", "."],
  },
  { name: "types", asks: "sound on Node", command: ["tsc", "-p", "tsconfig.json"] },
  {
    name: "board-types",
    asks: "sound with only what Espruino has",
    command: ["tsc", "-p", "tsconfig.portable.json"],
  },
  {
    name: "espruino",
    asks: "the Espruino board sound with Espruino's API",
    command: ["tsc", "-p", "tsconfig.espruino.json"],
  },
  {
    name: "kaluma",
    asks: "the Kaluma board sound with Kaluma's API",
    command: ["tsc", "-p", "tsconfig.kaluma.json"],
  },
  {
    name: "arrows",
    asks: "no room imports what it may not know",
    command: ["tsx", "scripts/arrows.ts"],
  },
  {
    name: "board-syntax",
    asks: "no syntax that the board's pipeline breaks",
    command: ["tsx", "scripts/board-syntax.ts"],
  },
  {
    name: "board-size",
    asks: "the agent fits a board",
    command: ["tsx", "scripts/board-size.ts"],
    tells: true,
  },
  {
    name: "citations",
    asks: "the clauses that are cited exist",
    command: ["tsx", "scripts/citations.ts"],
  },
  {
    name: "api-docs",
    asks: "docs/api is what the routes say",
    command: ["tsx", "scripts/api-docs.ts", "--check"],
  },
  {
    name: "features",
    asks: "docs/features.md is what the tests say",
    command: ["tsx", "scripts/feature-matrix.ts", "--check"],
  },
  { name: "unused", asks: "no unused file, export or dependency", command: ["knip"] },
  {
    name: "build",
    asks: "compiles to dist",
    command: ["tsc", "-b", "tsconfig.build-espruino.json", "tsconfig.build-kaluma.json"],
  },
  { name: "package", asks: "what npm would publish is sound", command: ["publint", "--strict"] },
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(
    `no such step: ${unknown.join(", ")}; there are ${STEPS.map((s) => s.name).join(", ")}`,
  );
  process.exit(2);
}

const failed: string[] = [];
for (const { name, asks, command, tells } of STEPS) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const started = performance.now();
  const run = spawnSync(command[0], command.slice(1), {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const passed = run.status === 0;
  console.log(`${passed ? "ok    " : "FAILED"} ${name.padEnd(12)} ${asks} (${seconds} s)`);
  if (passed && tells) console.log(`       ${run.stdout.trim()}`);
  if (passed) continue;
  failed.push(name);
  console.log(`${run.stdout ?? ""}${run.stderr ?? ""}${run.error?.message ?? ""}`.trimEnd());
}
if (failed.length > 0) {
  console.error(`check failed: ${failed.join(", ")}`);
  process.exit(1);
}

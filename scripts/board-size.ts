/**
 * Bundles the programs of an Espruino board and refuses one that has outgrown it: `minimal.ts` is for boards of 5,000 variables, of which
 * what runs needs about a fifth on top of what loads. `npx tsx scripts/board-size.ts --modules` says what costs what.
 */
import { join } from "node:path";
import { bundleForBoard } from "../firmware/flash/bundle.ts";

const BOARD = "firmware/boards/espruino";
const PROGRAMS = [
  { name: "minimal.ts", mostBytes: 40_960, mostVariables: 1_950 },
  { name: "minimal-tcp.ts", mostBytes: 45_056, mostVariables: 2_100 },
  { name: "behind-gateway.ts", mostBytes: 42_000, mostVariables: 1_950 },
  { name: "sleeper.ts", mostBytes: 67_000, mostVariables: 3_200 },
  { name: "main.ts", mostBytes: 52_000, mostVariables: 2_550 },
  // For boards of 8,000 variables; for the second twice as much Storage as the program has bytes.
  { name: "full.ts", mostBytes: 96_000, mostVariables: 4_600 },
  { name: "updatable.ts", mostBytes: 90_000, mostVariables: 4_200 },
  { name: "boot.ts", mostBytes: 8_500, mostVariables: 350 },
];

for (const { name, mostBytes, mostVariables } of PROGRAMS) {
  const { bytes, functions, estimatedVariables, modules } = await bundleForBoard(
    join(import.meta.dirname, "..", BOARD, name),
  );
  console.log(
    `${name}: ${bytes} of ${mostBytes} bytes, about ${estimatedVariables} of ${mostVariables} variables, ${functions} functions`,
  );
  if (process.argv.includes("--modules")) {
    for (const module of modules) {
      const share = (
        (100 * module.bytes) /
        modules.reduce((sum, each) => sum + each.bytes, 0)
      ).toFixed(1);
      console.log(
        `  ${share.padStart(5)} % ${String(module.functions).padStart(4)} functions  ${module.path}`,
      );
    }
  }
  if (bytes > mostBytes || estimatedVariables > mostVariables) {
    console.error(`${BOARD}/${name} has outgrown its board`);
    process.exitCode = 1;
  }
}

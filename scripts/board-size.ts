/**
 * Bundles the program of an Espruino board and refuses it when it has outgrown the board: a Pico has 5,100 variables, and what runs
 * needs about a fifth of them on top of what loads.
 */
import { join } from "node:path";
import { bundleForBoard } from "../firmware/flash/bundle.ts";

const PROGRAM = "firmware/boards/espruino/main.ts";
const MOST_BYTES = 64_000;
const MOST_VARIABLES = 2_600;

const { bytes, functions, estimatedVariables } = await bundleForBoard(
  join(import.meta.dirname, "..", PROGRAM),
);
console.log(
  `${bytes} of ${MOST_BYTES} bytes, about ${estimatedVariables} of ${MOST_VARIABLES} variables, ${functions} functions`,
);
if (bytes > MOST_BYTES || estimatedVariables > MOST_VARIABLES) {
  console.error(`${PROGRAM} has outgrown the board`);
  process.exitCode = 1;
}

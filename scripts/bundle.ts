/** Bundles a program for a board: `npx tsx scripts/bundle.ts firmware/boards/espruino/main.ts board.js`. */
import { writeFileSync } from "node:fs";
import { bundleForBoard } from "../firmware/flash/bundle.ts";

const [program, file] = process.argv.slice(2);
if (program === undefined || file === undefined) {
  console.error("usage: npx tsx scripts/bundle.ts PROGRAM.ts FILE.js");
  process.exit(2);
}
const { code, bytes, functions, estimatedVariables } = await bundleForBoard(program);
writeFileSync(file, code);
console.log(
  `${file}: ${bytes} bytes, ${functions} functions, about ${estimatedVariables} variables`,
);

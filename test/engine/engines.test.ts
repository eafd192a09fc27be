/**
 * The board bundles on real engines. On Node the TypeScript itself runs; on every engine its bundle must print the same.
 *
 * QuickJS comes with `npm ci`. duktape is used when `duk` is on the PATH, JerryScript when `JERRY_BIN` names it, and real interpreters when
 * `ESPRUINO_BINS` names them (`label=path,...`). An engine that is missing is skipped by name; `ENGINES_REQUIRED=duktape,Espruino` makes it a failure.
 */
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type BoardBundle, bundleForBoard } from "../../firmware/flash/bundle.ts";
import { findDuktape } from "./support/duktape.ts";
import { type Candidate, isRequired, titled } from "./support/engine.ts";
import { Espruino, findEspruinos } from "./support/espruino.ts";
import { findJerryScript, JerryScript } from "./support/jerryscript.ts";
import { quickjs } from "./support/quickjs.ts";

const ENTRIES = ["language", "codecs", "formats", "coap", "agent", "stream"];

const candidates: Candidate[] = [
  { name: quickjs.name, engine: quickjs },
  findDuktape(),
  findJerryScript(process.env.JERRY_BIN),
  ...findEspruinos(process.env.ESPRUINO_BINS),
];
afterEach(() => vi.unstubAllGlobals());

/** What runs needs on top of what loads. */
const HEADROOM = 1.4;
/** Bytes of JerryScript's heap for each of a bundle that runs here, bodies and all. */
const HEAP_PER_BYTE = 3.2;

/** Why an interpreter's pool is too small for a bundle, if it is. */
async function tooSmall(engine: unknown, bundle: BoardBundle): Promise<string | undefined> {
  if (engine instanceof JerryScript) {
    const heap = engine.heapSize() ?? Number.POSITIVE_INFINITY;
    const needed = Math.ceil(bundle.bytes * HEAP_PER_BYTE);
    return needed > heap ? `needs ${needed} bytes of heap, and has ${heap}` : undefined;
  }
  if (!(engine instanceof Espruino)) return undefined;
  const { total, isFixed } = await engine.measure("1");
  const needed = Math.ceil(bundle.estimatedVariables * HEADROOM);
  return isFixed && needed > total ? `needs ${needed} variables of ${total}` : undefined;
}

/** What the entry prints when Node runs its source. */
async function transcriptOnNode(entry: string): Promise<string[]> {
  const lines: string[] = [];
  vi.stubGlobal("print", (line: string) => lines.push(line));
  await import(`./entries/${entry}.ts`);
  return lines;
}

describe.each(ENTRIES)("%s", (entry) => {
  let bundle: BoardBundle;
  let expected: string[];

  beforeAll(async () => {
    bundle = await bundleForBoard(join(import.meta.dirname, `entries/${entry}.ts`));
    expected = await transcriptOnNode(entry);
    expect(expected.length).toBeGreaterThan(0);
  });

  for (const candidate of candidates) {
    const { name, engine, missing } = candidate;
    test.skipIf(engine === undefined && !isRequired(name))(
      titled(`${name} prints what Node prints`, candidate),
      async (context) => {
        if (engine === undefined) throw new Error(missing);
        const reason = await tooSmall(engine, bundle);
        if (reason !== undefined) context.skip(reason);
        expect(await engine.run(bundle.code)).toEqual(expected);
      },
    );
  }
});

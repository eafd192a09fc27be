/**
 * The board bundles on real engines. On Node the TypeScript itself runs; on every engine its bundle must print the same.
 *
 * QuickJS comes with `npm ci`. duktape is used when `duk` is on the PATH, and real interpreters when `ESPRUINO_BINS` names them
 * (`label=path,...`). An engine that is missing is skipped by name; `ENGINES_REQUIRED=duktape,Espruino` makes it a failure.
 */
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type BoardBundle, bundleForBoard } from "../../firmware/flash/bundle.ts";
import { findDuktape } from "./support/duktape.ts";
import { type Candidate, isRequired, titled } from "./support/engine.ts";
import { findEspruinos } from "./support/espruino.ts";
import { quickjs } from "./support/quickjs.ts";

const ENTRIES = ["language", "codecs", "formats", "coap", "agent", "stream"];

const candidates: Candidate[] = [
  { name: quickjs.name, engine: quickjs },
  findDuktape(),
  ...findEspruinos(process.env.ESPRUINO_BINS),
];
afterEach(() => vi.unstubAllGlobals());

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
      async () => {
        if (engine === undefined) throw new Error(missing);
        expect(await engine.run(bundle.code)).toEqual(expected);
      },
    );
  }
});

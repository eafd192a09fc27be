/**
 * Cryptography on the engines: what protocol/crypto makes, over a stand-in in plain code where an engine has nothing native, and over
 * Espruino's own on real interpreters, which `ESPRUINO_BINS` names.
 */
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bundleForBoard } from "../../firmware/flash/bundle.ts";
import { HssLmsSigner } from "../../host/hss-lms-signer.ts";
import { NODE_CRYPTO } from "../../host/node-crypto.ts";
import { encodeHex } from "../../protocol/bytes/hex.ts";
import { printCrypto } from "./support/crypto-transcript.ts";
import { findDuktape } from "./support/duktape.ts";
import { type Candidate, isRequired, titled } from "./support/engine.ts";
import { findEspruinos } from "./support/espruino.ts";
import { quickjs } from "./support/quickjs.ts";

const PATIENCE = 120_000;

/** What Node computes. */
let expected: string[];

beforeEach(() => {
  expected = [];
  vi.stubGlobal("print", (line: string) => expected.push(line));
  printCrypto(NODE_CRYPTO);
});
afterEach(() => vi.unstubAllGlobals());

async function linesOf(candidate: Candidate, entry: string, before = ""): Promise<string[]> {
  if (candidate.engine === undefined) throw new Error(candidate.missing);
  const { code } = await bundleForBoard(join(import.meta.dirname, `entries/${entry}.ts`));
  return candidate.engine.run(before + code);
}

/** A key of HSS/LMS as packages are signed with, though with fewer leaves, and a signature of it, for board-crypto.ts. */
function hssVariables(): string {
  const secret = { identifier: new Uint8Array(16), seed: new Uint8Array(32), lmsType: 5 };
  const signer = new HssLmsSigner(secret);
  const message = new Uint8Array(100);
  const signature = signer.sign(message, 3, new Uint8Array(32));
  const [key, text, signed] = [signer.publicKey(), message, signature].map(encodeHex);
  return `var hssKey="${key}",hssMessage="${text}",hssSignature="${signed}";`;
}

for (const candidate of [{ name: quickjs.name, engine: quickjs }, findDuktape()]) {
  test.skipIf(candidate.engine === undefined && !isRequired(candidate.name))(
    titled(`${candidate.name} computes with plain code what Node does`, candidate),
    async () => {
      expect(await linesOf(candidate, "crypto")).toEqual(expected);
    },
    PATIENCE,
  );
}

for (const candidate of findEspruinos(process.env.ESPRUINO_BINS)) {
  test.skipIf(candidate.engine === undefined && !isRequired(candidate.name))(
    titled(`${candidate.name} computes with its own crypto what Node does`, candidate),
    async () => {
      const lines = await linesOf(candidate, "board-crypto", hssVariables());
      expected.push("HSS/LMS: true", "HSS/LMS of another message: false");
      const times = lines.filter((line) => line.startsWith("#"));
      expect(lines.filter((line) => !line.startsWith("#"))).toEqual(expected);
      console.log([candidate.name, ...times].join("\n"));
    },
    PATIENCE,
  );
}

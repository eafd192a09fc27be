import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BundleOptions, bundleForBoard } from "../../../../firmware/flash/bundle.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundle-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function bundle(source: string, options?: BundleOptions) {
  const entry = join(folder, "entry.ts");
  await writeFile(entry, source);
  return bundleForBoard(entry, options);
}

/** What the bundle prints in a realm that has nothing but the language. */
function printed(code: string): string[] {
  const lines: string[] = [];
  runInNewContext(code, { print: (line: unknown) => lines.push(String(line)) });
  return lines;
}

test("a program of several modules becomes one statement of ES5 that does the same", async () => {
  await writeFile(
    join(folder, "area.ts"),
    "export const area = ({ w, h = w }: { w: number; h?: number }): number => w * h;",
  );
  const { code, bytes } = await bundle(`
    import { area } from "./area.ts";
    declare function print(line: unknown): void;
    class Box {
      private readonly w: number;
      constructor(w: number) { this.w = w; }
      get area() { return area({ w: this.w }); }
    }
    print([new Box(3).area, { ...{ a: 1 } }.a].join(" "));`);
  expect(printed(code)).toEqual(["9 1"]);
  expect(bytes).toBe(code.length);
  expect(code).not.toMatch(/=>|class |const |let /);
});

test("bytes in literals stay bytes", async () => {
  const { code } = await bundle('declare function print(l: string): void; print("\\xff§");');
  expect(code).toMatch(/^[\x20-\x7e\n]*$/);
  expect(printed(code)).toEqual(["\xff\xa7"]);
});

test("modules of the firmware are required when the program runs", async () => {
  const { code } = await bundle(
    'declare const require: any; require("dgram").createSocket("udp4");',
  );
  expect(code).toContain('require("dgram").createSocket("udp4")');
});

test("what only Node has is refused by name", async () => {
  await expect(
    bundle('import { readFileSync } from "no-such-module"; readFileSync("x");'),
  ).rejects.toThrow(/no-such-module/);
});

test("what is not TypeScript is refused with the file and the reason", async () => {
  await expect(bundle("const = 1;")).rejects.toThrow(/entry\.ts: .*expected/);
});

test("async code is refused: there is no helper for it on a board", async () => {
  await expect(bundle("async function f() { await 1; } f();")).rejects.toThrow(/__awaiter/);
});

test("a class used at load before its definition is refused", async () => {
  await expect(
    bundle(
      "declare const print: any; class B extends A {} class A { m() { return 1; } } print(new B().m());",
    ),
  ).rejects.toThrow(/a board would not load .*entry\.ts/);
});

test("the cost counts functions, and a further method is no dearer than a further function", async () => {
  const hold = "declare const global: any; global.x =";
  const f = "f(a: any, b: any) { return [a, b]; }";
  const g = "g(a: any, b: any) { return [b, a]; }";
  const plain = await bundle(`function ${f} ${hold} [f, f];`);
  const two = await bundle(`function ${f} function ${g} ${hold} [f, f, g, g];`);
  const method = await bundle(`class F { ${f} } ${hold} [F, F];`);
  const methods = await bundle(`class F { ${f} ${g} } ${hold} [F, F];`);
  expect(two.functions - plain.functions).toBe(1);
  expect(methods.functions - method.functions).toBe(1);
  expect(methods.estimatedVariables - method.estimatedVariables).toBeLessThanOrEqual(
    two.estimatedVariables - plain.estimatedVariables,
  );
});

test("a class is flat in the bundle, its properties short, and those of the application long", async () => {
  const { code } = await bundle(`
    import { Retransmission } from ${JSON.stringify(join(import.meta.dirname, "../../../../protocol/coap/retransmission.ts"))};
    declare const global: any;
    global.wait = new Retransmission(JSON.parse('{"ackTimeout":2000,"maxRetransmit":4}'));
    print(global.wait.parameters.ackTimeout);
    declare function print(line: unknown): void;`);
  expect(code).toContain(".prototype={");
  expect(code).toContain(".ackTimeout");
  expect(code).not.toContain("isToBeRepeated");
});

test("without minifying the names stay readable", async () => {
  const source =
    "declare const global: any; function temperature() { return 1; } global.x = [temperature, temperature];";
  expect((await bundle(source, { minify: false })).code).toContain("temperature");
  expect((await bundle(source)).code).not.toContain("temperature");
});

/** `dormouse build` as a process: from the repository, and from the package as npm would install it. */
import { execFile, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { RunningCommand } from "./support/command.ts";

const ROOT = join(import.meta.dirname, "../..");
const EXAMPLE = join(ROOT, "examples/espruino/thermometer.ts");

vi.setConfig({ testTimeout: 180_000, hookTimeout: 300_000 });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dormouse-build-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: string[]): Promise<Ended> {
  const command = new RunningCommand(args);
  const status = await command.end();
  return { status, stdout: command.stdout, stderr: command.stderr };
}

describe("dormouse build", () => {
  test("tells what a program takes of a board, and writes it", async () => {
    const out = join(folder, "thermometer.js");
    const { status, stdout, stderr } = await run(
      "build",
      EXAMPLE,
      "--board",
      "esp32",
      "--out",
      out,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^examples\/espruino\/thermometer\.ts for ESP32 \(esp32\)$/m);
    expect(stdout).toMatch(
      /^ {2}variables {2}█+·* \d\d %: [\d,]+ of 3,400 variables, [\d,]+ free$/m,
    );
    expect(stdout).toContain(`Wrote ${out}.`);
    expect(readFileSync(out, "latin1")).toMatch(/^[\x20-\x7e\n]+$/);
  });

  test("says it as JSON", async () => {
    const out = join(folder, "minimal.js");
    const { status, stdout } = await run(
      "build",
      "--board",
      "espruino-pico",
      "--out",
      out,
      "--json",
    );
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ board: "espruino-pico", refused: [], file: out });
    expect(report.bytes).toBe(readFileSync(out).length);
    expect(report.variables).toBeGreaterThan(1000);
    expect(report.functions).toBeGreaterThan(100);
  });

  test("ends with 1 and writes nothing when something is refused", async () => {
    const program = join(folder, "bad.ts");
    const out = join(folder, "bad.js");
    writeFileSync(program, "print(new Map());\nprint(Promise.race([]));\n");
    const told = await run("build", program, "--board", "esp32", "--out", out);
    expect(told).toMatchObject({ status: 1, stdout: "" });
    expect(told.stderr).toBe(
      `${program}:1:11: there is no Map on a board: keep values in an object, \`{ [key: string]: T }\`\n` +
        `${program}:2:15: there is no \`race\` of Promise on a board: let the first callback win by a flag of your own\n` +
        "\n2 things stand against the board esp32.\n",
    );
    const asked = await run("build", program, "--board", "esp32", "--out", out, "--json");
    expect(asked.status).toBe(1);
    expect(JSON.parse(asked.stdout).refused).toEqual([
      { file: program, line: 1, column: 11, message: expect.stringContaining("no Map") },
      { file: program, line: 2, column: 15, message: expect.stringContaining("race") },
    ]);
    expect(existsSync(out)).toBe(false);
  });

  test.each([
    [[], "give --board NAME"],
    [["--board", "esp99"], "there is no board esp99"],
    [["no-such.ts", "--board", "esp32"], "no-such.ts cannot be read"],
    [["--bord", "esp32"], "unknown option '--bord'"],
  ])("ends with 2 for wrong use: %j", async (args, told) => {
    const { status, stderr } = await run("build", ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(told);
  });

  test("lists the boards", async () => {
    const { status, stdout } = await run("boards");
    expect(status).toBe(0);
    expect(stdout.split("\n")[1]).toMatch(/^espruino-linux/);
    expect((await run("build", "--list-boards")).stdout).toBe(stdout);
  });

  test("a program for Node is one file that runs", async () => {
    const out = join(folder, "device.mjs");
    expect((await run("build", "--board", "pi", "--out", out)).status).toBe(0);
    const settings = join(folder, "dormouse.json");
    writeFileSync(settings, "{}");
    const { status, stderr } = spawnSync(process.execPath, [out, settings], { encoding: "utf8" });
    // EX_CONFIG
    expect(status).toBe(78);
    expect(stderr).toContain('it names neither a "server" nor a "bootstrap" server');
  });
});

describe("the installed package", () => {
  const exec = promisify(execFile);
  let project: string;

  /** What `npm install dormouse-lwm2m` leaves in an empty folder: the packed package, and what it depends on. */
  beforeAll(async () => {
    // As `npm run build` does.
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const boards = ["tsconfig.build-espruino.json", "tsconfig.build-kaluma.json"];
    await exec(process.execPath, [tsc, "-b", ...boards], { cwd: ROOT });
    const pack = ["pack", "--ignore-scripts", "--pack-destination", folder];
    await exec("npm", pack, { cwd: ROOT });
    const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
    project = join(folder, "project");
    const modules = join(project, "node_modules");
    mkdirSync(modules, { recursive: true });
    await exec("tar", ["-xzf", join(folder, tarball), "-C", modules]);
    await exec("mv", [join(modules, "package"), join(modules, "dormouse-lwm2m")]);
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    for (const name of Object.keys(dependencies)) {
      mkdirSync(join(modules, name, ".."), { recursive: true });
      symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
    }
    // As `npm init` writes it, whose type is not that of an ES module.
    writeFileSync(join(project, "package.json"), '{ "name": "mine", "type": "commonjs" }');
  });

  async function installed(...args: string[]): Promise<Ended> {
    const command = join(project, "node_modules/dormouse-lwm2m/dist/bin/dormouse.js");
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
      cwd: project,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  }

  test("builds its usual program", async () => {
    const { status, stderr } = await installed("build", "--board", "esp32");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const minimal = readFileSync(join(project, "minimal.esp32.js"), "utf8");
    await run("build", "--board", "esp32", "--out", join(folder, "minimal.js"));
    expect(minimal === readFileSync(join(folder, "minimal.js"), "utf8")).toBe(true);
  });

  test("builds a program of its user's to the same bytes as the repository does", async () => {
    cpSync(EXAMPLE, join(project, "my-device.ts"));
    const { status, stderr } = await installed("build", "my-device.ts", "--board", "esp32");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const out = join(folder, "same.js");
    await run("build", EXAMPLE, "--board", "esp32", "--out", out);
    const built = readFileSync(join(project, "my-device.esp32.js"), "utf8");
    expect(built === readFileSync(out, "utf8")).toBe(true);
  });

  test("refuses with the places of the user's file", async () => {
    writeFileSync(join(project, "bad.ts"), "\nprint(new Map());");
    const { status, stderr } = await installed("build", "bad.ts", "--board", "esp32");
    expect(status).toBe(1);
    expect(stderr).toContain("bad.ts:2:11: there is no Map on a board");
  });

  test("gives editors the types that the command checks", async () => {
    cpSync(EXAMPLE, join(project, "my-device.ts"));
    const config = {
      extends: "dormouse-lwm2m/boards/espruino/tsconfig.json",
      include: ["my-*.ts"],
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", project], {
      encoding: "utf8",
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  });
});

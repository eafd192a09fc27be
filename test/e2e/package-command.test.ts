/** `dormouse package`, as processes: from a key to a package that is looked at and checked. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { nodePackagePorts } from "../../firmware/boards/node/firmware.ts";
import { PackageTransfer } from "../../firmware/update/package-transfer.ts";
import { RunningCommand } from "./support/command.ts";

vi.setConfig({ testTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), "dormouse-package-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const command = new RunningCommand(["package", ...args]);
  const code = await command.end();
  return { code, out: command.stdout, err: command.stderr };
}

test("a program is signed, shown and verified, and what is changed is found", async () => {
  const [key, program, file] = ["key", "app.js", "app.pkg"].map((name) => join(folder, name));
  writeFileSync(program, `print("hello");`);
  const made = await run("keygen", key, "--scheme", "ed25519");
  expect(made).toMatchObject({ code: 0, err: expect.stringContaining("Keep") });
  expect(made.out).toMatch(/^ed25519:[0-9a-f]{64}\n$/);
  const about = ["--vendor", "Acme", "--class", "meter-2", "--package-version", "2.1.0"];
  const signed = await run("sign", program, "--key", key, ...about, "--output", file);
  expect(signed).toMatchObject({ code: 0, err: "" });
  const shown = await run("show", file);
  expect(shown.out).toMatch(/^vendor +Acme\nclass +meter-2\nversion +2\.1\.0\nimage +15 bytes/);
  expect(shown.out).toContain("Ed25519");
  expect(shown.out).toMatch(/whole +yes/);
  const good = await run("verify", file, "--key", made.out.trim());
  expect(good).toMatchObject({ code: 0, err: "" });
  const bytes = readFileSync(file);
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(file, bytes);
  const bad = await run("verify", file, "--key", key);
  expect(bad).toMatchObject({ code: 1, out: "" });
  expect(bad.err).toContain("its image is another than was signed");
  bytes[bytes.indexOf("Acme")] ^= 1;
  writeFileSync(file, bytes);
  expect((await run("verify", file, "--key", key)).err).toContain("not signed with this key");
});

test("a package is served to a device that pulls it", async () => {
  const [key, program, file] = ["served.key", "served.js", "served.pkg"].map((name) =>
    join(folder, name),
  );
  writeFileSync(program, `print("hello");`.repeat(1000));
  const line = (await run("keygen", key, "--scheme", "hmac-sha256")).out.trim();
  const about = ["--vendor", "Acme", "--class", "meter-2", "--package-version", "2.1.0"];
  await run("sign", program, "--key", key, ...about, "--output", file);
  const server = new RunningCommand(["package", "serve", file, "--port", "0"]);
  try {
    const uri = await server.line(/^coap:\/\/127\.0\.0\.1:\d+\/served\.pkg$/);
    const signed = { keys: [line], vendor: "Acme", deviceClass: "meter-2" };
    const ports = nodePackagePorts({ folder: join(folder, "staged"), install: () => {}, signed });
    const transfer = new PackageTransfer(ports, undefined, () => {});
    expect(transfer.pull(uri)).toBe(0);
    let outcome: number | undefined;
    await expect
      .poll(
        () => {
          transfer.handleTimeout(performance.now());
          outcome ??= transfer.pollOutcome();
          return outcome;
        },
        { timeout: 60_000, interval: 2 },
      )
      .toBe(0);
    expect(transfer.verdict).toMatchObject({ name: "meter-2", version: "2.1.0" });
    await server.line(/has \/served\.pkg$/);
  } finally {
    await server.stop("SIGTERM");
  }
});

test.each([
  [["serve", join(folder, "none")], "ENOENT"],
  [["sign", "x", "--key", "y"], "required option '--vendor <name>' not specified"],
  [["show", join(folder, "none")], "ENOENT"],
  [["keygen", join(folder, "rsa"), "--scheme", "rsa"], "Allowed choices are hss-lms"],
])("%j says what is wrong", async (args, words) => {
  const { code, err } = await run(...(args as string[]));
  expect(code).toBe(1);
  expect(err).toContain(words);
});

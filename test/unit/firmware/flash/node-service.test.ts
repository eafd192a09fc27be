import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  installCommands,
  installFiles,
  serviceFiles,
  unitFile,
} from "../../../../firmware/flash/node-service.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "service-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const SERVICE = {
  program: "the program",
  launcher: "the launcher",
  settings: { server: "coap://192.0.2.1", lifetime: 300 },
  node: "/usr/bin/node",
};
const SETTINGS = "etc/dormouse/dormouse.json";

test("each file goes where the unit looks for it", () => {
  installFiles(serviceFiles(SERVICE), root);
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const unit = read("etc/systemd/system/dormouse-device.service");
  const [, command] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  const [node, launcher, program, settings] = command.split(" ");
  expect(node).toBe("/usr/bin/node");
  expect(read(launcher)).toBe("the launcher");
  expect(read(program)).toBe("the program");
  expect(JSON.parse(read(settings))).toEqual(SERVICE.settings);
});

test("settings that are there already stay but for what is said", () => {
  mkdirSync(join(root, dirname(SETTINGS)), { recursive: true });
  writeFileSync(join(root, SETTINGS), '{ "server": "coap://old", "endpoint": "attic" }');
  installFiles(serviceFiles(SERVICE), root);
  expect(JSON.parse(readFileSync(join(root, SETTINGS), "utf8"))).toEqual({
    server: "coap://192.0.2.1",
    endpoint: "attic",
    lifetime: 300,
  });
});

test("settings that cannot be read are not written over", () => {
  mkdirSync(join(root, dirname(SETTINGS)), { recursive: true });
  writeFileSync(join(root, SETTINGS), "{ server: 1");
  expect(() => installFiles(serviceFiles(SERVICE), root)).toThrow(
    /is no JSON, and is left as it is/,
  );
  expect(readFileSync(join(root, SETTINGS), "utf8")).toBe("{ server: 1");
});

test("the commands for another machine name every file", () => {
  const files = serviceFiles(SERVICE);
  const commands = installCommands(files);
  for (const { name, target } of files) {
    expect(commands).toContain(`sudo install -D -m 644 ${name} ${target}`);
  }
  expect(commands).toContain("sudo systemctl restart dormouse-device");
});

test("the unit restarts the program unless its settings are wrong, and gives it its folder alone", () => {
  const lines = unitFile("/usr/bin/node").split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      "Restart=always",
      "RestartPreventExitStatus=78",
      "DynamicUser=yes",
      "StateDirectory=dormouse",
      "ProtectSystem=strict",
      "NoNewPrivileges=yes",
      "CapabilityBoundingSet=",
    ]),
  );
  // Nothing in the program answers one.
  expect(lines.some((line) => line.startsWith("WatchdogSec"))).toBe(false);
});

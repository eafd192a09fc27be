/** The command `dormouse device --state`, killed and started again, with a running connector. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { DeviceConnector } from "../../connector/device-connector.ts";
import { MemoryStore } from "../../connector/store/memory-store.ts";
import { proves } from "../support/proves.ts";
import { RunningCommand } from "./support/command.ts";

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "dormouse-device-"));
let connector: DeviceConnector | undefined;
let device: RunningCommand | undefined;

afterEach(async () => {
  await device?.stop("SIGKILL");
  await connector?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("LwM2M Core 1.2.2 §6.4.1: a device that was killed goes on with its registration and its observers", async () => {
  proves("device", "kept-over-reboot");
  connector = await DeviceConnector.start({
    store: new MemoryStore(),
    host: "127.0.0.1",
    httpPort: 0,
    coapPort: 0,
    opensLeshanApi: true,
    product: "Dormouse end to end",
    log: () => {},
  });
  const api = `${connector.httpUrl}/api`;
  const command = ["device", "--endpoint", "kept", "--object", "3303", "--state", folder];
  command.push("--server", connector.coapUrl);
  device = new RunningCommand(command);
  await device.line(/^Registered at/);
  await fetch(`${api}/clients/kept/3303/0/5700/observe`, { method: "POST" });
  await device.line(/^Observe \/3303\/0\/5700 -> 2\.05/);
  const events = await fetch(`${api}/event?ep=kept`);
  await device.stop("SIGKILL");
  device = new RunningCommand(command);
  await device.line(/^Updated/);
  expect(device.stdout).not.toContain("Registered");
  // The next reading of its wave comes to the observer, under the token of before.
  let told = "";
  for await (const chunk of events.body as ReadableStream<Uint8Array>) {
    told += new TextDecoder().decode(chunk);
    if (told.includes("event: NOTIFICATION")) break;
  }
  expect(told).not.toContain("event: REGISTRATION");
});

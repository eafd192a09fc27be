/** Every example runs and does what it says. They are programs, so each is a process. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { GET, POST, PUT } from "../../protocol/coap/codes.ts";
import { RunningCommand } from "../e2e/support/command.ts";
import { LiveConnector, textOf } from "../support/live-connector.ts";

const FOLDER = join(import.meta.dirname, "../../examples");

let running: RunningCommand[] = [];
let server: LiveConnector | undefined;

afterEach(async () => {
  await Promise.all(running.map((example) => example.stop("SIGKILL")));
  running = [];
  await server?.close();
  server = undefined;
});

function run(example: string, ...parameters: string[]): RunningCommand {
  const command = new RunningCommand(
    ["--import", "tsx", join(FOLDER, example), ...parameters],
    "node",
  );
  running.push(command);
  return command;
}

test.each(
  readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")),
)("%s has at most 40 lines", (name) => {
  expect(readFileSync(join(FOLDER, name), "utf8").trimEnd().split("\n").length).toBeLessThan(41);
});

describe("devices", () => {
  test("01-device registers its temperature and says what it is asked", async () => {
    server = await LiveConnector.start();
    const device = run("01-device.ts", server.uri);
    const { endpointName, links } = await server.registration();
    expect(endpointName).toBe("thermometer");
    expect(links.map(({ uri }) => uri)).toContain("/3303/0");
    const value = Number(textOf(await server.ask("thermometer", GET, "/3303/0/5700")));
    expect(value).toBeGreaterThan(20);
    await device.line(/^Read \/3303\/0\/5700$/);
    expect(await device.stop("SIGINT")).toBe(0);
    await server.next("deregistration");
  });

  test("02-own-object is executed, read and written", async () => {
    server = await LiveConnector.start();
    const device = run("02-own-object.ts", server.uri);
    await server.registration();
    expect(await server.ask("kitchen", POST, "/32768/0/2")).toMatchObject({ status: 200 });
    expect(textOf(await server.ask("kitchen", GET, "/32768/0/0"))).toBe("1");
    expect(await server.ask("kitchen", PUT, "/32768/0/1", "no milk")).toMatchObject({
      status: 200,
    });
    await device.line(/The display says: no milk/);
  });

  test("06-firmware-update fetches a package, checks it, and installs it", async () => {
    server = await LiveConnector.start();
    const folder = mkdtempSync(join(tmpdir(), "dormouse-example-"));
    const firmware = Buffer.from("the new firmware");
    const digest = createHash("sha256").update(firmware).digest();
    const files = createServer((request, response) => {
      response.end(Buffer.concat([request.url === "/good" ? digest : firmware, firmware]));
    });
    await new Promise<void>((resolve) => files.listen(0, "127.0.0.1", resolve));
    const base = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
    const ask = (method: number, path: string, text?: string) =>
      (server as LiveConnector).ask("updatable", method, path, text);
    const ends = async (resource: string, wanted: string) => {
      for (let tries = 0; tries < 50; tries++) {
        if (textOf(await ask(GET, resource)) === wanted) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`${resource} does not become ${wanted}`);
    };
    try {
      const device = run("06-firmware-update.ts", server.uri, folder);
      await server.registration();
      await ask(PUT, "/5/0/1", `${base}/bad`);
      await ends("/5/0/5", "5");
      await ask(PUT, "/5/0/1", `${base}/good`);
      await ends("/5/0/3", "2");
      expect(await ask(POST, "/5/0/2")).toMatchObject({ status: 200 });
      await device.line(/Installed/);
      await ends("/5/0/5", "1");
      expect(readFileSync(join(folder, "installed"))).toEqual(Buffer.concat([digest, firmware]));
    } finally {
      files.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("03-sleeper takes what it is sent while awake", async () => {
    server = await LiveConnector.start();
    const device = run("03-sleeper.ts", server.uri);
    expect(await server.registration()).toMatchObject({ endpointType: "Light", queueMode: true });
    expect(await server.ask("sleeper", PUT, "/led/1/state", "1")).toMatchObject({ status: 200 });
    await device.line(/The LED is on/);
    await device.line(/asleep/);
  });
});

test("04-server greets a device that registers", async () => {
  const greeter = run("04-server.ts", "0");
  const uri = (await greeter.line(/Listening at/)).replace("Listening at ", "");
  const device = run("01-device.ts", uri);
  await greeter.line(/thermometer registered/);
  await greeter.line(/thermometer \/3\/0\/0 \S/);
  await greeter.line(/thermometer \/3303\/0\/5700 2\d/);
  expect(await device.stop("SIGINT")).toBe(0);
  await greeter.line(/deregistration/);
  expect(await greeter.stop("SIGINT")).toBe(0);
});

test("05-a-day-of-a-fleet registers all of it", async () => {
  await run("05-a-day-of-a-fleet.ts").line(/200 of 200 registered/);
});

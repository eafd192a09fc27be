/** The commands that run until they are stopped, as processes. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NodeDevice } from "../../firmware/boards/node/main.ts";
import { NamedResource } from "../../protocol/resources/named-resource.ts";
import { RunningCommand } from "./support/command.ts";
import { DORMOUSE } from "./support/program.ts";

const ANY_PORTS = ["--http-port", "0", "--coap-port", "0"];
const SLOW_MACHINE = 60_000;

let folder: string;
const commands: RunningCommand[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dormouse-commands-"));
});

afterAll(async () => {
  await Promise.all(commands.map((command) => command.stop("SIGKILL")));
  rmSync(folder, { recursive: true });
});

function run(...args: string[]): RunningCommand {
  const command = new RunningCommand(args);
  commands.push(command);
  return command;
}

function api(base: string, key: string) {
  return async (method: string, path: string): Promise<[status: number, text: string]> => {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(`${base}${path}`, { method, headers });
    return [response.status, await response.text()];
  };
}

describe("dormouse start", () => {
  const data = () => join(folder, "start");

  test(
    "says in one line of JSON what runs, and means it",
    async () => {
      const command = run("start", "--json", "--fleet", "3", "--data", data(), ...ANY_PORTS);
      const ready = JSON.parse(await command.line(/^\{/));
      expect(Object.keys(ready)).toEqual([
        "http",
        "https",
        "coap",
        "accessKey",
        "customer",
        "apiClient",
        "endpoint",
        "fleet",
      ]);
      expect(Object.keys(ready.customer)).toEqual(["email", "password"]);
      expect(Object.keys(ready.apiClient)).toEqual(["clientKey", "secretKey"]);
      expect(ready.http).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(ready.coap).toMatch(/^coap:\/\/127\.0\.0\.1:\d+$/);
      expect(ready.accessKey).toMatch(/^[A-Za-z0-9]{100}$/);
      expect(ready.fleet).toBe(3);
      const ask = api(ready.http, ready.accessKey);
      const [, endpoints] = await ask("GET", "/v2/endpoints");
      const names = JSON.parse(endpoints).map(({ name }: { name: string }) => name);
      expect(names).toEqual(expect.arrayContaining([ready.endpoint, "node-001", "node-003"]));
      const [, resources] = await ask("GET", "/v2/endpoints/node-001");
      expect(JSON.parse(resources)).toContainEqual({
        uri: "/actuator/0/speed",
        rt: "5851",
        obs: true,
        type: "text/plain",
      });

      const credentials = join(data(), "demo-credentials.json");
      expect(statSync(credentials).mode & 0o777).toBe(0o600);
      expect(statSync(data()).mode & 0o777).toBe(0o700);

      expect(await command.stop("SIGTERM")).toBe(0);
      expect(command.stdout.trim().split("\n")).toHaveLength(1);
      expect(command.stderr).toBe("");

      const again = run("start", "--json", "--fleet", "0", "--data", data(), ...ANY_PORTS);
      const { accessKey, customer, apiClient } = JSON.parse(await again.line(/^\{/));
      expect({ accessKey, customer, apiClient }).toEqual({
        accessKey: ready.accessKey,
        customer: ready.customer,
        apiClient: ready.apiClient,
      });
      expect(await again.stop("SIGINT")).toBe(0);
    },
    SLOW_MACHINE,
  );

  test.skipIf(spawnSync("curl", ["--version"]).status !== 0)(
    "prints curl lines that work as they stand",
    async () => {
      const command = run("start", "--fleet", "0", "--data", data(), ...ANY_PORTS);
      await command.line(/Ctrl-C stops it/);
      await command.line(/tauth/);
      const [list, read, subscribe, customer, token] = command.stdout
        .split("\n")
        .filter((line) => /^curl/.test(line));
      expect(await shell(list)).toContain('"name":"node-001"');
      expect(await shell(read)).toMatch(/"async-responses":\[\{"id":"[^"]+","status":200/);
      expect(await shell(subscribe)).toMatch(
        /"notifications":\[\{"ep":"node-001","path":"\/dev\/temp"/,
      );
      const self = JSON.parse(await shell(customer));
      expect(Object.keys(self.pubkeys)).toHaveLength(3);
      expect(JSON.parse(await shell(token))).toMatchObject({ code: 0, msg: "connected" });
      expect(await command.stop("SIGTERM")).toBe(0);
    },
    SLOW_MACHINE,
  );

  test(
    "stops when the process that started it is gone",
    async () => {
      const args = ["start", "--json", "--fleet", "0", "--data", data(), ...ANY_PORTS];
      // A shell that starts it, tells its id, and waits to be killed.
      const line = `"${process.execPath}" "${DORMOUSE}" "$@" & echo "pid $!"; wait`;
      const parent = new RunningCommand(["-c", line, "sh", ...args], "sh");
      commands.push(parent);
      const pid = Number((await parent.line(/^pid/)).slice(4));
      await parent.line(/^\{/);
      parent.child.kill("SIGKILL");
      await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false);
    },
    SLOW_MACHINE,
  );
});

describe("dormouse connector", () => {
  test(
    "shows its first key once, and keeps what was not delivered over kill -9",
    async () => {
      const data = join(folder, "connector");
      const first = run("connector", "--json", "--data", data, ...ANY_PORTS);
      const { http, coap } = JSON.parse(await first.line(/^\{/));
      const key = /[A-Za-z0-9]{100}/.exec(first.stderr)?.[0] ?? "";
      const ask = api(http, key);
      expect(await ask("GET", "/v2/notification/pull?noWait=true")).toEqual([204, ""]);

      const temperature = new NamedResource("/dev/temp", { observable: true, value: 20 });
      const device = new NodeDevice({
        server: coap,
        endpointName: "thermometer",
        plain: true,
        resources: [temperature],
      });
      const registered = new Promise<void>((resolve) => {
        device.start((event) => event.kind === "registered" && resolve());
      });
      await registered;
      const [status, accepted] = await ask("PUT", "/v2/subscriptions/thermometer/dev/temp");
      expect(status).toBe(202);
      const id = JSON.parse(accepted)["async-response-id"];
      await first.stop("SIGKILL");

      const ports = ["--http-port", new URL(http).port, "--coap-port", coap.split(":").at(-1)];
      const second = run("connector", "--json", "--data", data, ...ports);
      await second.line(/^\{/);
      expect(second.stderr).not.toContain("key");
      const [, listed] = await ask("GET", "/v2/endpoints");
      expect(JSON.parse(listed)).toMatchObject([{ name: "thermometer" }]);

      // The registration and the subscription's first value, whether they happened before the kill or after it.
      const seen = new Seen(ask);
      expect(await seen.next("registrations")).toMatchObject({ ep: "thermometer" });
      expect(await seen.next("async-responses")).toMatchObject({ id, status: 200 });
      temperature.set(21);
      expect(await seen.next("notifications")).toMatchObject({
        ep: "thermometer",
        path: "/dev/temp",
        payload: "MjE=",
      });
      await device.stop();
      expect(await second.stop("SIGTERM")).toBe(0);
      expect(filesWith(data, key)).toEqual([]);
    },
    SLOW_MACHINE,
  );

  test(
    "cannot start: one line that says why, and exit code 1",
    async () => {
      const blocker = createServer();
      await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
      const { port } = blocker.address() as AddressInfo;
      const data = join(folder, "blocked");
      const command = run(
        "connector",
        "--data",
        data,
        "--http-port",
        `${port}`,
        "--coap-port",
        "0",
      );
      expect(await command.end()).toBe(1);
      expect(command.stdout).toBe("");
      expect(command.stderr).toBe(
        `HTTP port ${port} of 127.0.0.1 is in use: stop what uses it, or choose another with --http-port.\n`,
      );
      blocker.close();
    },
    SLOW_MACHINE,
  );
});

/** Polls a channel and hands out its entries by kind. */
class Seen {
  private readonly ask: ReturnType<typeof api>;
  private readonly entries = new Map<string, unknown[]>();

  constructor(ask: ReturnType<typeof api>) {
    this.ask = ask;
  }

  async next(kind: string): Promise<unknown> {
    for (;;) {
      const found = this.entries.get(kind)?.shift();
      if (found !== undefined) return found;
      const [, text] = await this.ask("GET", "/v2/notification/pull");
      const message = text === "" ? {} : (JSON.parse(text) as Record<string, unknown[]>);
      for (const [name, list] of Object.entries(message)) {
        this.entries.set(name, [...(this.entries.get(name) ?? []), ...list]);
      }
    }
  }
}

function shell(line: string): Promise<string> {
  const child = spawn("sh", ["-c", line], { stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  return new Promise((resolve) => child.on("close", () => resolve(output)));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The files below a folder that hold a text. */
function filesWith(root: string, text: string): string[] {
  const files = readdirSync(root, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath ?? root, file.name))
    .filter((path) => readFileSync(path).includes(text));
}

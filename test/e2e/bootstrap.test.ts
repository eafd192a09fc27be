/** `dormouse connector --bootstrap` as a process, a client that is a script, and `dormouse admin bootstrap`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NodeDevice } from "../../firmware/boards/node/main.ts";
import { CONTENT, CREATED, GET } from "../../protocol/coap/codes.ts";
import { admin } from "./support/admin.ts";
import { RunningCommand } from "./support/command.ts";
import { ScriptedClient } from "./support/scripted-client.ts";

const folder = mkdtempSync(join(tmpdir(), "dormouse-bootstrap-"));
const file = join(folder, "bootstrap.json");
let connector: RunningCommand;
let urls: { http: string; coap: string; bootstrap: string };
let key: string;

async function start(): Promise<void> {
  connector = new RunningCommand([
    "connector",
    ...["--data", folder, "--http-port", "0", "--coap-port", "0", "--json"],
    ...["--bootstrap", "--bootstrap-port", "0", "--bootstrap-file", file],
  ]);
  urls = JSON.parse(await connector.line(/^\{/));
}

const accountAt = (uri: string) => ({ servers: [{ uri, shortServerId: 123, lifetime: 300 }] });

async function client<T>(
  name: string,
  uri: string,
  use: (client: ScriptedClient) => Promise<T>,
): Promise<T> {
  const one = new ScriptedClient(name, uri);
  try {
    return await use(one);
  } finally {
    one.close();
  }
}

async function asAdmin(args: readonly string[], input?: string) {
  const finished = await admin(["--url", urls.http, "bootstrap", ...args], {
    environment: { DORMOUSE_KEY: key },
    ...(input === undefined ? {} : { input }),
  });
  if (finished.code !== 0) throw new Error(finished.stderr);
  return finished.stdout;
}

async function answer(path: string) {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(`${urls.http}${path}`, { headers });
  return response.json();
}

beforeAll(async () => {
  const rules = [{ name: "all", pattern: "file-*", configuration: accountAt("coap://file.test") }];
  writeFileSync(file, JSON.stringify({ rules }));
  await start();
  key = /shown only now: (\w{100})/.exec(connector.stderr)![1];
}, 60_000);

afterAll(async () => {
  await connector.stop("SIGTERM");
  rmSync(folder, { recursive: true });
});

describe("a Bootstrap-Server", () => {
  test("LwM2M Core 1.2.2 §6.1.3.3: a client is bootstrapped, and registers with the account that it got", async () => {
    const document = { ...accountAt(urls.coap), placement: "discover" };
    await asAdmin(["set", "script-1", "-"], JSON.stringify(document));
    const uri = await client("script-1", urls.bootstrap, async (bootstrapped) => {
      await bootstrapped.bootstrap("pct=112");
      expect(bootstrapped.asked).toEqual([
        "GET /",
        "DELETE /0",
        "DELETE /1",
        "PUT /0/1",
        "PUT /1/0",
        "POST /bs",
      ]);
      return bootstrapped.values.get("/0/1/0") as string;
    });
    expect(uri).toBe(urls.coap);
    const registered = await client("script-1", uri, (device) => device.register());
    expect(registered.code).toBe(CREATED);
    expect(await answer("/v2/endpoints")).toMatchObject([{ name: "script-1" }]);
    await untilOutcomes("script-1", 1);
    expect(await answer("/admin/bootstrap/devices/script-1")).toMatchObject({
      source: "configuration",
      running: null,
      outcomes: [{ outcome: "finished", via: "request", steps: 6 }],
    });
  }, 60_000);

  test("LwM2M Core 1.2.2 §6.1: our own device is bootstrapped, in all three versions, and registers", async () => {
    for (const version of ["1.0", "1.1", "1.2"] as const) {
      const name = `device-${version}`;
      await asAdmin(["set", name, "-"], JSON.stringify(accountAt(urls.coap)));
      const pack = { uri: urls.bootstrap, pack: true };
      const device = new NodeDevice({ endpointName: name, version, bootstrap: pack });
      const kinds: string[] = [];
      device.start(({ kind }) => kinds.push(kind));
      await until(() => kinds.includes("registered"));
      expect(kinds).toContain("bootstrapped");
      expect(device.agent.servers.get(device.agent.servers.instances.ids[0], 0)).toBe(123);
      await device.stop();
    }
  }, 120_000);

  test("devices are bootstrapped at the port for all, and nothing but bootstrap is at the other", async () => {
    await client("file-1", urls.coap, async (device) => {
      await device.bootstrap();
      expect(device.values.get("/0/1/0")).toBe("coap://file.test");
    });
    const refused = await client("file-1", urls.bootstrap, (device) => device.register());
    expect(refused.code).toBe(0x84);
  }, 60_000);

  test("LwM2M Core 1.2.2 §6.1.7.7: a client fetches a pack", async () => {
    const pack = await client("file-2", urls.bootstrap, (device) =>
      device.ask(GET, "/bspack", ["ep=file-2"]),
    );
    // Short enough for an address that has proved nothing, or a challenge.
    expect([CONTENT, 0x81]).toContain(pack.code);
  }, 60_000);

  test("the file is read again when it changes, and a broken one changes nothing", async () => {
    const rule = { name: "all", pattern: "file-*", configuration: accountAt("coap://new.test") };
    const uriOf = (name: string) =>
      client(name, urls.coap, async (device) => {
        await device.bootstrap();
        return device.values.get("/0/1/0");
      });
    writeFileSync(file, JSON.stringify({ rules: [rule] }));
    await until(() => connector.stderr.includes("was read again"));
    expect(await uriOf("file-3")).toBe("coap://new.test");
    writeFileSync(file, '{"rules": [{"name": "all", "pattern": "*"}]}');
    await until(() => connector.stderr.includes("stays as it was"));
    expect(connector.stderr).toContain("rules.0.configuration");
    expect(await uriOf("file-4")).toBe("coap://new.test");
  }, 60_000);

  test("after a kill configurations, generated keys and outcomes are there", async () => {
    const account = {
      uri: "coaps://127.0.0.1:5684",
      shortServerId: 1,
      securityMode: "psk",
      secretKey: { generate: 16 },
    };
    await asAdmin(["set", "script-2", "-"], JSON.stringify({ servers: [account] }));
    const keyOf = () =>
      client("script-2", urls.bootstrap, async (device) => {
        await device.bootstrap();
        return Buffer.from(device.values.get("/0/1/5") as Uint8Array).toString("hex");
      });
    const before = await keyOf();
    expect(before).toMatch(/^[0-9a-f]{32}$/);
    await untilOutcomes("script-2", 1);
    await connector.stop("SIGKILL");
    writeFileSync(file, "{}");
    await start();
    expect(await keyOf()).toBe(before);
    await untilOutcomes("script-2", 2);
  }, 60_000);

  test("the command line lists, shows, and writes back without the secrets", async () => {
    expect(await asAdmin(["list"])).toMatch(/script-2 +api +coaps:\/\/127\.0\.0\.1:5684/);
    const secret = JSON.stringify({
      servers: [
        {
          uri: "coaps://c.test",
          shortServerId: 1,
          securityMode: "psk",
          secretKey: { text: "of-the-command-line" },
        },
      ],
    });
    await asAdmin(["set", "script-3", "-"], secret);
    const shown = await asAdmin(["show", "script-3"]);
    expect(shown).toContain('"secret": true');
    expect(shown).not.toContain("of-the-command-line");
    await asAdmin(["set", "script-3", "-"], shown);
    await asAdmin(["rules", "set", "meters", "-", "--pattern", "meter-*"], secret);
    expect(await asAdmin(["rules", "list"])).toMatch(/1000 +meters +meter-\* +api/);
    expect(await asAdmin(["status", "meter-1"])).toMatch(/source +rule meters/);
    await asAdmin(["rules", "remove", "meters"]);
    await asAdmin(["remove", "script-3"]);
    await expect(asAdmin(["show", "script-3"])).rejects.toThrow("no bootstrap configuration");
    await expect(asAdmin(["now", "script-3"])).rejects.toThrow("is not registered");
    expect(await asAdmin(["outcomes"])).toMatch(/script-2 +finished +request/);
  }, 60_000);
});

test("what is wrong with the options or the file is said, and nothing starts", async () => {
  const broken = join(folder, "broken.json");
  writeFileSync(broken, '{"configurations": {"a": {"servers": [{"uri": "coap://c.test"}]}}}');
  const options = ["connector", "--data", join(folder, "other"), "--coap-port", "0"];
  const started = new RunningCommand([...options, "--bootstrap", "--bootstrap-file", broken]);
  expect(await started.end()).toBe(1);
  expect(started.stderr).toContain("configurations.a.servers.0.shortServerId");
  const useless = new RunningCommand([...options, "--bootstrap-port", "0"]);
  expect(await useless.end()).toBe(1);
  expect(useless.stderr).toBe("--bootstrap-port needs --bootstrap.\n");
}, 60_000);

/** The server hears the answer to Finish a moment after the client has given it. */
async function untilOutcomes(name: string, count: number): Promise<void> {
  await until(async () => {
    const { outcomes } = (await answer(`/admin/bootstrap/devices/${name}`)) as {
      outcomes: { outcome: string }[];
    };
    return outcomes.filter(({ outcome }) => outcome === "finished").length === count;
  });
}

async function until(isThere: () => boolean | Promise<boolean>): Promise<void> {
  const giveUp = performance.now() + 20_000;
  while (!(await isThere())) {
    if (performance.now() > giveUp) throw new Error(`it did not come: ${connector.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

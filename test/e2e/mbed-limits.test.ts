/** What the connector bounds, as its users meet it: quotas on the command line, connections, and subscriptions as the original had them. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { afterEach, describe, expect, test } from "vitest";
import { ConnectionCount, HttpServer } from "../../connector/adapters/http-server.ts";
import type { RestEnv } from "../../connector/rest/context.ts";
import type { AgentEvent } from "../../firmware/agent/agent.ts";
import { NodeDevice } from "../../firmware/boards/node/main.ts";
import { NamedResource } from "../../protocol/resources/named-resource.ts";
import { RunningCommand } from "./support/command.ts";

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function givenFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "dormouse-limits-"));
  closers.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

interface Running {
  readonly command: RunningCommand;
  readonly http: string;
  readonly coap: string;
  /** Shown at the first start of a store. */
  readonly key: string | undefined;
}

async function givenConnector(folder: string, ...more: string[]): Promise<Running> {
  const ports = ["--http-port", "0", "--coap-port", "0"];
  const command = new RunningCommand(["connector", ...ports, "--data", folder, "--json", ...more]);
  closers.push(() => command.stop("SIGKILL"));
  const { http, coap } = JSON.parse(await command.line(/^\{/)) as { http: string; coap: string };
  return { command, http, coap, key: /only now: (\w+)/.exec(command.stderr)?.[1] };
}

/** Starts a device; resolves with the first event of the kind. */
function registering(coap: string, endpointName: string, kind: AgentEvent["kind"]) {
  const device = new NodeDevice({
    endpointName,
    plain: true,
    server: coap,
    resources: [new NamedResource("/dev/temp", { observable: true, value: 20 })],
  });
  closers.push(() => device.stop());
  return new Promise<AgentEvent>((resolve) => {
    device.start((event) => {
      if (event.kind === kind) resolve(event);
    });
  });
}

describe("quotas", () => {
  test("are told, kept, and counted on across kill -9", async () => {
    const folder = givenFolder();
    const quotas = ["--transaction-quota", "4", "--endpoint-quota", "1"];
    const first = await givenConnector(folder, ...quotas);
    const headers = { authorization: `Bearer ${first.key}` };
    const ask = (running: Running, path: string) => fetch(`${running.http}${path}`, { headers });
    await registering(first.coap, "one", "registered");
    // Refused with 5.03: it is told to come again, and does not fail for good.
    const refused = registering(first.coap, "two", "registration-failed");
    expect(await refused).toMatchObject({ kind: "registration-failed" });
    const limits = await (await ask(first, "/v2/limits")).json();
    expect(limits).toEqual({
      "transaction-quota": 4,
      "transaction-count": 1,
      "endpoint-quota": 1,
      "endpoint-count": 1,
    });
    await ask(first, "/v2/notification/pull?noWait=true");
    for (let i = 0; i < 3; i++) {
      expect((await ask(first, "/v2/endpoints/one/dev/temp")).status).toBe(202);
    }
    const over = await ask(first, "/v2/endpoints/one/dev/temp");
    expect([over.status, Number(over.headers.get("retry-after")) > 3600]).toEqual([429, true]);

    await first.command.stop("SIGKILL");
    const second = await givenConnector(folder, ...quotas);
    expect(await (await ask(second, "/v2/limits")).json()).toMatchObject({
      "transaction-count": 4,
      "endpoint-count": 1,
    });
    expect((await ask(second, "/v2/endpoints/one/dev/temp")).status).toBe(429);
  });

  test("that make no sense are refused with what is expected", async () => {
    const refused = async ([option, value]: readonly [string, string]) => {
      const command = new RunningCommand(["connector", option, value]);
      expect(await command.end()).toBe(1);
      expect(command.stderr).toContain(option);
    };
    const wrong = [
      ["--transaction-quota", "many"],
      ["--endpoint-quota", "0"],
      ["--subscriptions", "none"],
    ] as const;
    await Promise.all(wrong.map(refused));
  });
});

describe("connections", () => {
  test("those that find no room are told to come again, and room that is left is theirs", async () => {
    const app = new Hono<RestEnv>();
    app.all("*", (c) => c.text("hello"));
    const server = new HttpServer(app, { connections: new ConnectionCount(2) });
    const port = await server.listen("127.0.0.1", 0);
    closers.push(() => server.close());
    const agents = [1, 2, 3].map(() => new Agent({ keepAlive: true }));
    const ask = async (agent: Agent): Promise<IncomingMessage> => {
      const [response] = (await once(get({ port, agent }), "response")) as [IncomingMessage];
      response.resume();
      await once(response, "end");
      return response;
    };
    const statuses = [];
    for (const agent of agents) statuses.push((await ask(agent)).statusCode);
    expect(statuses).toEqual([200, 200, 503]);
    const crowded = await ask(agents[2]);
    expect([crowded.headers["retry-after"], crowded.headers.connection]).toEqual(["5", "close"]);
    agents[0].destroy();
    await expect.poll(async () => (await ask(agents[2])).statusCode).toBe(200);
    for (const agent of agents) agent.destroy();
  });
});

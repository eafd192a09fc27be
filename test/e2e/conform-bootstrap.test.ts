/** `dormouse conform server --bootstrap` as a lab runs it: against a running connector, over UDP. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DeviceConnector } from "../../connector/device-connector.ts";
import { LmdbStore } from "../../connector/store/lmdb-store.ts";
import type { JsonReport } from "../conformance/index.ts";
import { RunningCommand } from "./support/command.ts";

const folder = mkdtempSync(join(tmpdir(), "dormouse-conform-bootstrap-"));
const reportFile = join(folder, "report.json");
let connector: DeviceConnector;
let key: string;

beforeAll(async () => {
  connector = await DeviceConnector.start({
    store: new LmdbStore(join(folder, "store")),
    host: "127.0.0.1",
    httpPort: 0,
    coapPort: 0,
    product: "Dormouse end to end",
    log: (line) => console.error(line),
    bootstrap: { port: 0 },
  });
  key = connector.access.createFirstKey().key;
});

afterAll(async () => {
  await connector.close();
  rmSync(folder, { recursive: true, force: true });
});

async function conform(...args: string[]) {
  const command = new RunningCommand(["conform", "server", ...args]);
  const code = await command.end();
  return { code, stdout: command.stdout, stderr: command.stderr };
}

function verdicts(): string[] {
  const { cases } = JSON.parse(readFileSync(reportFile, "utf8")) as JsonReport;
  return cases.map(({ id, verdict }) => `${id} ${verdict}`);
}

const CHOSEN = ["0", "1", "5", "9", "dormouse-bootstrap-blockwise"];
const only = CHOSEN.flatMap((id) => ["--only", id]);

test("judges the bootstrap port of a connector, with its LwM2M Server beside it", async () => {
  const { code, stdout } = await conform(
    ...[connector.coapUrl, "--bootstrap", connector.bootstrapUrl ?? ""],
    ...["--rest", connector.httpUrl, "--key", key, "--json", reportFile, ...only],
  );
  expect(code, stdout).toBe(0);
  expect(verdicts()).toEqual([
    "LightweightM2M-1.1-int-0 pass",
    "LightweightM2M-1.1-int-1 not run",
    "LightweightM2M-1.1-int-5 pass",
    "LightweightM2M-1.1-int-9 pass",
    "dormouse-bootstrap-blockwise pass",
  ]);
  const names = [...connector.bootstrap.accounts.configurationsOf("default")];
  expect(names, "what cases have configured is taken away").toEqual([]);
}, 120_000);

test("judges it alone, by Leshan's REST API or by nobody's", async () => {
  const leshan = await conform(
    ...["--bootstrap", connector.bootstrapUrl ?? "", "--bootstrap-rest", connector.httpUrl],
    ...["--bootstrap-api", "leshan", "--key", key, "--json", reportFile, ...only],
  );
  expect(leshan.code, leshan.stdout).toBe(0);
  expect(verdicts()).toEqual([
    "LightweightM2M-1.1-int-0 pass",
    "LightweightM2M-1.1-int-1 not run",
    "LightweightM2M-1.1-int-5 not run",
    "LightweightM2M-1.1-int-9 not run",
    "dormouse-bootstrap-blockwise pass",
  ]);
  const servers = [{ uri: "coap://192.0.2.1", shortServerId: 7 }];
  connector.bootstrap.accounts.putRule("default", "all", {
    pattern: "*",
    configuration: { servers },
  });
  const nobody = await conform(
    ...["--bootstrap", connector.bootstrapUrl ?? "", "--bootstrap-configured"],
    ...["--json", reportFile, "--only", "dormouse-bootstrap-account", ...only],
  );
  expect(nobody.code, nobody.stdout).toBe(0);
  expect(verdicts()).toContain("dormouse-bootstrap-account pass");
  expect(verdicts()).toContain("dormouse-bootstrap-blockwise not run");
}, 120_000);

test("ends with 2 and one line when there is nothing to judge, or nobody to configure it", async () => {
  const cases: [args: string[], words: string][] = [
    [[], "Name what is judged"],
    [["--bootstrap", "coap://127.0.0.1:1", "--only", "101"], "judges an LwM2M Server: name it"],
    [["coap://127.0.0.1:1", "--only", "dormouse-bootstrap-order"], "--bootstrap coap://HOST:PORT"],
    [["coap://127.0.0.1:1", "--bootstrap-configured"], "--bootstrap-configured needs --bootstrap"],
    [["--bootstrap", "coap://127.0.0.1:1", "--rest", "http://127.0.0.1:1"], "needs an access key"],
    [
      ["--bootstrap", "coap://127.0.0.1:1", "--rest", "http://127.0.0.1:1", "--key", "k"],
      "cannot be reached",
    ],
    [
      ["--bootstrap", connector.bootstrapUrl ?? "", "--rest", connector.httpUrl, "--key", "k"],
      "is answered 401",
    ],
  ];
  for (const [args, words] of cases) {
    const { code, stderr } = await conform(...args);
    expect([code, stderr.includes(words)], stderr).toEqual([2, true]);
  }
}, 120_000);

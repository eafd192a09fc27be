/** `dormouse conform` as a lab runs it: a client that is a process of its own, over UDP, and files that others read. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { JsonReport } from "../conformance/index.ts";
import { RunningCommand } from "./support/command.ts";
import { House } from "./support/house.ts";
import { DORMOUSE } from "./support/program.ts";

const folder = mkdtempSync(join(tmpdir(), "dormouse-conform-test-"));
const file = (name: string) => join(folder, name);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function conform(
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = new RunningCommand(["conform", ...args]);
  const code = await command.end();
  return { code, stdout: command.stdout, stderr: command.stderr };
}

const readReport = (name: string) => JSON.parse(readFileSync(file(name), "utf8")) as JsonReport;

describe("dormouse conform client", () => {
  test("judges our agent in process, with nothing to set up", async () => {
    const { code, stdout } = await conform(
      "client",
      "--adapter",
      "in-process",
      "--json",
      file("a.json"),
    );
    expect(code, stdout).toBe(0);
    const { summary, cases } = readReport("a.json");
    expect(summary).toMatchObject({ fail: 0, inconclusive: 0 });
    expect(summary.pass).toBeGreaterThan(60);
    const registration = cases.find(({ title }) => title === "Initial Registration");
    expect(registration?.verdict).toBe("pass");
  }, 60_000);

  test("judges a client that commands start and stop, and writes every report", async () => {
    const start = `node ${DORMOUSE} device --server {server} --endpoint {endpoint} --lifetime {lifetime}`;
    writeFileSync(
      file("commands.json"),
      JSON.stringify({
        start,
        device: { name: "a device of ours", values: { "/3/0/0": "Linux" } },
      }),
    );
    const { code, stdout } = await conform(
      ...["client", "--adapter", "command", "--commands", file("commands.json"), "--port", "0"],
      ...["--only", "TD_COAP_CORE_31", "--only", "dormouse-coap-options"],
      ...["--json", file("b.json"), "--html", file("b.html"), "--junit", file("b.xml")],
      ...["--badge", file("b.svg"), "--pcapng", file("packets")],
    );
    expect(code, stdout).toBe(0);
    expect(readReport("b.json").summary.pass).toBe(2);
    expect(readFileSync(file("b.html"), "utf8")).toContain("a device of ours");
    expect(readFileSync(file("b.xml"), "utf8")).toContain('tests="2"');
    expect(readFileSync(file("b.svg"), "utf8")).toContain("2 of 2");
    expect(readdirSync(file("packets"))).toHaveLength(2);
  }, 60_000);

  test("says that a client has crashed", async () => {
    writeFileSync(file("crash.json"), JSON.stringify({ start: "node --eval 'process.exit(3)'" }));
    const { code, stdout } = await conform(
      ...["client", "--adapter", "command", "--commands", file("crash.json"), "--port", "0"],
      ...["--only", "101"],
    );
    expect(code).toBe(1);
    expect(stdout).toContain("alive: its command ended with 3");
  }, 120_000);

  test("stopped, it tells what it has judged and lets no client run on", async () => {
    writeFileSync(
      file("mute.json"),
      JSON.stringify({ start: `echo $$ > ${file("pid")}; sleep 600` }),
    );
    const command = new RunningCommand([
      ...["conform", "client", "--adapter", "command", "--commands", file("mute.json")],
      ...["--only", "101", "--only", "102", "--port", "0", "--json", file("stopped.json")],
    ]);
    // The shell makes the file before it writes to it.
    const pidOf = () => existsSync(file("pid")) && Number(readFileSync(file("pid"), "utf8"));
    const pid = await vi.waitUntil(pidOf, { timeout: 30_000 });
    expect(await command.stop("SIGINT")).toBe(2);
    expect(command.stderr).toContain("Stopped: what has been judged so far follows.");
    const { summary, cases } = readReport("stopped.json");
    expect(summary).toMatchObject({ pass: 0, notRun: 2 });
    expect(cases.map(({ why }) => why)).toEqual(Array(2).fill("the run was stopped"));
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  }, 60_000);

  test("meets a client that connects over TCP, and hears it out", async () => {
    // A CSM, and after the server's nothing but the end.
    const client =
      "const { port } = new URL(process.argv[1].replace('coap+tcp', 'http'));" +
      "const socket = require('node:net').connect(port, '127.0.0.1');" +
      "socket.write(Buffer.from([0, 0xe1]));" +
      "socket.once('data', () => socket.end());" +
      "setInterval(() => {}, 1000);";
    const device = { versions: ["1.1"], features: ["tcp"] };
    writeFileSync(
      file("tcp.json"),
      JSON.stringify({ start: `node --eval "${client}" {server}`, device }),
    );
    const { code, stdout } = await conform(
      ...["client", "--adapter", "command", "--commands", file("tcp.json"), "--port", "0"],
      ...["--only", "106", "--lwm2m", "1.1", "--pcapng", file("pieces")],
    );
    expect(code).toBe(1);
    expect(stdout).toContain("register: the connection ended, and no POST on /rd");
    const [capture] = readdirSync(file("pieces"));
    const bytes = readFileSync(join(file("pieces"), capture));
    // IPv4 with TCP, and in it the client's CSM.
    expect(bytes.includes(Buffer.from([64, 6]))).toBe(true);
    expect(bytes.includes(Buffer.from([0xff, 0xff, 0, 0, 0, 0, 0, 0xe1]))).toBe(true);
  }, 120_000);

  test("compares with a baseline, and fails only for what got worse", async () => {
    const report = readReport("a.json");
    const was = report.cases.map((one) => ({ ...one, verdict: "fail" }));
    writeFileSync(file("worse.json"), JSON.stringify({ ...report, cases: was }));
    const { code, stdout } = await conform(
      ...["client", "--adapter", "in-process", "--only", "101", "--baseline", file("worse.json")],
    );
    expect(code).toBe(0);
    expect(stdout).toContain("LightweightM2M-1.1-int-101: fail -> pass");
  }, 60_000);

  test("ends with 2 and one line when there is nothing to run", async () => {
    const cases: [args: string[], words: string][] = [
      [["client", "--adapter", "in-process", "--only", "999"], 'No case is called "999"'],
      [["client", "--adapter", "command"], "needs --commands FILE"],
      [["client", "--adapter", "in-process", "--baseline", file("none.json")], "cannot be read"],
      [["server", "--rest", "http://127.0.0.1:1", "coap://127.0.0.1:5683"], "needs an access key"],
      [["server", "mqtt://127.0.0.1"], "is no server address"],
      [
        ["server", "--tcp", "coap://127.0.0.1", "coap://127.0.0.1"],
        "is not coap+tcp://HOST[:PORT]",
      ],
    ];
    for (const [args, words] of cases) {
      const { code, stderr } = await conform(...args);
      expect([code, stderr.includes(words)], stderr).toEqual([2, true]);
    }
  }, 60_000);

  test("lists every case with its clauses", async () => {
    const { code, stdout } = await conform("list", "--group", "registration");
    expect(code).toBe(0);
    expect(stdout).toContain("LightweightM2M-1.1-int-101  Initial Registration (client");
    expect(stdout).toContain("LightweightM2M-1.1-int-101  Initial Registration (server");
    expect(stdout).toContain("LwM2M Core 1.1.1 §6.2.1");
  }, 60_000);
});

describe("dormouse conform server", () => {
  const house = new House();

  beforeAll(() => house.start({ httpPort: 0, coapPort: 0, coapTcpPort: 0 }));

  afterAll(() => house.stop());

  test("judges it over TCP where it is told the address, and leaves that out where it is not", async () => {
    const { coapTcpUrl = "", coapUrl, httpUrl } = house.connector;
    const args = ["server", "--rest", httpUrl, "--key", house.newKey(), "--only", "106", coapUrl];
    const over = await conform(...args, "--tcp", coapTcpUrl);
    expect(over.code, over.stdout).toBe(0);
    expect(over.stdout).toContain("1 cases: 1 pass");
    const without = await conform(...args);
    expect(without.stdout).toContain("needs the server's address over TCP (--tcp");
  }, 60_000);

  const judged = (api: string, ...only: string[]) =>
    conform(
      ...["server", "--rest", house.connector.httpUrl, "--key", house.newKey(), "--api", api],
      ...["--json", file("s.json"), house.connector.coapUrl],
      ...only.flatMap((id) => ["--only", id]),
    );

  test("judges a running connector through its REST API, several cases at a time", async () => {
    const ids = ["101", "201", "215", "301", "306", "755", "TD_COAP_BLOCK_06"];
    const { code, stdout, stderr } = await judged("device-connector", ...ids, "280");
    expect(code, stdout).toBe(0);
    expect(stderr).toContain("8 cases, 8 at a time: about 1 s.");
    const { summary, cases } = readReport("s.json");
    expect(summary).toMatchObject({ pass: 7, fail: 0, notRun: 1 });
    expect(cases.map(({ id }) => id.replace(/^.*-int-/, ""))).toEqual([
      ...["101", "201", "215", "280", "301", "306", "755", "TD_COAP_BLOCK_06"],
    ]);
  }, 60_000);

  test("judges it through the face that it has of Leshan", async () => {
    const ids = ["101", "235", "257", "260", "304", "306", "1630", "dormouse-server-options"];
    const { code, stdout } = await judged("leshan", ...ids);
    expect(code, stdout).toBe(0);
    expect(readReport("s.json").summary).toMatchObject({ pass: 8, fail: 0 });
  }, 60_000);
});

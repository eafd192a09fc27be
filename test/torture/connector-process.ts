/** The real connector in a process of its own, killed without a word and started again on the same folder and ports. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { build } from "esbuild";

const ROOT = resolve(import.meta.dirname, "../..");
/** `dormouse connector`, and no other command. Loaded in advance, it begins when it is told to. */
const ENTRY = `
  import { Command } from "commander";
  import { connectorCommand } from "./bin/connector.ts";
  await new Promise((resolve) => process.stdin.once("data", resolve));
  process.stdin.unref();
  const program = new Command("dormouse");
  connectorCommand(program);
  await program.parseAsync();
`;

export class ConnectorProcess {
  /** Everything of this run; removed at the end. */
  readonly folder = mkdtempSync(join(tmpdir(), "dormouse-torture-"));
  readonly data = join(this.folder, "data");
  httpPort = 0;
  coapPort = 0;
  /** What it said on stderr since the first start, for the report of a failure. */
  stderr = "";
  private child: ChildProcess | undefined;
  /** The next one, waiting to be told. */
  private standby: ChildProcess | undefined;

  /** Makes the program from the sources as they are, in one file so that it starts fast. */
  async prepare(): Promise<void> {
    for (const name of ["node_modules", "package.json"]) {
      symlinkSync(join(ROOT, name), join(this.folder, name));
    }
    await build({
      stdin: { contents: ENTRY, resolveDir: ROOT, loader: "ts" },
      outfile: join(this.folder, "connector.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["lmdb"],
      banner: {
        js: 'import { createRequire as torturedRequire } from "node:module"; const require = torturedRequire(import.meta.url);',
      },
      logLevel: "error",
    });
    this.httpPort = await freeTcpPort();
    this.coapPort = await freeUdpPort();
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    const child = this.standby ?? this.spawn();
    this.child = child;
    const ended = once(child, "exit").then(() => {
      throw new Error(`The connector did not start:\n${this.stderr}`);
    });
    child.stdin?.write("\n");
    await Promise.race([once(child.stdout as Readable, "data"), ended]);
    ended.catch(() => {});
    this.standby = this.spawn();
  }

  async kill(): Promise<void> {
    if (this.child === undefined || this.child.exitCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await gone;
    this.child = undefined;
  }

  /** Ends what is left of it. */
  async stop(): Promise<void> {
    await this.kill();
    this.standby?.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The key that the first start shows. */
  firstKey(): string {
    const key = /shown only now: (\w+)/.exec(this.stderr)?.[1];
    if (key === undefined) throw new Error(`The first start showed no key:\n${this.stderr}`);
    return key;
  }

  private spawn(): ChildProcess {
    const args = [
      ...["connector", "--json", "--data", this.data],
      ...["--http-port", `${this.httpPort}`, "--coap-port", `${this.coapPort}`],
      ...["--allow-callback", "127.0.0.0/8", "--request-rate", "0", "--address-rate", "0"],
    ];
    const child = spawn(process.execPath, [join(this.folder, "connector.mjs"), ...args], {
      cwd: this.folder,
    });
    child.stdin.on("error", () => {});
    child.stderr.on("data", (chunk) => {
      this.stderr = (this.stderr + chunk).slice(-20_000);
    });
    return child;
  }
}

async function freeTcpPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(done));
  return port;
}

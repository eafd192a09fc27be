/** CoAP over TCP on real connections: the commands with each other, and what the connector's port does with those who mean no good. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type TcpLimits, TcpListener } from "../../connector/adapters/tcp.ts";
import { RunningCommand } from "./support/command.ts";

vi.setConfig({ testTimeout: 90_000 });

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

describe("dormouse device --server coap+tcp:// at dormouse connector --coap-tcp-port", () => {
  function run(...args: string[]): RunningCommand {
    const command = new RunningCommand(args);
    cleanups.push(() => command.stop("SIGKILL"));
    return command;
  }

  test("registers, is read and observed, and comes back by itself when the connector was killed", async () => {
    const data = mkdtempSync(join(tmpdir(), "dormouse-tcp-"));
    cleanups.push(() => rmSync(data, { recursive: true }));
    const connector = (tcpPort: string, coapPort: string, httpPort: string) =>
      run(
        ...["connector", "--json", "--data", data, "--open-leshan-api"],
        ...["--coap-tcp-port", tcpPort, "--coap-port", coapPort, "--http-port", httpPort],
      );
    const first = connector("0", "0", "0");
    const { http, coap, coapTcp } = JSON.parse(await first.line(/^\{/));
    expect(coapTcp).toMatch(/^coap\+tcp:\/\/127\.0\.0\.1:\d+$/);
    const clients = `${http}/api/clients`;
    const server = `${coapTcp},retries=10,retry-timer=2`;
    const device = run("device", "--endpoint", "modem", "--object", "3303", "--server", server);
    await device.line(/^Registered at/);
    expect(await (await fetch(`${clients}/modem`)).json()).toMatchObject({
      endpoint: "modem",
      bindingMode: "T",
    });
    const read = await (await fetch(`${clients}/modem/3/0/16`)).json();
    expect(read).toMatchObject({ status: "CONTENT(205)", content: { value: "UT" } });
    await fetch(`${clients}/modem/3303/0/5700/observe`, { method: "POST" });
    await device.line(/^Observe \/3303\/0\/5700 -> 2\.05/);

    await first.stop("SIGKILL");
    await device.line(/^Disconnected/);
    const second = connector(...([coapTcp, coap, http].map(portOf) as [string, string, string]));
    await second.line(/^\{/);
    await expect
      .poll(() => device.stdout.match(/^Registered at/gm)?.length, { timeout: 60_000 })
      .toBe(2);
    // What was observed is observed again, by the connector itself.
    await expect
      .poll(() => device.stdout.match(/^Observe \/3303\/0\/5700 -> 2\.05/gm)?.length, {
        timeout: 30_000,
      })
      .toBe(2);
    expect(await device.stop("SIGINT")).toBe(0);
    await expect.poll(async () => (await fetch(`${clients}/modem`)).status).toBe(400);
    expect(await second.stop("SIGTERM")).toBe(0);
  });
});

describe("the port for connections", () => {
  interface Port {
    readonly listener: TcpListener;
    readonly log: string[];
    /** Of the newest connection. */
    address(): string;
  }

  async function listen(limits: Partial<TcpLimits>): Promise<Port> {
    const log: string[] = [];
    let newest = "";
    const listener = await TcpListener.open({
      host: "127.0.0.1",
      port: 0,
      limits: { maxConnections: 10, maxPerAddress: 10, maxUnsent: 1 << 16, ...limits },
      onOpened: (address) => {
        newest = address;
        log.push("opened");
        return true;
      },
      onBytes: (_, bytes) => log.push(Buffer.from(bytes).toString()),
      onClosed: () => log.push("closed"),
      onError: (error) => log.push(error.message),
    });
    cleanups.push(() => listener.close());
    return { listener, log, address: () => newest };
  }

  function come(port: number): Socket {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    cleanups.push(() => socket.destroy());
    return socket;
  }

  test.each<Partial<TcpLimits>>([
    { maxConnections: 2 },
    { maxPerAddress: 2 },
  ])("takes no more connections than %o, and those that follow once there is room", async (limits) => {
    const { listener, log } = await listen(limits);
    const [first] = [come(listener.port), come(listener.port)];
    await expect.poll(() => log).toEqual(["opened", "opened"]);
    await once(come(listener.port), "close");
    expect(listener.refused).toBe(1);
    first.end();
    await expect.poll(() => log.at(-1)).toBe("closed");
    come(listener.port);
    await expect.poll(() => log.at(-1)).toBe("opened");
  });

  test("cuts off a device that asks and never takes what it asked for", async () => {
    const { listener, log, address } = await listen({});
    const socket = come(listener.port);
    socket.pause();
    socket.write("more");
    await expect.poll(() => log).toEqual(["opened", "more"]);
    const piece = new Uint8Array(1 << 16);
    for (let i = 0; i < 500 && !log.includes("closed"); i++) {
      listener.send(address(), piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(log).toEqual(["opened", "more", "closed"]);
  });

  test("reads nothing more from a device while it does not take what it asked for", async () => {
    const { listener, log, address } = await listen({ maxUnsent: 1 << 26 });
    const socket = come(listener.port);
    socket.pause();
    socket.write("first");
    await expect.poll(() => log).toEqual(["opened", "first"]);
    listener.send(address(), new Uint8Array(1 << 25));
    socket.write("second");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(log).toEqual(["opened", "first"]);
    socket.resume();
    await expect.poll(() => log).toEqual(["opened", "first", "second"]);
  });

  test("closes after what was sent before, and tells nothing of a connection that it closed", async () => {
    const { listener, log, address } = await listen({});
    const socket = come(listener.port);
    await expect.poll(() => log).toEqual(["opened"]);
    let received = 0;
    socket.on("data", (bytes) => {
      received += bytes.length;
    });
    listener.send(address(), new Uint8Array(50_000));
    listener.send(address(), new Uint8Array(0));
    listener.send(address(), new Uint8Array(10));
    await once(socket, "close");
    expect(received).toBe(50_000);
    expect(log).toEqual(["opened"]);
  });

  test("lets go of everything when it stops", async () => {
    const { listener, log } = await listen({});
    const closed = [come(listener.port), come(listener.port)].map((socket) => {
      socket.resume();
      return once(socket, "close");
    });
    await expect.poll(() => log).toEqual(["opened", "opened"]);
    await listener.close();
    await Promise.all(closed);
  });
});

function portOf(url: string): string {
  return new URL(url.replace("coap+tcp", "http").replace("coap:", "http:")).port;
}

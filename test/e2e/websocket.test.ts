/** WebSockets and other upgrades on a real connection: what `ws` and Node's server do with them together. */
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { WebSockets } from "../../connector/adapters/websocket.ts";
import type { RestEnv } from "../../connector/rest/context.ts";
import type { Listener } from "../../connector/rest/customers/notify-listeners.ts";
import { House } from "./support/house.ts";

const house = new House();
let port: number;
let key: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  await house.start();
  port = Number(new URL(house.connector.httpUrl).port);
  key = house.newKey();
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await house.stop();
});

/** Sends lines as they are and collects what comes back. */
function send(...chunks: string[]): { text(): string; ended: Promise<void> } {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  let received = "";
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
  });
  for (const chunk of chunks) socket.write(chunk);
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return { text: () => received, ended };
}

const HANDSHAKE =
  "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

describe("a request for a WebSocket", () => {
  test("is answered with the accepted key (RFC 6455 §1.3)", async () => {
    const { text } = send(`GET /api/v2/notify?access_token=${key} HTTP/1.1\r\n${HANDSHAKE}\r\n`);
    await expect.poll(text).toMatch(/^HTTP\/1\.1 101 /);
    expect(text()).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });

  test.each([
    ["/api/v2/notify", "401"],
    ["/api/v2/notify?access_token=x", "401"],
    ["/nothing", "404"],
    ["//nothing", "404"],
    ["/%", "404"],
  ])("of %s is refused like any other: %s", async (path, status) => {
    const { text, ended } = send(`GET ${path} HTTP/1.1\r\n${HANDSHAKE}\r\n`);
    await ended;
    expect(text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text()).toContain("connection: close\r\n");
  });

  test("with two Authorization headers, or one that differs from the query, is refused", async () => {
    const header = `Authorization: Bearer ${key}\r\n`;
    for (const [query, headers] of [
      ["", header + header],
      ["?access_token=x", header],
    ]) {
      const { text, ended } = send(
        `GET /api/v2/notify${query} HTTP/1.1\r\n${HANDSHAKE}${headers}\r\n`,
      );
      await ended;
      expect(text()).toMatch(/^HTTP\/1\.1 401 /);
    }
  });

  test("by another method, or without its own key, is refused", async () => {
    const post = send(`POST /api/v2/notify?access_token=${key} HTTP/1.1\r\n${HANDSHAKE}\r\n`);
    await post.ended;
    expect(post.text()).toMatch(/^HTTP\/1\.1 400 /);
    const bare = HANDSHAKE.replace(/Sec-WebSocket-Key.*\r\n/, "");
    const keyless = send(`GET /api/v2/notify?access_token=${key} HTTP/1.1\r\n${bare}\r\n`);
    await keyless.ended;
    expect(keyless.text()).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("takes what a client says without a word, unless it is too long", async () => {
    const url = `${house.connector.httpUrl.replace("http", "ws")}/api/v2/notify?access_token=${key}`;
    const socket = new WebSocket(url);
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send("hello");
    socket.send("x".repeat(10_000));
    const code = await new Promise((resolve) => socket.once("close", resolve));
    expect(code).toBe(1009);
  });

  test("does not keep the connector from stopping", async () => {
    const other = new House();
    await other.start();
    const url = `${other.connector.httpUrl.replace("http", "ws")}/api/v2/notify`;
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${other.newKey()}` } });
    await new Promise((resolve) => socket.once("open", resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await other.stop();
    expect(await closed).toBe(1001);
  });
});

describe("a client that does not read what it is sent", () => {
  test("is told from one that does by what waits for it, and is cut off", async () => {
    const app = new Hono<RestEnv>().get("/", (c) => {
      const owner = "somebody";
      const always = () => true;
      c.env.upgrade?.({ owner, endpointName: undefined, isEntitled: always, hears: always });
      return c.body(null, 204);
    });
    const listening: Listener[] = [];
    let removed = 0;
    const webSockets = new WebSockets(app, {
      add: (listener) => listening.push(listener),
      remove: () => removed++,
    });
    const server = createServer().on("upgrade", (request, socket, head) =>
      webSockets.handleUpgrade(request, socket, head),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const slow = connect((server.address() as AddressInfo).port, "127.0.0.1");
    slow.on("error", () => {});
    slow.pause();
    slow.write(`GET / HTTP/1.1\r\n${HANDSHAKE}\r\n`);
    await expect.poll(() => listening.length).toBe(1);
    const [{ socket }] = listening;
    const frame = "x".repeat(64 * 1024);
    // What the system takes into its own buffers is some megabytes; what waits here beyond that is bounded.
    let sent = 0;
    while (sent < 1000 && socket.send(frame)) sent++;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(1000);
    socket.close(1013, "You take frames too slowly.");
    await expect.poll(() => removed).toBe(1);
    slow.destroy();
    webSockets.close();
    server.close();
  });
});

describe("a client that offers HTTP/2 with its request", () => {
  const OFFER =
    "Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n";

  test("is served as if it had not, also with a body in pieces, and goes on with the connection", async () => {
    const head = `POST /api/api_tokens HTTP/1.1\r\n${OFFER}Authorization: Bearer ${key}\r\n`;
    const next = `GET /v2/limits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`;
    const body = '{"name":"java"}';
    const { text } = send(
      `${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
      body.slice(5),
    );
    await expect.poll(text).toMatch(/^HTTP\/1\.1 201 [\s\S]*"name":"java"/);
    sockets.at(-1)!.write(next);
    await expect.poll(text).toContain("transaction-quota");
  });

  test("is refused like any other", async () => {
    const { text } = send(`GET /v2/endpoints HTTP/1.1\r\n${OFFER}\r\n`);
    await expect.poll(text).toMatch(/^HTTP\/1\.1 401 /);
  });
});

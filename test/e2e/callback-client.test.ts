/** The callback client against receivers of every kind, on loopback. */
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { CallbackClient } from "../../connector/adapters/http-callback.ts";

const TIMEOUT = 300;
const NO_ANSWER = "The url did not answer a test message with 2xx.";

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function givenClient(
  allowedRanges = ["127.0.0.0/8"],
  resolve?: () => Promise<never[]>,
  refusalTakes = 0,
) {
  const client = new CallbackClient({ allowedRanges, timeout: TIMEOUT, refusalTakes, resolve });
  closers.push(() => client.close());
  return client;
}

async function givenReceiver(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x?y=1`, server };
}

test("a message is PUT as JSON with the callback's headers and no others of ours", async () => {
  const seen: unknown[] = [];
  const { url } = await givenReceiver((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { host, ...headers } = request.headers;
      seen.push([request.method, request.url, headers, body, new URL(url).host === host]);
      response.writeHead(204).end();
    });
  });
  const client = givenClient();
  expect(await client.send({ url, headers: { "X-Auth": "secret" } }, '{"ü":1}')).toBe(true);
  expect(await client.probe({ url, headers: {} })).toBeUndefined();
  const common = { "content-type": "application/json", connection: "keep-alive" };
  expect(seen).toEqual([
    ["PUT", "/x?y=1", { ...common, "content-length": "8", "x-auth": "secret" }, '{"ü":1}', true],
    ["PUT", "/x?y=1", { ...common, "content-length": "2" }, "{}", true],
  ]);
});

test("a redirect is a failure and is not followed", async () => {
  let followed = 0;
  const target = await givenReceiver((_, response) => {
    followed++;
    response.end();
  });
  for (const status of [301, 302, 303, 307, 308]) {
    const { url } = await givenReceiver((_, response) => {
      response.writeHead(status, { location: target.url }).end();
    });
    expect(await givenClient().probe({ url, headers: {} })).toBe(NO_ANSWER);
  }
  expect(followed).toBe(0);
});

test("all that goes wrong beyond the guard has the same words", async () => {
  const receivers: RequestListener[] = [
    (_, response) => response.writeHead(404).end("not here"),
    (_, response) => response.writeHead(500).end("secret stack trace"),
    (request) => request.socket.destroy(),
    // Never answers.
    () => {},
    // Writes headers for ever.
    (request) => {
      const dripping = setInterval(() => request.socket.write("x"), 20);
      request.socket.on("close", () => clearInterval(dripping));
    },
  ];
  for (const receiver of receivers) {
    const { url } = await givenReceiver(receiver);
    expect(await givenClient().probe({ url, headers: {} })).toBe(NO_ANSWER);
  }
  const tcp = createTcpServer((socket) => socket.end("SSH-2.0-nothing\r\n"));
  await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
  closers.push(() => tcp.close());
  const { port } = tcp.address() as AddressInfo;
  const client = givenClient();
  expect(await client.probe({ url: `http://127.0.0.1:${port}/`, headers: {} })).toBe(NO_ANSWER);
  expect(await client.probe({ url: "http://127.0.0.1:1/", headers: {} })).toContain("port");
});

test("an answer of more than 4 KB ends the connection, and counts by its status", async () => {
  let written = 0;
  const { url } = await givenReceiver((_, response) => {
    const piece = Buffer.alloc(64 * 1024);
    const write = () => {
      while (!response.destroyed && response.write(piece)) written += piece.length;
    };
    response.on("drain", write);
    write();
  });
  expect(await givenClient().send({ url, headers: {} }, "{}")).toBe(true);
  expect(written).toBeLessThan(16 * 1024 * 1024);
});

test("an answer without end counts by its status, and is cut off", async () => {
  let cutOff = () => {};
  const isCutOff = new Promise<void>((resolve) => {
    cutOff = resolve;
  });
  const { url } = await givenReceiver((_, response) => {
    const dripping = setInterval(() => response.write("x"), 20);
    response.on("close", () => {
      clearInterval(dripping);
      cutOff();
    });
  });
  expect(await givenClient().send({ url, headers: {} }, "{}")).toBe(true);
  await isCutOff;
});

test("a kept connection that the receiver has closed meanwhile is not held against it", async () => {
  let requests = 0;
  const { url, server } = await givenReceiver((_, response) => {
    requests++;
    response.end();
  });
  server.keepAliveTimeout = 1;
  const client = givenClient();
  for (let i = 0; i < 20; i++) {
    expect(await client.send({ url, headers: {} }, "{}")).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(requests).toBeGreaterThanOrEqual(20);
});

test("an address that is not allowed gets no connection at all", async () => {
  let connections = 0;
  const { url, server } = await givenReceiver((_, response) => response.end());
  server.on("connection", () => connections++);
  const client = givenClient([]);
  expect(await client.probe({ url, headers: {} })).toContain("not allowed");
  expect(await client.send({ url, headers: {} }, "{}")).toBe(false);
  expect(connections).toBe(0);
});

test("a name that moves to loopback after its registration gets no connection", async () => {
  let connections = 0;
  const { url, server } = await givenReceiver((_, response) => response.end());
  server.on("connection", () => connections++);
  const { port } = new URL(url);
  let address = "127.0.0.1";
  const client = new CallbackClient({
    allowedRanges: ["127.0.0.1"],
    timeout: TIMEOUT,
    resolve: async () => [{ address, family: 4 }],
  });
  closers.push(() => client.close());
  const callback = { url: `http://rebinding.example:${port}/`, headers: {} };
  expect(await client.send(callback, "{}")).toBe(true);
  expect(connections).toBe(1);
  address = "127.0.0.2";
  expect(await client.send(callback, "{}")).toBe(false);
  expect(connections).toBe(1);
});

test("the 70 URLs that must not be called: refused when registered, and at each delivery of one that was good once", async () => {
  interface Vector {
    readonly url: string;
    readonly expect: string;
  }
  const { vectors } = JSON.parse(readFileSync("test/vectors/ssrf-vectors.json", "utf8")) as {
    vectors: Vector[];
  };
  // The resolver that is worst for us: what looks like a name is this machine.
  const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
  const client = new CallbackClient({ allowedRanges: [], timeout: TIMEOUT, resolve });
  closers.push(() => client.close());
  expect(vectors.length).toBe(70);
  for (const { url } of vectors) {
    const callback = { url, headers: {} };
    expect([url, await client.probe(callback)]).not.toEqual([url, undefined]);
    // Judged before anything is sent: the words for a receiver that does not answer would say that it was.
    expect([url, await client.probe(callback)]).not.toEqual([url, NO_ANSWER]);
    expect([url, await client.send(callback, "{}")]).toEqual([url, false]);
  }
});

test("a refusal takes as long for a closed port as for one that answers something else", async () => {
  const { url } = await givenReceiver((_, response) => response.writeHead(500).end());
  const closed = createTcpServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const client = givenClient(["127.0.0.0/8"], undefined, 200);
  for (const each of [url, `http://127.0.0.1:${port}/`]) {
    const start = performance.now();
    expect(await client.probe({ url: each, headers: {} })).toBe(NO_ANSWER);
    // A timer may fire a millisecond early.
    expect(performance.now() - start).toBeGreaterThan(198);
  }
});

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { DELETE, GET, PUT } from "../../protocol/coap/codes.ts";
import type { Response } from "../../protocol/coap/exchange.ts";
import { Child } from "./support/child.ts";
import { CoapStream, CoapStreamServer } from "./support/coap-stream.ts";
import { freePort } from "./support/free-port.ts";
import { describeWith } from "./support/peers.ts";
import { body, observing, request, shown, textOf } from "./support/requests.ts";
import { Resources } from "./support/resources.ts";

const LOOPBACK = "127.0.0.1";

describeWith(["libcoap"], "libcoap's coap-client against our endpoint, over TCP", () => {
  let ours: CoapStreamServer;
  let resources: Resources;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dormouse-libcoap-"));
    resources = new Resources();
    ours = await CoapStreamServer.listen({ serve: resources.serve });
  });
  afterEach(async () => {
    resources.close();
    ours.close();
    await rm(folder, { recursive: true });
  });

  /** Runs coap-client; what it printed, errors as `4.04`. */
  async function ask(path: string, ...args: string[]): Promise<string> {
    const uri = `coap+tcp://${LOOPBACK}:${ours.port}${path}`;
    return (await Child.run("coap-client-notls", ["-B", "10", ...args, uri])).join("\n");
  }

  async function fileOf(bytes: Uint8Array): Promise<string> {
    const file = join(folder, "sent");
    await writeFile(file, bytes);
    return file;
  }

  test("RFC 8323 §3.3: PUT, GET and DELETE do what they say, an unknown path is 4.04", async () => {
    await ask("/a/b", "-m", "put", "-e", "one");
    expect(await ask("/a/b")).toBe("one");
    await ask("/a/b", "-m", "delete");
    expect(await ask("/a/b")).toBe("4.04");
    expect(resources.asked).toEqual(["PUT /a/b", "GET /a/b", "DELETE /a/b", "GET /a/b"]);
  });

  test("RFC 8323 §5.3: both say first what they take, and the request comes after", async () => {
    await ask("/a");
    const [{ ladder }] = ours.connections;
    expect(ladder.slice(0, 2).sort()).toEqual(["---> CSM 2=8704 4", "<--- CSM 2=8388864 4"]);
    expect(ladder[2]).toMatch(/^<--- 0\.01/);
  });

  test("RFC 8323 §3.3: an answer that comes late is one answer", async () => {
    expect(await ask("/slow")).toBe("late");
    expect(resources.asked).toEqual(["GET /slow"]);
  });

  test("RFC 8323 §5.3.1: 5,000 bytes go in one message each way", async () => {
    await ask("/large", "-m", "put", "-f", await fileOf(body(5_000)));
    const received = join(folder, "received");
    await ask("/large", "-o", received);
    expect(new Uint8Array(await readFile(received))).toEqual(body(5_000));
    expect(ours.connections.flatMap(({ ladder }) => ladder).join()).not.toMatch(/ [12]:\d/);
  });

  test.each([
    16, 512,
  ])("RFC 7959 §2.5, §2.4: it puts and gets 5,000 bytes in blocks of %i", async (size) => {
    await ask("/large", "-m", "put", "-f", await fileOf(body(5_000)), "-b", String(size));
    const received = join(folder, "received");
    await ask("/large", "-b", String(size), "-o", received);
    expect(new Uint8Array(await readFile(received))).toEqual(body(5_000));
    expect(resources.asked).toEqual(["PUT /large", "GET /large"]);
  });

  test("RFC 8323 §6: 40,000 bytes, more than either takes at once, come back the same", async () => {
    await ask("/large", "-m", "put", "-f", await fileOf(body(40_000)), "-X", "8704");
    const received = join(folder, "received");
    await ask("/large", "-X", "8704", "-o", received);
    expect(new Uint8Array(await readFile(received))).toEqual(body(40_000));
    expect(resources.asked).toEqual(["PUT /large", "GET /large"]);
  });

  test("RFC 8132 §2.5: it fetches with 5,000 bytes, and gets as many", async () => {
    const received = join(folder, "received");
    const file = await fileOf(body(5_000));
    await ask("/any", "-m", "fetch", "-f", file, "-o", received);
    expect(new Uint8Array(await readFile(received))).toEqual(body(5_000).reverse());
  });

  test("RFC 8323 §7.4: it observes for two seconds and then cancels", async () => {
    const lines = await ask("/ticks", "-s", "2", "-w");
    const ticks = lines
      .split("\n")
      .filter((line) => line !== "")
      .map(Number);
    expect(ticks.length).toBeGreaterThan(5);
    expect(ticks).toEqual(ticks.map((_, at) => at));
    expect(resources.isObserved()).toBe(false);
  });

  test("RFC 8323 §5.4: it pings while it waits, and hears that we live", async () => {
    expect(await ask("/slow", "-K", "1")).toBe("late");
    const said = ours.connections[0].ladder.map((line) => line.replace(/ \[\d+\]/, ""));
    expect(said.slice(3, 5)).toEqual(["<--- Ping", "---> Pong"]);
  });
});

describeWith(["libcoap"], "our endpoint against libcoap's coap-server, over TCP", () => {
  let server: Child;
  let port: number;
  let ours: CoapStream;

  beforeAll(async () => {
    port = await freePort();
    const args = ["-A", LOOPBACK, "-p", String(port), "-d", "20", "-v", "7"];
    server = Child.start("coap-server-notls", args);
    await server.lines.next("coap-server on its port", (line) => line.includes("created TCP"));
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    ours = await CoapStream.connect(port);
  });
  afterEach(() => {
    ours.close();
  });

  test("RFC 8323 §3.3: PUT creates and changes, GET reads, DELETE deletes", async () => {
    expect(shown(await ours.request(request(PUT, "/a/b", "one")))).toBe("2.01");
    expect(shown(await ours.request(request(PUT, "/a/b", "two")))).toBe("2.04");
    expect(shown(await ours.request(request(GET, "/a/b")))).toBe("2.05 two");
    expect(shown(await ours.request(request(DELETE, "/a/b")))).toMatch(/^2\.02/);
    expect(shown(await ours.request(request(GET, "/a/b")))).toMatch(/^4\.04/);
  });

  test("RFC 8323 §3.3: requests at once are told apart by their tokens", async () => {
    const late = ours.request(request(GET, "/async?1"));
    expect(shown(await ours.request(request(GET, "/time")))).toMatch(/^2\.05 \w+ \d+ /);
    expect(shown(await late)).toBe("2.05 done");
  });

  test("RFC 8323 §5.3.1: 5,000 bytes go in one message, and come in one", async () => {
    expect(shown(await ours.request(request(PUT, "/large", body(5_000))))).toBe("2.01");
    expect(sameAs(await ours.request(request(GET, "/large")), body(5_000))).toBe(true);
    expect(ours.ladder.join()).not.toMatch(/ [12]:\d/);
  });

  test("RFC 8323 §6: 40,000 bytes go in BERT blocks of 16,384 and come in those of 8192", async () => {
    expect(shown(await ours.request(request(PUT, "/larger", body(40_000))))).toBe("2.01");
    expect(sameAs(await ours.request(request(GET, "/larger")), body(40_000))).toBe(true);
    const blocks = ours.ladder.map((line) => /[12]:.* \(\d+ B\)/.exec(line)?.[0] ?? "");
    expect(blocks.filter((block) => block !== "")).toEqual([
      "1:0/1/BERT (16384 B)",
      "1:16/1/BERT (16384 B)",
      "1:32/0/BERT (7232 B)",
      "2:0/1/BERT (8192 B)",
      "2:8/1/BERT (8192 B)",
      "2:16/1/BERT (8192 B)",
      "2:24/1/BERT (8192 B)",
      "2:32/0/BERT (7232 B)",
    ]);
  });

  test("RFC 8323 §5.3.2: we who take 1152 bytes say so, and all goes and comes in blocks of 1024", async () => {
    const sparing = await CoapStream.connect(port, { settings: { longestMessage: 1152 } });
    try {
      expect(shown(await sparing.request(request(PUT, "/sparing", body(20_000))))).toBe("2.01");
      expect(sameAs(await sparing.request(request(GET, "/sparing")), body(20_000))).toBe(true);
      expect(sparing.ladder.join()).not.toContain("BERT");
    } finally {
      sparing.close();
    }
  });

  test("RFC 8323 §7: /time is observed second by second and cancelled", async () => {
    const observation = ours.observe(observing("/time"));
    const seen = new Set<string>();
    for (let i = 0; i < 3; i++) {
      seen.add(textOf(await observation.notifications.next("notification", () => true)));
    }
    expect(seen.size).toBe(3);
    ours.cancel(observation);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(observation.notifications.rest()).toEqual([]);
  });

  test("RFC 8323 §3.3: a connection that we close is gone, and the next one is served", async () => {
    await ours.request(request(GET, "/time"));
    await ours.disconnect();
    const next = await CoapStream.connect(port);
    expect(shown(await next.request(request(GET, "/time")))).toMatch(/^2\.05/);
    next.close();
  });
});

/** Compared in one step: what an assertion would print of long bodies helps nobody. */
function sameAs(response: Response, expected: Uint8Array): boolean {
  return Buffer.compare(response.payload, expected) === 0;
}

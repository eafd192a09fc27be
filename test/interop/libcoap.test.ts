import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { decodeBlock } from "../../protocol/coap/block.ts";
import { DELETE, GET, PUT } from "../../protocol/coap/codes.ts";
import { decodeMessage } from "../../protocol/coap/message.ts";
import { BLOCK1, findOption } from "../../protocol/coap/options.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { CapturedDatagram } from "./support/capture.ts";
import { Child } from "./support/child.ts";
import { CoapSocket, LOOPBACK } from "./support/coap-socket.ts";
import { freePort } from "./support/free-port.ts";
import { describeWith } from "./support/peers.ts";
import { body, observing, request, shown, textOf } from "./support/requests.ts";
import { Resources } from "./support/resources.ts";

describeWith(["libcoap"], "libcoap's coap-client against our endpoint", () => {
  let ours: CoapSocket;
  let resources: Resources;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dormouse-libcoap-"));
    resources = new Resources();
    ours = await CoapSocket.open({ serve: resources.serve, settings: { blockSize: 512 } });
  });
  afterEach(async () => {
    resources.close();
    ours.close();
    await rm(folder, { recursive: true });
  });

  /** Runs coap-client; what it printed, errors as `4.04`. */
  async function ask(path: string, ...args: string[]): Promise<string> {
    const uri = `coap://${LOOPBACK}:${ours.port}${path}`;
    return (await Child.run("coap-client-notls", ["-B", "10", ...args, uri])).join("\n");
  }

  async function fileOf(bytes: Uint8Array): Promise<string> {
    const file = join(folder, "sent");
    await writeFile(file, bytes);
    return file;
  }

  test("RFC 7252 §5.8: PUT, GET and DELETE do what they say, an unknown path is 4.04", async () => {
    await ask("/a/b", "-m", "put", "-e", "one");
    expect(await ask("/a/b")).toBe("one");
    await ask("/a/b", "-m", "delete");
    expect(await ask("/a/b")).toBe("4.04");
    expect(resources.asked).toEqual(["PUT /a/b", "GET /a/b", "DELETE /a/b", "GET /a/b"]);
  });

  test("RFC 7252 §5.2.3: a Non-confirmable GET is answered", async () => {
    resources.stored.set("/a", new TextEncoder().encode("x"));
    expect(await ask("/a", "-N")).toBe("x");
  });

  test("RFC 7252 §5.2.2: a slow resource is acknowledged first and answered separately", async () => {
    expect(await ask("/slow")).toBe("late");
  });

  test("RFC 7252 §4.2: with its first and fourth datagram lost, a body still arrives, and once", async () => {
    const file = await fileOf(body(2_000));
    await ask("/lossy", "-m", "put", "-f", file, "-b", "512", "-l", "1,4", "-B", "30");
    expect(resources.stored.get("/lossy")).toEqual(body(2_000));
    expect(resources.asked).toEqual(["PUT /lossy"]);
  });

  test.each([
    16, 512, 1024,
  ])("RFC 7959 §2.5: it puts 5,000 bytes in blocks of %i, 1024 made 512", async (size) => {
    await ask("/large", "-m", "put", "-f", await fileOf(body(5_000)), "-b", String(size));
    expect(resources.stored.get("/large")).toEqual(body(5_000));
    expect(resources.asked).toEqual(["PUT /large"]);
    expect(blockSizes(ours.datagrams, ours.port, BLOCK1).at(-1)).toBe(Math.min(size, 512));
  });

  test.each([16, 512])("RFC 7959 §2.4: it gets 5,000 bytes in blocks of %i", async (size) => {
    resources.stored.set("/large", body(5_000));
    const received = join(folder, "received");
    await ask("/large", "-b", String(size), "-o", received);
    expect(new Uint8Array(await readFile(received))).toEqual(body(5_000));
  });

  test("RFC 7959 §2.9.3: a body beyond our limit is refused with 4.13", async () => {
    const file = await fileOf(body(70_000));
    expect(await ask("/large", "-m", "put", "-f", file, "-b", "1024")).toContain("4.13");
    expect(resources.stored.size).toBe(0);
  });

  test("RFC 7641 §3: it observes for two seconds and then cancels", async () => {
    const lines = await ask("/ticks", "-s", "2", "-w");
    const ticks = lines
      .split("\n")
      .filter((line) => line !== "")
      .map(Number);
    expect(ticks.length).toBeGreaterThan(5);
    expect(ticks).toEqual(ticks.map((_, at) => at));
    expect(resources.isObserved()).toBe(false);
  });
});

describeWith(["libcoap"], "our endpoint against libcoap's coap-server", () => {
  let server: Child;
  let port: number;
  let ours: CoapSocket;

  beforeAll(async () => {
    port = await freePort();
    server = Child.start("coap-server-notls", [
      "-A",
      LOOPBACK,
      "-p",
      String(port),
      "-d",
      "20",
      "-v",
      "7",
    ]);
    await server.lines.next("coap-server on its port", (line) => line.includes("created UDP"));
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    ours = await CoapSocket.open({ settings: { blockSize: 512 } });
  });
  afterEach(() => {
    ours.close();
  });

  test("RFC 7252 §5.8: PUT creates and changes, GET reads, DELETE deletes", async () => {
    expect(shown(await ours.request(port, request(PUT, "/a/b", "one")))).toBe("2.01");
    expect(shown(await ours.request(port, request(PUT, "/a/b", "two")))).toBe("2.04");
    expect(shown(await ours.request(port, request(GET, "/a/b")))).toBe("2.05 two");
    expect(shown(await ours.request(port, request(DELETE, "/a/b")))).toMatch(/^2\.02/);
    expect(shown(await ours.request(port, request(GET, "/a/b")))).toMatch(/^4\.04/);
  });

  test("RFC 7252 §5.2.3: a Non-confirmable GET is answered", async () => {
    const asked = { ...request(GET, "/time"), confirmable: false };
    expect(shown(await ours.request(port, asked))).toMatch(/^2\.05 \w+ \d+ \d\d:\d\d:\d\d$/);
  });

  test("RFC 7252 §5.2.2: the separate response of /async is taken and acknowledged", async () => {
    expect(shown(await ours.request(port, request(GET, "/async?2")))).toBe("2.05 done");
  });

  test("RFC 7959 §2.5, §2.4: 5,000 bytes put and got in blocks of 512 come back the same", async () => {
    expect(shown(await ours.request(port, request(PUT, "/large", body(5_000))))).toBe("2.01");
    const got = await ours.request(port, request(GET, "/large"));
    expect(textOf(got)).toBe(new TextDecoder().decode(body(5_000)));
    expect(blockSizes(ours.datagrams, port, BLOCK1)).toEqual(Array(10).fill(512));
  });

  test("RFC 7252 §4.2: with the server's first and third datagram lost, 2,000 bytes put are the ones got", async () => {
    const lossyPort = await freePort();
    const args = ["-A", LOOPBACK, "-p", String(lossyPort), "-d", "20", "-v", "7", "-l", "1,3"];
    const lossy = Child.start("coap-server-notls", args);
    try {
      await lossy.lines.next("coap-server on its port", (line) => line.includes("created UDP"));
      expect(shown(await ours.request(lossyPort, request(PUT, "/large", body(2_000))))).toBe(
        "2.01",
      );
      const got = await ours.request(lossyPort, request(GET, "/large"));
      expect(textOf(got)).toBe(new TextDecoder().decode(body(2_000)));
    } finally {
      await lossy.stop();
    }
  });

  test("RFC 7641 §3: /time is observed second by second and cancelled", async () => {
    const observation = ours.observe(port, observing("/time"));
    const seen = new Set<string>();
    for (let i = 0; i < 3; i++) {
      seen.add(textOf(await observation.notifications.next("notification", () => true)));
    }
    expect(seen.size).toBe(3);
    ours.cancel(observation);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(observation.notifications.rest()).toEqual([]);
  });
});

/** Sizes in the Block options of what was sent to a port, in order. */
function blockSizes(datagrams: readonly CapturedDatagram[], to: number, option: number): number[] {
  const sizes: number[] = [];
  for (const datagram of datagrams) {
    if (datagram.to !== to) continue;
    const message = decodeMessage(datagram.bytes);
    if (isMalformed(message)) continue;
    const value = findOption(message.options, option);
    const block = value && decodeBlock(value.value);
    if (block && !isMalformed(block)) sizes.push(block.size);
  }
  return sizes;
}

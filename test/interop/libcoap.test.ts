import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { decodeBlock } from "../../protocol/coap/block.ts";
import type { CoapSettings, EchoPolicy } from "../../protocol/coap/coap-endpoint.ts";
import { DELETE, formatCode, GET, PUT } from "../../protocol/coap/codes.ts";
import { Download } from "../../protocol/coap/download.ts";
import { decodeMessage } from "../../protocol/coap/message.ts";
import { BLOCK1, findOption } from "../../protocol/coap/options.ts";
import { QBlockEndpoint } from "../../protocol/coap/q-block-endpoint.ts";
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

  test.each([
    ["RFC 8132 §3.3: PATCH", "patch"],
    ["RFC 8132 §3.3: iPATCH", "ipatch"],
  ])("%s: 5,000 bytes arrive whole", async (_, method) => {
    await ask("/large", "-m", method, "-f", await fileOf(body(5_000)), "-b", "512");
    expect(resources.stored.get("/large")).toEqual(body(5_000));
  });

  test("RFC 8132 §2.5: it fetches with 5,000 bytes, and gets as many", async () => {
    const received = join(folder, "received");
    const file = await fileOf(body(5_000));
    await ask("/any", "-m", "fetch", "-f", file, "-b", "512", "-o", received);
    expect(new Uint8Array(await readFile(received))).toEqual(body(5_000).reverse());
    expect(resources.asked).toEqual(["FETCH /any"]);
  });

  test("RFC 7967 §2: what its No-Response does not want is not sent", async () => {
    await ask("/a", "-N", "-m", "put", "-e", "x", "-O", "258,0x1a", "-B", "1");
    expect(resources.asked).toEqual(["PUT /a"]);
    expect(ours.datagrams.filter(({ from }) => from === ours.port)).toEqual([]);
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

describeWith(
  ["libcoap"],
  "libcoap's coap-client against an endpoint that challenges by Echo",
  () => {
    let ours: CoapSocket;
    let resources: Resources;
    let folder: string;

    async function open(echo: EchoPolicy): Promise<string> {
      ours = await CoapSocket.open({ serve: resources.serve, settings: { blockSize: 512, echo } });
      return `coap://${LOOPBACK}:${ours.port}/large`;
    }

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "dormouse-libcoap-"));
      resources = new Resources();
    });
    afterEach(async () => {
      resources.close();
      ours.close();
      await rm(folder, { recursive: true });
    });

    test("RFC 9175 §2.3: a PUT of 5,000 bytes begins again with Echo, and arrives once", async () => {
      const uri = await open({ freshness: 10_000, forChanges: true, forReachability: false });
      const file = join(folder, "sent");
      await writeFile(file, body(5_000));
      await Child.run("coap-client-notls", ["-B", "10", "-m", "put", "-f", file, "-b", "512", uri]);
      expect(resources.stored.get("/large")).toEqual(body(5_000));
      expect(resources.asked).toEqual(["PUT /large"]);
      expect(codesFrom(ours).slice(0, 2)).toEqual(["4.01", "2.31"]);
    });

    test("RFC 9175 §2.4: it shows that it is where it says before it gets 5,000 bytes", async () => {
      const uri = await open({ freshness: 10_000, forChanges: false, forReachability: true });
      resources.stored.set("/large", body(5_000));
      const received = join(folder, "received");
      await Child.run("coap-client-notls", ["-B", "10", "-b", "512", "-o", received, uri]);
      expect(new Uint8Array(await readFile(received))).toEqual(body(5_000));
      expect(codesFrom(ours).slice(0, 2)).toEqual(["4.01", "2.05"]);
    });
  },
);

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

  test("RFC 9175 §3.5.2: two bodies for one resource at once, parted by Request-Tag, are not mixed", async () => {
    const bodies = [body(3_000), body(3_000).reverse()];
    const answers = await Promise.all(
      bodies.map((each) => ours.request(port, request(PUT, "/tagged", each))),
    );
    expect(answers.map(shown).sort()).toEqual(["2.01", "2.04"]);
    const got = textOf(await ours.request(port, request(GET, "/tagged")));
    expect(bodies.map((each) => new TextDecoder().decode(each))).toContain(got);
  });

  test("RFC 8974 §2.2.2: a long token is tried, and 8 bytes taken when it is not understood", async () => {
    const trying = await CoapSocket.open({ settings: { tokenLength: 24, longestToken: 24 } });
    try {
      for (let i = 0; i < 2; i++) {
        expect(shown(await trying.request(port, request(GET, "/time")))).toMatch(/^2\.05/);
      }
    } finally {
      trying.close();
    }
  });

  test("RFC 9177 §4.1: a server built without Q-Block is asked by Block1 and Block2", async () => {
    const make = (settings: CoapSettings) => new QBlockEndpoint(settings);
    const quick = await CoapSocket.open({ make, settings: { blockSize: 512 } });
    try {
      const sent = { ...request(PUT, "/quick", body(5_000)), confirmable: false };
      expect(shown(await quick.request(port, sent))).toMatch(/^2\.0/);
      const got = await quick.request(port, { ...request(GET, "/quick"), confirmable: false });
      expect(textOf(got)).toBe(new TextDecoder().decode(body(5_000)));
    } finally {
      quick.close();
    }
  });

  test("RFC 7959 §2.4: /large is read block by block, from the middle", async () => {
    await ours.request(port, request(PUT, "/pieces", body(5_000)));
    const download = new Download(request(GET, "/pieces"), 512, 1_700);
    const pieces: number[] = [];
    for (let isLast = false; !isLast; ) {
      const piece = download.take(await ours.request(port, download.next()));
      if (typeof piece === "string") throw new Error(piece);
      pieces.push(...piece.payload);
      isLast = piece.isLast;
    }
    expect(Uint8Array.from(pieces)).toEqual(body(5_000).subarray(1_700));
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

/** Of what a socket sent, in order. */
function codesFrom(socket: CoapSocket): string[] {
  return socket.datagrams
    .filter(({ from }) => from === socket.port)
    .map(({ bytes }) => formatCode(bytes[1]));
}

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

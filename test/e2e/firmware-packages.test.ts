import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type HttpPackagesOptions,
  httpPackages,
} from "../../firmware/boards/node/http-packages.ts";
import { FileStaging } from "../../firmware/boards/node/staging.ts";
import type { DownloadPoint } from "../../firmware/update/ports.ts";
import { NO_STORAGE } from "../../firmware/update/ports.ts";
import { packageOf } from "../support/update-ports.ts";

const FILE = Buffer.from(packageOf(700_000));
const TAG = '"v1"';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  const listening = createServer(listener);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

/** A server of one file that knows ranges and entity tags. */
const files: RequestListener = (request, response) => {
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
  const isSame = request.headers["if-range"] === TAG;
  const from = range !== null && isSame ? Number(range[1]) : 0;
  const body = FILE.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    etag: TAG,
    "content-length": body.length,
    ...(from > 0 ? { "content-range": `bytes ${from}-${FILE.length - 1}/${FILE.length}` } : {}),
  });
  response.end(body);
};

/** What a download comes to, and its bytes. */
async function fetched(
  uri: string,
  point: Partial<DownloadPoint> = {},
  options: HttpPackagesOptions = {},
): Promise<{ lines: string[]; bytes: Buffer }> {
  const lines: string[] = [];
  const pieces: Uint8Array[] = [];
  await new Promise<void>((resolve) => {
    const look = () => {
      // The source may wake us before it has answered `open`.
      if (download === undefined) return;
      for (let event = download.pollEvent(); event; event = download.pollEvent()) {
        if (event.kind === "bytes") pieces.push(event.bytes);
        else if (event.kind === "begun") {
          lines.push(`begun ${event.offset} of ${event.length} ${event.tag}`);
        } else if (event.kind === "failed") {
          lines.push(`failed ${event.fault} ${event.retryAfter ?? ""}`.trim());
          resolve();
        } else {
          lines.push("ended");
          resolve();
        }
      }
    };
    const all = { uri, offset: 0, tag: undefined, ...point };
    const download = httpPackages(options).open(0, all, () => setImmediate(look));
    if (download === undefined) {
      lines.push("nothing");
      resolve();
    } else look();
  });
  return { lines, bytes: Buffer.concat(pieces) };
}

describe("RFC 9110 §14.2: packages from an HTTP server", () => {
  test("come whole, with length and entity tag first", async () => {
    const { lines, bytes } = await fetched(`${await serve(files)}/fw`);
    expect(lines).toEqual([`begun 0 of 700000 ${TAG}`, "ended"]);
    expect(bytes.equals(FILE)).toBe(true);
  });

  test("go on where they were, as long as the entity tag is the same", async () => {
    const base = await serve(files);
    const goesOn = await fetched(`${base}/fw`, { offset: 400_001, tag: TAG });
    expect(goesOn.lines).toEqual([`begun 400001 of 700000 ${TAG}`, "ended"]);
    expect(goesOn.bytes.equals(FILE.subarray(400_001))).toBe(true);
    const anew = await fetched(`${base}/fw`, { offset: 400_001, tag: '"v0"' });
    expect(anew.lines[0]).toBe(`begun 0 of 700000 ${TAG}`);
  });

  test("a weak entity tag gives no way to go on (RFC 9110 §8.8.1)", async () => {
    const asked: unknown[] = [];
    const base = await serve((request, response) => {
      asked.push(request.headers.range);
      response.writeHead(200, { etag: 'W/"1"' });
      response.end("x");
    });
    const { lines } = await fetched(base, { offset: 5, tag: 'W/"1"' });
    expect(asked).toEqual([undefined]);
    expect(lines[0]).toBe("begun 0 of undefined undefined");
  });

  test("a range that is not there any more: the whole is asked for", async () => {
    const base = await serve((request, response) => {
      response.writeHead(request.headers.range === undefined ? 200 : 416, { etag: TAG });
      response.end(request.headers.range === undefined ? "whole" : "");
    });
    const { lines, bytes } = await fetched(base, { offset: 99, tag: TAG });
    expect(lines.at(-1)).toBe("ended");
    expect(bytes.toString()).toBe("whole");
  });

  test("a connection that breaks in the middle is lost", async () => {
    const base = await serve((_, response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write("half");
      setImmediate(() => response.destroy());
    });
    expect((await fetched(base)).lines.at(-1)).toBe("failed 4");
  });

  test("a server that is silent is given up", async () => {
    const base = await serve(() => {});
    expect((await fetched(base, {}, { silence: 50 })).lines).toEqual(["failed 4"]);
  });

  test.each([
    { status: 404, becomes: "failed 7" },
    { status: 401, becomes: "failed 7" },
    { status: 500, becomes: "failed 4" },
    { status: 503, becomes: "failed 4 7000" },
    { status: 429, becomes: "failed 4 7000" },
  ])("$status is $becomes", async ({ status, becomes }) => {
    const headers = becomes.endsWith("7000") ? { "retry-after": "7" } : {};
    const base = await serve((_, response) => response.writeHead(status, headers).end());
    expect((await fetched(base)).lines).toEqual([becomes]);
  });

  test("redirects are followed, five at most, and to HTTP alone", async () => {
    let hops = 0;
    let goal = "";
    const base = await serve((request, response) => {
      if (request.url === "/fw") return files(request, response);
      hops++;
      response.writeHead(302, { location: request.url === "/once" ? "/fw" : goal }).end();
    });
    expect((await fetched(`${base}/once`)).lines.at(-1)).toBe("ended");
    goal = "/again";
    hops = 0;
    expect((await fetched(`${base}/again`)).lines).toEqual(["failed 7"]);
    expect(hops).toBe(6);
    goal = "file:///etc/passwd";
    expect((await fetched(`${base}/file`)).lines).toEqual(["failed 7"]);
  });

  test("what the device may not ask is not asked, by redirects neither", async () => {
    let asked = 0;
    const base = await serve((_, response) => {
      asked++;
      response.writeHead(302, { location: "http://127.0.0.1:1/secret" }).end();
    });
    const allows = (uri: URL) => uri.origin === base;
    expect((await fetched(base, {}, { allows })).lines).toEqual(["failed 7"]);
    expect(asked).toBe(1);
    expect((await fetched("http://127.0.0.1:1/x", {}, { allows })).lines).toEqual(["failed 7"]);
  });

  test("a password is told to nobody over plain HTTP", async () => {
    const seen: unknown[] = [];
    const base = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end("x");
    });
    await fetched(base, { credentials: { user: "me", password: "secret" } });
    expect(seen).toEqual([undefined]);
    expect((await fetched(base.replace("//", "//me:secret@"))).lines).toEqual(["nothing"]);
  });

  test("content that is encoded is no package", async () => {
    const base = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end("x");
    });
    expect((await fetched(base)).lines).toEqual(["failed 6"]);
  });
});

describe("a package in a file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dormouse-staging-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("is there after a restart, and can be read in parts", () => {
    const staging = new FileStaging(join(folder, "new"));
    expect(staging.begin(10)).toBe(0);
    expect(staging.append(packageOf(6))).toBe(0);
    staging.close();
    const again = new FileStaging(join(folder, "new"));
    expect(again.length()).toBe(6);
    expect(again.append(packageOf(4))).toBe(0);
    again.close();
    expect(new Uint8Array(readFileSync(again.file))).toEqual(
      Uint8Array.from([...packageOf(6), ...packageOf(4)]),
    );
    expect(again.read(4, 100).length).toBe(6);
    expect(again.read(100, 1).length).toBe(0);
    again.discard();
    expect(new FileStaging(join(folder, "new")).length()).toBe(0);
  });

  test("that is too long is refused, announced or not", () => {
    const staging = new FileStaging(folder, 100);
    expect(staging.begin(101)).toBe(NO_STORAGE);
    expect(staging.begin(undefined)).toBe(0);
    expect(staging.append(packageOf(60))).toBe(0);
    expect(staging.append(packageOf(60))).toBe(NO_STORAGE);
    expect(staging.begin(Number.MAX_SAFE_INTEGER)).toBe(NO_STORAGE);
  });
});

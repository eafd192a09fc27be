import { describe, expect, test } from "vitest";
import { coapPackages } from "../../../../firmware/update/coap-packages.ts";
import { coapTargetOf, protocolOf } from "../../../../firmware/update/package-uri.ts";
import type { DownloadEvent, DownloadPoint } from "../../../../firmware/update/ports.ts";
import { encodeHex } from "../../../../protocol/bytes/hex.ts";
import type { IncomingRequest, Response } from "../../../../protocol/coap/coap-endpoint.ts";
import { CoapEndpoint, REQUEST_RECEIVED } from "../../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import {
  ETAG,
  MAX_AGE,
  textsOf,
  URI_HOST,
  URI_PATH,
  URI_QUERY,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { pathOf } from "../../../../protocol/coap/uri.ts";
import { NEVER } from "../../../../protocol/time/duration.ts";
import { coapSettings, countingRandom } from "../../../support/coap-pair.ts";
import { packageOf } from "../../../support/update-ports.ts";

const IMAGE = packageOf(10_000);
const NO_BYTES = new Uint8Array(0);

/** A CoAP server with one file, behind a network that a test can cut. */
class FileServer {
  now = 0;
  file: Uint8Array = IMAGE;
  tag: Uint8Array | undefined = Uint8Array.of(1);
  answer: Response | undefined = undefined;
  /** Datagrams that still arrive, either way. */
  budget = NEVER;
  readonly asked: IncomingRequest[] = [];
  readonly opened: string[] = [];
  closed = 0;
  private endpoint = this.listen();
  private readonly source = coapPackages(
    {
      open: (host, port, receive) => {
        this.opened.push(`${host} ${port}`);
        // From another port it is another peer.
        this.endpoint = this.listen();
        return {
          send: (datagram) => this.take(datagram, receive),
          close: () => {
            this.closed++;
          },
        };
      },
    },
    coapSettings({ random: countingRandom(5) }),
  );

  /** What a download from here comes to. */
  fetch(point: Partial<DownloadPoint> = {}, until = 1_000_000): string[] {
    const lines: string[] = [];
    this.bytes = [];
    const whole = { uri: "coap://files.test/fw.bin", offset: 0, tag: undefined, ...point };
    const download = this.source.open(this.now, whole, () => {});
    if (download === undefined) return ["nothing"];
    for (let steps = 0; steps < 10_000 && this.now <= until; steps++) {
      const event = download.pollEvent();
      if (event !== undefined) {
        this.note(event, lines);
        if (event.kind === "ended" || event.kind === "failed") break;
        continue;
      }
      const next = download.deadline();
      if (next > until) break;
      this.now = Math.max(this.now, next);
      download.handleTimeout(this.now);
    }
    download.close();
    return lines;
  }

  bytes: number[] = [];

  private note(event: DownloadEvent, lines: string[]): void {
    if (event.kind === "bytes") this.bytes.push(...event.bytes);
    else if (event.kind === "begun")
      lines.push(`begun ${event.offset} of ${event.length} ${event.tag}`);
    else if (event.kind === "failed")
      lines.push(`failed ${event.fault} ${event.retryAfter ?? ""}`.trim());
    else lines.push(event.kind);
  }

  private listen(): CoapEndpoint {
    return new CoapEndpoint(coapSettings({ random: countingRandom(9), blockSize: 512 }));
  }

  private take(datagram: Uint8Array, receive: (datagram: Uint8Array) => void): void {
    if (this.budget-- <= 0) return;
    this.endpoint.handleDatagram(this.now, datagram);
    for (let event = this.endpoint.pollEvent(); event; event = this.endpoint.pollEvent()) {
      if (event.kind !== REQUEST_RECEIVED) continue;
      this.asked.push(event.request);
      const options = this.tag === undefined ? [] : [{ number: ETAG, value: this.tag }];
      const content = { code: codes.CONTENT, options, payload: this.file };
      this.endpoint.respond(this.now, event.request, this.answer ?? content);
    }
    for (let sent = this.endpoint.pollTransmit(); sent; sent = this.endpoint.pollTransmit()) {
      if (this.budget-- > 0) receive(sent);
    }
  }
}

describe("RFC 7959 §2.4: packages from a CoAP server", () => {
  test("come block by block, with length and entity tag first", () => {
    const server = new FileServer();
    expect(server.fetch()).toEqual(["begun 0 of 10000 01", "ended"]);
    expect(Uint8Array.from(server.bytes)).toEqual(IMAGE);
    expect(server.opened).toEqual(["files.test 5683"]);
    expect(server.closed).toBe(1);
    expect(pathOf(server.asked[0].options, URI_PATH)).toBe("/fw.bin");
    expect(textsOf(server.asked[0].options, URI_HOST)).toEqual(["files.test"]);
  });

  test("go on from any byte of the same representation", () => {
    const server = new FileServer();
    expect(server.fetch({ offset: 3333, tag: "01" })).toEqual([
      "begun 3333 of undefined 01",
      "ended",
    ]);
    expect(Uint8Array.from(server.bytes)).toEqual(IMAGE.slice(3333));
  });

  test("begin anew when the server has another by now, before they went on or meanwhile", () => {
    const server = new FileServer();
    server.tag = Uint8Array.of(2);
    expect(server.fetch({ offset: 3333, tag: "01" })).toEqual(["begun 0 of 10000 02", "ended"]);
    expect(Uint8Array.from(server.bytes)).toEqual(IMAGE);
  });

  test("begin anew when there is less than was fetched before", () => {
    const server = new FileServer();
    server.file = packageOf(1000);
    expect(server.fetch({ offset: 8192, tag: "01" })).toEqual(["begun 0 of 1000 01", "ended"]);
  });

  test("a short one needs no blocks", () => {
    const server = new FileServer();
    server.file = packageOf(100);
    expect(server.fetch()).toEqual(["begun 0 of undefined 01", "ended"]);
    expect(server.bytes.length).toBe(100);
  });

  test("RFC 7252 §4.2: a server that falls silent is given up after MAX_TRANSMIT_WAIT", () => {
    const server = new FileServer();
    server.budget = 7;
    const lines = server.fetch();
    expect(lines).toEqual(["begun 0 of 10000 01", "failed 4"]);
    expect(server.now).toBeGreaterThan(60_000);
    expect(server.now).toBeLessThanOrEqual(93_000);
  });

  test("a break at any datagram loses nothing that had come", () => {
    for (let budget = 0; budget < 42; budget++) {
      const server = new FileServer();
      server.budget = budget;
      server.fetch();
      const had = server.bytes;
      server.budget = NEVER;
      const lines = server.fetch(had.length > 0 ? { offset: had.length, tag: "01" } : {});
      const isAnew = lines[0].startsWith("begun 0");
      // Only what was whole, or nothing, is fetched from its first byte.
      expect(isAnew).toBe(had.length % IMAGE.length === 0);
      expect(Uint8Array.from([...(isAnew ? [] : had), ...server.bytes])).toEqual(IMAGE);
    }
  });

  test.each([
    { code: codes.NOT_FOUND, becomes: "failed 7" },
    { code: codes.FORBIDDEN, becomes: "failed 7" },
    { code: codes.INTERNAL_SERVER_ERROR, becomes: "failed 4 0" },
    { code: codes.SERVICE_UNAVAILABLE, becomes: "failed 4 30000" },
  ])("RFC 7252 §5.9: $code is $becomes", ({ code, becomes }) => {
    const server = new FileServer();
    server.answer = { code, options: [uintOption(MAX_AGE, 30)], payload: NO_BYTES };
    expect(server.fetch()).toEqual([becomes]);
  });

  test.each([
    "coap://",
    "coap://[::bad/image",
    "coap://host:0/x",
    "coap://host:99999/x",
    "coap://host:1x/x",
    "coap://user@host/x",
    "coap://host/%zz",
    "coap://host/%ff",
    "coap://host/x#part",
    "http://host/x",
    "coap://a b/x",
  ])("RFC 3986 §3: %s leads nowhere", (uri) => {
    expect(coapTargetOf(uri)).toBeUndefined();
  });

  test.each([
    { uri: "coap://h", host: "h", port: 5683, shown: "h" },
    { uri: "coap://h:61616/a/b?c&d=e", host: "h", port: 61616, shown: "h /a/b c d=e" },
    { uri: "COAP://[::1]:7/a%20b", host: "::1", port: 7, shown: "/a b" },
    { uri: "coap://192.0.2.1/%2f", host: "192.0.2.1", port: 5683, shown: "//" },
  ])("RFC 7252 §6.4: $uri is $host $port $shown", ({ uri, host, port, shown }) => {
    const target = coapTargetOf(uri);
    expect(target).toMatchObject({ host, port });
    const options = target?.options ?? [];
    const words = [
      ...textsOf(options, URI_HOST),
      ...(textsOf(options, URI_PATH).length > 0
        ? [`/${textsOf(options, URI_PATH).join("/")}`]
        : []),
      ...textsOf(options, URI_QUERY),
    ];
    expect(words.join(" ")).toBe(shown);
  });

  test("LwM2M Core 1.2.2 §E.6: schemes have the numbers of /5/0/8", () => {
    const schemes = ["coap", "coaps", "http", "HTTPS", "coap+tcp", "coaps+tcp", "ftp"];
    expect(schemes.map((scheme) => protocolOf(`${scheme}://h/x`))).toEqual([0, 1, 2, 3, 4, 5, -1]);
  });

  test("an entity tag is kept as the digits of its bytes", () => {
    const server = new FileServer();
    server.tag = Uint8Array.of(0xab, 0xcd);
    expect(server.fetch()[0]).toContain(encodeHex(server.tag));
  });
});

import { describe, expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { blockOption } from "../../../protocol/coap/block.ts";
import { DELETE, formatCode, GET, POST, PUT } from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, OCTET_STREAM, TLV } from "../../../protocol/coap/content-formats.ts";
import { CON, type Message, NO_BYTES } from "../../../protocol/coap/message.ts";
import {
  ACCEPT,
  BLOCK1,
  CONTENT_FORMAT,
  type Option,
  URI_PATH,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { pathOptions } from "../../../protocol/coap/uri.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { accountFaults, accountValues } from "../../conformance/bootstrap-accounts.ts";
import { BootstrapClient } from "../../conformance/bootstrap-client.ts";
import { encodeValues } from "../../conformance/content.ts";

let messageId = 0;

function request(code: number, path: string, options: Option[] = [], payload = NO_BYTES): Message {
  const all = [...pathOptions(URI_PATH, path), ...options];
  const sorted = all.sort((one, other) => one.number - other.number);
  return { type: CON, code, messageId: ++messageId, token: NO_BYTES, options: sorted, payload };
}

const write = (path: string, values: Record<string, Value>, format = TLV) =>
  request(PUT, path, [uintOption(CONTENT_FORMAT, format)], encodeValues(TLV, path, values));
const at = (values: Record<string, Value>, base: string) =>
  Object.fromEntries(Object.entries(values).filter(([path]) => path.startsWith(base)));

class Bench {
  readonly client = new BootstrapClient(0, "1.1");

  /** `2.04`, or `2.05` with its payload. */
  ask(message: Message): string {
    const [reply] = this.client.handle(0, message).replies;
    return `${formatCode(reply.code)} ${decodeUtf8(reply.payload)}`.trim();
  }

  givenAccount(): this {
    const values = accountValues();
    expect(this.ask(write("/0/0", at(values, "/0/")))).toBe("2.04");
    expect(this.ask(write("/1/0", at(values, "/1/")))).toBe("2.04");
    return this;
  }
}

describe("LwM2M Core 1.1.1 §6.1.7: the harness's client in its bootstrap phase", () => {
  const discover = () => request(GET, "/", [uintOption(ACCEPT, LINK_FORMAT)]);

  test("shows what it has, with the servers that it is of, and its bootstrap account without one", () => {
    const bench = new Bench().givenAccount();
    expect(bench.ask(discover())).toBe(
      '2.05 </>;lwm2m=1.1,</0/0>;ssid=1;uri="coap://192.0.2.1:5683",</0/1>,</1/0>;ssid=1',
    );
  });

  test("keeps its bootstrap account and /3/0 whatever is deleted", () => {
    const bench = new Bench().givenAccount();
    bench.client.values.set("/3/0/16", "U");
    expect(bench.ask(request(DELETE, "/"))).toBe("2.02");
    expect(bench.client.instances()).toEqual(["/0/1", "/3/0"]);
    expect(bench.ask(request(DELETE, "/0/1"))).toBe("2.02");
    expect(bench.client.instances()).toEqual(["/0/1", "/3/0"]);
  });

  test("takes Finish with a whole account, and answers 4.06 without", () => {
    const bench = new Bench();
    expect(bench.ask(request(POST, "/bs"))).toBe("4.06");
    bench.givenAccount();
    expect(bench.ask(request(POST, "/bs"))).toBe("2.04");
    bench.client.values.set("/1/0/0", 2);
    expect(bench.ask(request(POST, "/bs"))).toBe("4.06");
  });

  test("an instance that is written anew has nothing of before", () => {
    const bench = new Bench().givenAccount();
    bench.ask(write("/1/0", { "/1/0/0": 1 }));
    expect(bench.client.values.has("/1/0/1")).toBe(false);
  });

  test("lets /1 and /2 be read and nothing else, and refuses formats and paths that it does not know", () => {
    const bench = new Bench().givenAccount();
    const read = (path: string) => bench.ask(request(GET, path, [uintOption(ACCEPT, TLV)]));
    expect(read("/1")).toMatch(/^2\.05/);
    expect(read("/0")).toBe("4.05");
    expect(bench.ask(write("/1/0", { "/1/0/0": 1 }, OCTET_STREAM + 1))).toBe("4.15");
    expect(bench.ask(request(PUT, "/lwm2m/1/0"))).toBe("4.05");
  });

  test("RFC 7252 §4.2: a block that comes twice is joined once", () => {
    const bench = new Bench();
    const whole = encodeValues(TLV, "/1/0", { "/1/0/0": 1, "/1/0/7": "U".repeat(30) });
    const block = (num: number, more: boolean) =>
      request(
        PUT,
        "/1/0",
        [uintOption(CONTENT_FORMAT, TLV), blockOption(BLOCK1, num, more, 16)],
        whole.subarray(num * 16, (num + 1) * 16),
      );
    const [first, second, third] = [block(0, true), block(1, true), block(2, false)];
    expect([first, second, second, third].map((one) => bench.ask(one).slice(0, 4))).toEqual([
      "2.31",
      "2.31",
      "2.31",
      "2.04",
    ]);
    expect(bench.client.values.get("/1/0/7")).toBe("U".repeat(30));
  });
});

describe("LwM2M Core 1.1.1 §6.1.2: an account", () => {
  const faults = (change: Record<string, Value | undefined>) => {
    const values = Object.entries({ ...accountValues(), ...change });
    const there = values.filter((entry): entry is [string, Value] => entry[1] !== undefined);
    return Object.values(accountFaults(new Map(there))).filter((fault) => fault !== "");
  };

  test.each<[string, Record<string, Value | undefined>, string]>([
    ["without a URI", { "/0/0/0": undefined }, "/0/0 has no 0"],
    ["without a binding", { "/1/0/7": undefined }, "/1/0 has no 7"],
    ["without a Short Server ID", { "/0/0/10": undefined }, "/0/0 has no 10"],
    ["in PSK mode without a key", { "/0/0/2": 0, "/0/0/3": encodeUtf8("me") }, "/0/0/5 is empty"],
    ["in NoSec with a key", { "/0/0/5": encodeUtf8("key") }, "/0/0/5 is a key in NoSec"],
    ["in no known mode", { "/0/0/2": 9 }, "/0/0/2 is 9, which is no security mode"],
    ["whose server is another's", { "/1/0/0": 2 }, "which 0 of /1 have"],
    ["with two servers", { "/1/1/0": 1, "/1/1/1": 1, "/1/1/6": true, "/1/1/7": "U" }, "2 of /1"],
  ])("%s is none", (_, change, fault) => {
    expect(faults(change).join("; ")).toContain(fault);
  });

  test("that is whole has no fault, with empty keys or without", () => {
    expect(faults({})).toEqual([]);
    expect(faults({ "/0/0/3": NO_BYTES, "/0/0/4": NO_BYTES, "/0/0/5": NO_BYTES })).toEqual([]);
  });

  test("at a bootstrap server needs no server, and there is one at most", () => {
    const bootstrap = (n: number) => ({
      [`/0/${n}/0`]: "coap://bs.test",
      [`/0/${n}/1`]: true,
      [`/0/${n}/2`]: 3,
    });
    expect(faults(bootstrap(1))).toEqual([]);
    expect(faults({ ...bootstrap(1), ...bootstrap(2) })).toEqual([
      "/0/1 and /0/2 are both bootstrap accounts",
    ]);
  });
});

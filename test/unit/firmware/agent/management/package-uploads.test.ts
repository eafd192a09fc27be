import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { PACKAGE_CLAIMS } from "../../../../../firmware/agent/management/package-uploads.ts";
import { firmwareUpdateObject } from "../../../../../firmware/objects/firmware-update.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import {
  CBOR,
  OCTET_STREAM,
  SENML_CBOR,
  TLV,
} from "../../../../../protocol/coap/content-formats.ts";
import { CBOR_CODEC } from "../../../../../protocol/content/cbor.ts";
import type { ContentCodec } from "../../../../../protocol/content/content-codec.ts";
import { TLV_CODEC } from "../../../../../protocol/content/tlv.ts";
import { OPAQUE } from "../../../../../protocol/model/data-types.ts";
import { FIRMWARE_UPDATE_1_1 } from "../../../../../protocol/model/objects/firmware-update-1-1.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { coapSettings, countingRandom } from "../../../../support/coap-pair.ts";
import { proves } from "../../../../support/proves.ts";
import { MemoryStaging, packageOf, ScriptedInstaller } from "../../../../support/update-ports.ts";

function given(
  options: {
    staging?: MemoryStaging;
    objects?: LwM2mObject[];
    servers?: number;
    latency?: number;
  } = {},
) {
  const staging = options.staging ?? new MemoryStaging(1_000_000);
  const object = firmwareUpdateObject(FIRMWARE_UPDATE_1_1, {
    staging,
    installer: new ScriptedInstaller(),
  });
  const settings = coapSettings({
    random: countingRandom(1),
    inPieces: PACKAGE_CLAIMS,
    maxBody: 2000,
  });
  const pair = new AgentPair(
    { codecs: ALL_CODECS, objects: options.objects ?? [object], settings },
    { servers: options.servers ?? 1, latency: options.latency ?? 0 },
  ).started();
  const { server } = pair;
  return {
    pair,
    server,
    staging,
    push: (bytes: Uint8Array, format = OCTET_STREAM) => server.write("/5/0/0", bytes, format).code,
    now: () => `${server.read("/5/0/3").text}/${server.read("/5/0/5").text}`,
  };
}

function wrapped(codec: ContentCodec, bytes: Uint8Array, resourceId = 0): Uint8Array {
  const path = [5, 0, resourceId];
  return codec.encode(path, [{ path, type: OPAQUE, value: bytes }]) as Uint8Array;
}

describe("RFC 7959 §2.5: a package that comes in blocks", () => {
  test("goes to its object block by block, however long it is", () => {
    proves("device", "firmware-push");
    const { push, now, staging } = given();
    const image = packageOf(200_000);
    expect(push(image)).toBe("2.04");
    expect(staging.bytes).toEqual(image);
    expect(staging.longestPiece).toBeLessThanOrEqual(1024);
    expect(now()).toBe("2/0");
  });

  test("one that fits into a message goes the usual way", () => {
    const { push, now, staging } = given();
    expect(push(packageOf(10))).toBe("2.04");
    expect(staging.bytes.length).toBe(10);
    expect(now()).toBe("2/0");
  });

  test.each([
    { name: "TLV", codec: TLV_CODEC, format: TLV },
    { name: "CBOR", codec: CBOR_CODEC, format: CBOR },
  ])("$name: its header is taken off, at every length", ({ codec, format }) => {
    proves("device", "firmware-push");
    fc.assert(
      fc.property(fc.integer({ min: 900, max: 70_000 }), (length) => {
        const { push, staging } = given();
        const image = packageOf(length);
        expect(push(wrapped(codec, image), format)).toBe("2.04");
        expect(staging.bytes).toEqual(image);
      }),
      { numRuns: 8, seed: 7, examples: [[1022], [1023], [1024], [1025], [65_535], [65_536]] },
    );
  });

  test.each([
    {
      why: "of another resource",
      bytes: wrapped(TLV_CODEC, packageOf(3000), 1),
      format: TLV,
      code: "4.00",
    },
    { why: "no byte string", bytes: new Uint8Array(3000).fill(0x61), format: CBOR, code: "4.00" },
    {
      why: "longer than it says",
      bytes: Uint8Array.of(...wrapped(CBOR_CODEC, packageOf(3000)), 1),
      format: CBOR,
      code: "4.00",
    },
    {
      why: "shorter than it says",
      bytes: wrapped(TLV_CODEC, packageOf(3000)).slice(0, 2999),
      format: TLV,
      code: "4.00",
    },
    { why: "in a format of many values", bytes: packageOf(3000), format: SENML_CBOR, code: "4.15" },
  ])("one that is $why is refused with $code, and is not staged", ({ bytes, format, code }) => {
    const { push, staging, server } = given();
    expect(push(bytes, format)).toBe(code);
    expect(server.read("/5/0/3").text).toBe("0");
    expect(staging.bytes.length).toBe(0);
  });

  test("one that is too long is refused at its first block, by the length that is announced", () => {
    proves("device", "firmware-results");
    const { push, now, server, staging } = given({ staging: new MemoryStaging(5000) });
    const before = server.ladder.length;
    expect(push(packageOf(100_000))).toBe("4.13");
    expect(server.ladder.length - before).toBe(2);
    expect(now()).toBe("0/2");
    expect(staging.longestPiece).toBe(0);
  });

  test("one that breaks off is result 4 after 93 s of silence, and the next begins anew", () => {
    proves("device", "firmware-results");
    const { pair, server, now, push, staging } = given({ latency: 50 });
    const image = packageOf(20_000);
    server.send(codes.PUT, "/5/0/0", { payload: image, format: OCTET_STREAM });
    pair.wait(420);
    server.isConnected = false;
    pair.wait(60);
    const taken = staging.bytes.length;
    expect(taken).toBeGreaterThan(2000);
    expect(taken).toBeLessThan(6000);
    pair.wait(92_000);
    expect(staging.bytes.length).toBe(taken);
    pair.wait(2000);
    expect(staging.bytes.length).toBe(0);
    server.isConnected = true;
    pair.wait(100_000);
    expect(now()).toBe("0/4");
    expect(push(image)).toBe("2.04");
    expect(now()).toBe("2/0");
    expect(staging.bytes).toEqual(image);
  });

  test("one that is cancelled on its way is not taken further", () => {
    const { pair, server, now } = given({ latency: 50, servers: 2 });
    server.send(codes.PUT, "/5/0/0", { payload: packageOf(20_000), format: OCTET_STREAM });
    pair.wait(420);
    expect(pair.servers[1].execute("/5/0/10").code).toBe("2.04");
    pair.wait(10_000);
    expect(now()).toBe("0/10");
    expect(server.ladder.some((line) => line.endsWith("4.08"))).toBe(true);
  });

  test("another server has to wait: 4.05, and the first one goes on", () => {
    const { pair, server, staging, now } = given({ latency: 50, servers: 2 });
    const image = packageOf(20_000);
    server.send(codes.PUT, "/5/0/0", { payload: image, format: OCTET_STREAM });
    pair.wait(420);
    expect(pair.servers[1].write("/5/0/0", packageOf(9000, 2), OCTET_STREAM).code).toBe("4.05");
    pair.wait(10_000);
    expect(now()).toBe("2/0");
    expect(staging.bytes).toEqual(image);
  });

  test.each([
    { objects: [], code: "4.04", why: "there is no object 5" },
    { objects: [new LwM2mObject(FIRMWARE_UPDATE_1_1)], code: "4.04", why: "it has no instance" },
  ])("$code when $why", ({ objects, code }) => {
    const { push } = given({ objects });
    expect(push(packageOf(5000))).toBe(code);
  });
});

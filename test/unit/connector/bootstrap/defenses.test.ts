/** What strangers can make a Bootstrap-Server do, and that each bootstrap has one outcome whatever devices answer. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GET, POST, UNAUTHORIZED } from "../../../../protocol/coap/codes.ts";
import { ECHO } from "../../../../protocol/coap/echo.ts";
import { CON, decodeMessage, encodeMessage } from "../../../../protocol/coap/message.ts";
import { URI_PATH } from "../../../../protocol/coap/options.ts";
import { pathOptions, queryOptions } from "../../../../protocol/coap/uri.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import { CONNECTOR, seededRandom } from "../connector/rig.ts";
import { ACCOUNT, ask, BootstrapRig, bare, obey } from "./bootstrap-rig.ts";

const EP = "urn:dev:mac:0024befffe804ff1";
const KEY = "canary-of-a-preshared-key";
const SECURE = {
  servers: [
    {
      uri: "coaps://connector.test",
      shortServerId: 1,
      securityMode: "psk" as const,
      secretKey: { text: KEY },
    },
  ],
};

/** A request as somebody forges it who does not read the answers. */
function forged(messageId: number, code = POST, path = "/bs"): Uint8Array {
  return encodeMessage({
    type: CON,
    code,
    messageId,
    token: new Uint8Array(2),
    options: [...pathOptions(URI_PATH, path), ...queryOptions([`ep=${EP}`])],
    payload: new Uint8Array(0),
  });
}

/** All that is sent to an address. */
function sentTo(rig: BootstrapRig, address: string): Uint8Array[] {
  const sent: Uint8Array[] = [];
  const { launch } = rig;
  rig.launch = (from, to, datagram) => {
    if (to === address) sent.push(datagram);
    launch.call(rig, from, to, datagram);
  };
  return sent;
}

const sizeOf = (datagrams: readonly Uint8Array[]) =>
  datagrams.reduce((size, { length }) => size + length, 0);
const textOf = (datagrams: readonly Uint8Array[]) =>
  datagrams.map((datagram) => Buffer.from(datagram).toString("latin1")).join();

describe("forged addresses", () => {
  test.each([
    ["with deletions", {}],
    ["without", { delete: [] }],
    ["with Discover", { placement: "discover" as const }],
    ["with Read", { read: ["/1" as const], delete: [] }],
  ])("RFC 7252 §11.3: who has answered nothing is sent a few bytes and no key, %s", (_, more) => {
    const rig = new BootstrapRig();
    rig.accounts.putConfiguration(EP, { ...SECURE, ...more });
    const victim = "10.9.9.9:5683";
    const sent = sentTo(rig, victim);
    const request = forged(1);
    rig.launch(victim, CONNECTOR, request);
    rig.drive(300_000);
    expect(sent.length).toBeGreaterThan(1);
    expect(sizeOf(sent)).toBeLessThanOrEqual(3 * request.length);
    expect(textOf(sent)).not.toContain(KEY);
    expect(textOf(sent)).not.toContain("coaps:");
    expect(rig.outcomes()).toEqual([expect.stringContaining("was not answered")]);
  });

  test("a device that has answered gets its key, so that the test above could fail", () => {
    const rig = new BootstrapRig();
    rig.accounts.putConfiguration(EP, SECURE);
    const device = rig.bootstrapping(EP);
    const sent = sentTo(rig, device.address);
    ask(device);
    rig.drive(1000);
    expect(textOf(sent)).toContain(KEY);
  });

  test("RFC 9175 §2.4: the answer to a forged Bootstrap-Pack-Request is a challenge, short and without a key", () => {
    const rig = new BootstrapRig();
    rig.accounts.putConfiguration(EP, SECURE);
    const victim = "10.9.9.9:5683";
    const sent = sentTo(rig, victim);
    const request = forged(1, GET, "/bspack");
    rig.launch(victim, CONNECTOR, request);
    rig.drive(300_000);
    const answers = sent.map((datagram) => decodeMessage(datagram));
    expect(answers).toMatchObject([{ code: UNAUTHORIZED, options: [{ number: ECHO }] }]);
    expect(sizeOf(sent)).toBeLessThanOrEqual(3 * request.length);
    expect(textOf(sent)).not.toContain(KEY);
    expect(rig.bootstrapEvents()).toEqual([]);
  });

  test("a forged request in a device's name does not touch the bootstrap of the device", () => {
    const rig = new BootstrapRig();
    rig.accounts.putConfiguration(EP, SECURE);
    const device = rig.bootstrapping(EP);
    let slow = 0;
    device.respond = (request, path) => {
      // In the middle of it.
      if (++slow === 3)
        for (let i = 0; i < 5; i++) rig.launch(`10.9.9.${i}:1`, CONNECTOR, forged(i));
      return obey(request, path);
    };
    ask(device);
    rig.drive(1000);
    const ended = rig.bootstrapEvents().filter(({ kind }) => kind === "bootstrap-finished");
    expect(ended).toMatchObject([{ address: device.address }]);
  });

  test("of two addresses with one name the one that answers goes on", () => {
    const rig = new BootstrapRig();
    rig.accounts.putConfiguration(EP, SECURE);
    rig.launch("10.9.9.9:1", CONNECTOR, forged(1));
    rig.drive(100);
    const device = rig.bootstrapping(EP);
    ask(device);
    rig.drive(1000);
    expect(rig.outcomes()).toEqual([
      "failed: The device has begun anew from another address",
      "finished",
    ]);
  });

  test("a device gets what is written for its own name, whoever else asks at the same time", () => {
    const rig = new BootstrapRig();
    const names = [...Array(20).keys()].map((i) => `dev-${i}`);
    rig.accounts.putRule("default", "all", {
      pattern: "dev-*",
      configuration: {
        servers: [{ ...SECURE.servers[0], secretKey: { text: "key-of-{endpoint}-" } }],
      },
    });
    const sent = names.map((name) => {
      const device = rig.bootstrapping(name);
      return sentTo(rig, device.address);
    });
    for (const device of rig.devices.values()) ask(device);
    rig.drive(5000);
    expect(rig.outcomes()).toEqual(names.map(() => "finished"));
    for (const [i, datagrams] of sent.entries()) {
      const keys = textOf(datagrams).match(/key-of-[\w-]+-/g);
      expect(keys).toEqual([`key-of-dev-${i}-`]);
    }
  });
});

describe("floods", () => {
  test("sessions are bounded, and those that nobody answers give way after ten seconds", () => {
    const rig = new BootstrapRig({ bootstrap: { maxSessions: 8 } });
    rig.accounts.putConfiguration(EP, SECURE);
    for (let i = 0; i < 50; i++) rig.launch(`10.9.${i}.1:1`, CONNECTOR, forged(i));
    rig.drive(100);
    expect(rig.bootstrapEvents()).toHaveLength(8);
    const device = rig.bootstrapping(EP);
    ask(device);
    rig.drive(5000);
    expect(device.answers).toEqual(["5.03"]);
    rig.drive(11_000);
    ask(device);
    rig.drive(12_000);
    expect(device.answers).toEqual(["5.03", "2.04"]);
    expect(rig.outcomes()).toContain("failed: It was not answered, and gave way to others");
    expect(rig.outcomes()).toContain("finished");
  });

  test("RFC 7252 §5.9.3.4: an address that begins too often is told to come back, others are not", () => {
    const addressRate = { burst: 3, every: 60_000 };
    const rig = new BootstrapRig({ bootstrap: { addressRate } });
    rig.accounts.putConfiguration(EP, SECURE);
    const device = rig.bootstrapping(EP);
    for (let i = 0; i < 5; i++) {
      ask(device);
      rig.drive(rig.now + 1000);
    }
    expect(device.answers).toEqual(["2.04", "2.04", "2.04", "5.03", "5.03"]);
    const other = rig.bootstrapping(EP, "10.0.1.1:5683");
    ask(other);
    rig.drive(rig.now + 1000);
    expect(other.answers).toEqual(["2.04"]);
  });

  test("what strangers leave behind is forgotten", () => {
    const rig = new BootstrapRig();
    rig.accounts.putConfiguration(EP, SECURE);
    for (let i = 0; i < 200; i++) rig.launch(`10.9.${i}.1:1`, CONNECTOR, forged(i));
    rig.drive(600_000);
    expect(rig.connector.peerCount).toBe(0);
    expect(rig.connector.isBootstrapping(EP)).toBe(false);
    expect(rig.connector.deadline()).toBe(Infinity);
  });
});

describe("any device", () => {
  const codes = fc.constantFrom(0x41, 0x42, 0x44, 0x45, 0x80, 0x84, 0x85, 0x86, 0x8f, 0xa0);
  const answer = fc.oneof(
    { weight: 3, arbitrary: fc.constant("obey" as const) },
    codes,
    fc.constant("silent" as const),
    fc.constant("restart" as const),
    fc.uint8Array({ maxLength: 40 }),
  );

  test("LwM2M Core 1.2.2 §6.1.3.3: whatever it answers and the network loses, each bootstrap has exactly one outcome", () => {
    fc.assert(
      fc.property(
        fc.array(answer, { maxLength: 12 }),
        fc.nat(),
        fc.record({
          placement: fc.constantFrom("as-written" as const, "discover" as const),
          read: fc.constantFrom<("/1" | "/2")[]>([], ["/1"], ["/1", "/2"]),
        }),
        (answers, seed, form) => {
          const random = seededRandom(seed);
          const fate = () => (random.uint32() % 5 === 0 ? [] : [10 + (random.uint32() % 300)]);
          const rig = new BootstrapRig({ seed, fate });
          rig.accounts.putConfiguration(EP, { servers: [ACCOUNT], ...form });
          const device = rig.bootstrapping(EP);
          let at = 0;
          device.respond = (request, path) => {
            const next = answers[at++] ?? "obey";
            if (next === "silent") return "silent";
            if (next === "restart") ask(device);
            if (next instanceof Uint8Array) return { ...obey(request, path), payload: next };
            return typeof next === "number" ? bare(next) : obey(request, path);
          };
          ask(device);
          rig.drive(1_500_000);
          const events = rig.bootstrapEvents();
          const begun = events.filter(({ kind }) => kind === "bootstrap-started");
          const ended = events.filter(({ kind }) => kind !== "bootstrap-started");
          expect(ended.map(({ sessionId }) => sessionId).sort()).toEqual(
            begun.map(({ sessionId }) => sessionId).sort(),
          );
          expect(rig.connector.isBootstrapping(EP)).toBe(false);
          expect(rig.connector.peerCount).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("as a ladder", () => {
  test("LwM2M Core 1.2.2 §6.1.3.3: a bootstrap whose second Write is lost once", () => {
    const rig = new BootstrapRig();
    rig.accounts.putConfiguration(EP, { servers: [ACCOUNT] });
    const device = rig.bootstrapping(EP);
    const lines: string[] = [];
    let datagrams = 0;
    const { launch } = rig;
    rig.launch = (from, to, datagram) => {
      const message = decodeMessage(datagram);
      if (isMalformed(message)) return expect.fail(message.fault);
      const path = message.options
        .filter(({ number }) => number === URI_PATH)
        .map(({ value }) => `/${Buffer.from(value).toString()}`);
      const methods = ["", "GET", "POST", "PUT", "DELETE"];
      const name = methods[message.code] ?? `${message.code >> 5}.0${message.code & 31}`;
      const isLost = ++datagrams === 9;
      const way = from === CONNECTOR ? "<-" : "->";
      lines.push(`${rig.now} ${way} ${[name, ...path].join(" ")}${isLost ? " lost" : ""}`);
      if (!isLost) launch.call(rig, from, to, datagram);
    };
    ask(device);
    rig.drive(10_000);
    expect(lines.map((line) => line.replace(/^(2\d{3}|3\d{3})/, "later"))).toEqual([
      "0 -> POST /bs",
      "10 <- 2.04",
      "10 <- DELETE /0",
      "20 -> 2.02",
      "30 <- DELETE /1",
      "40 -> 2.02",
      "50 <- PUT /0 /1",
      "60 -> 2.04",
      "70 <- PUT /1 /0 lost",
      "later <- PUT /1 /0",
      "later -> 2.04",
      "later <- POST /bs",
      "later -> 2.04",
    ]);
    expect(rig.outcomes()).toEqual(["finished"]);
  });
});

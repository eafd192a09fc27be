import { describe, expect, test } from "vitest";
import type { AgentEvent } from "../../../../../firmware/agent/agent.ts";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import {
  CHANGED,
  CONTENT,
  GET,
  METHOD_NOT_ALLOWED,
  NOT_IMPLEMENTED,
  POST,
  SERVICE_UNAVAILABLE,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_JSON,
  TLV,
} from "../../../../../protocol/coap/content-formats.ts";
import type { IncomingRequest, Response } from "../../../../../protocol/coap/exchange.ts";
import { NO_BYTES } from "../../../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, MAX_AGE, uintOption } from "../../../../../protocol/coap/options.ts";
import { encodeValues } from "../../../../conformance/content.ts";
import type { PairOptions } from "../../../../support/agent-pair.ts";
import { accountOf, BOOTSTRAP_URI, BootstrapPair } from "../../../../support/bootstrap-pair.ts";
import { MINUTE, SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";

const SERVER_URI = "coap://server.test";
const EXCHANGE_LIFETIME = 247 * SECOND;

/** A bootstrap server that answers its nth request with the nth of these. */
function answering(...responses: (Response | "silence")[]): PairOptions {
  return {
    answers: { [BOOTSTRAP_URI]: (_request: IncomingRequest, nth: number) => responses[nth] },
  };
}

function code(value: number, ...options: Response["options"]): Response {
  return { code: value, options, payload: NO_BYTES };
}

type Failure = Extract<AgentEvent, { kind: "bootstrap-failed" }>;

function failures({ events }: BootstrapPair): Pick<Failure, "code" | "reason" | "retryIn">[] {
  return events
    .filter((event) => event.kind === "bootstrap-failed")
    .map(({ code, reason, retryIn }) => ({ code, reason, retryIn }));
}

describe("LwM2M Core 1.2.2 §6.1.3: client-initiated bootstrap", () => {
  test("a device without a server account asks the bootstrap server, with its name and the format it prefers", () => {
    proves("device", "bootstrap-request", "bootstrap-order");
    const pair = new BootstrapPair().started();
    expect(pair.bootstrapServer.registrations).toEqual(["POST /bs?ep=dev&pct=11542"]);
    expect(pair.eventLines()).toEqual(["bootstrap-started"]);
  });

  test("with the account of a server it registers there and leaves the bootstrap server alone", () => {
    proves("device", "bootstrap-order");
    const pair = new BootstrapPair({}, { servers: 1 }).started();
    pair.wait(60 * MINUTE);
    expect(pair.server.registrations[0]).toContain("POST /rd?ep=dev");
    expect(pair.bootstrapServer.registrations).toEqual([]);
  });

  test("§E.1: it asks after the hold-off of /0/x/11", () => {
    proves("device", "bootstrap-order");
    const pair = new BootstrapPair({}, {}, { holdOff: 30 }).started();
    pair.wait(30 * SECOND - 1);
    expect(pair.bootstrapServer.registrations).toEqual([]);
    pair.wait(1);
    expect(pair.bootstrapServer.registrations).toHaveLength(1);
  });

  test.each([
    ["1.0", undefined, "POST /bs?ep=dev"],
    ["1.1", undefined, `POST /bs?ep=dev&pct=${SENML_CBOR}`],
    ["1.2", undefined, `POST /bs?ep=dev&pct=${LWM2M_CBOR}`],
    ["1.1", SENML_JSON, `POST /bs?ep=dev&pct=${SENML_JSON}`],
  ] as const)("LwM2M %s with format %s asks %s", (version, format, request) => {
    proves("device", "bootstrap-request");
    const pair = new BootstrapPair({ version, codecs: ALL_CODECS }, {}, { format }).started();
    expect(pair.bootstrapServer.registrations).toEqual([request]);
  });

  test("LwM2M Transport 1.2.2 §6.7: 4.15 leads to TLV, then to no format at all, then to a failure", () => {
    const refusal = code(UNSUPPORTED_CONTENT_FORMAT);
    const pair = new BootstrapPair({ codecs: ALL_CODECS }, answering(refusal, refusal, refusal));
    pair.started();
    expect(pair.bootstrapServer.registrations).toEqual([
      "POST /bs?ep=dev&pct=112",
      "POST /bs?ep=dev&pct=11542",
      "POST /bs?ep=dev",
    ]);
    expect(failures(pair)).toEqual([
      { code: UNSUPPORTED_CONTENT_FORMAT, reason: "refused", retryIn: MINUTE },
    ]);
  });

  test("what the server writes is in force with Finish, and the device registers as it says", () => {
    proves("device", "bootstrap-finish", "bootstrap-write", "bootstrap-discover");
    const pair = new BootstrapPair().started();
    const { security, server } = accountOf(SERVER_URI);
    expect([pair.put("/0", security), pair.put("/1", server)]).toEqual(["2.04", "2.04"]);
    expect(pair.agent.serverLinks()).toEqual([]);
    expect(pair.agent.servers.instances.ids).toEqual([]);
    expect(pair.finish().code).toBe("2.04");
    expect(pair.registrationsAt(SERVER_URI)[0]).toContain("POST /rd?ep=dev&lt=600&lwm2m=1.1&b=U");
    expect(pair.agent.isRegistered()).toBe(true);
    expect(pair.eventLines()).toEqual([
      "bootstrap-started",
      "Bootstrap-Write /0 -> 2.04",
      "Bootstrap-Write /1 -> 2.04",
      "bootstrapped",
      "Bootstrap-Finish /bs -> 2.04",
      "registered",
    ]);
  });

  test("without an answer it asks again after a minute, then after two, four, ...", () => {
    const pair = new BootstrapPair();
    pair.bootstrapServer.isConnected = false;
    pair.started();
    pair.wait(12 * MINUTE);
    const waits = failures(pair).map(({ retryIn }) => retryIn);
    expect(waits.slice(0, 3)).toEqual([MINUTE, 2 * MINUTE, 4 * MINUTE]);
    expect(failures(pair)[0]).toMatchObject({ code: 0, reason: "no answer" });
  });

  test("RFC 7252 §5.10.5: 5.03 with Max-Age puts it off for so long, but for a day at most", () => {
    const busy = code(SERVICE_UNAVAILABLE, uintOption(MAX_AGE, 1800));
    const gone = code(SERVICE_UNAVAILABLE, uintOption(MAX_AGE, 4294967295));
    const pair = new BootstrapPair({}, answering(busy, gone)).started();
    pair.wait(31 * MINUTE);
    expect(failures(pair).map(({ retryIn }) => retryIn)).toEqual([30 * MINUTE, 1440 * MINUTE]);
  });

  test("LwM2M Core 1.2.2 §6.1.6: without Finish within EXCHANGE_LIFETIME it has failed, and nothing that was written is left", () => {
    proves("device", "bootstrap-timeout");
    const pair = new BootstrapPair().started();
    pair.putAccount(SERVER_URI);
    pair.wait(EXCHANGE_LIFETIME - 1);
    expect(failures(pair)).toEqual([]);
    pair.wait(1);
    expect(failures(pair)).toEqual([
      { code: 0, reason: "no Finish came in time", retryIn: MINUTE },
    ]);
    expect(pair.agent.servers.instances.ids).toEqual([]);
    expect(pair.agent.security.instances.ids).toEqual([1]);
    pair.wait(MINUTE);
    expect(pair.bootstrapServer.registrations).toHaveLength(2);
    expect(pair.discover().text).not.toContain("ssid");
  });

  test("LwM2M Core 1.2.2 §6.1.6: each operation gives the server EXCHANGE_LIFETIME anew", () => {
    proves("device", "bootstrap-timeout");
    const pair = new BootstrapPair().started();
    const { security, server } = accountOf(SERVER_URI);
    pair.wait(EXCHANGE_LIFETIME - 1);
    pair.put("/0", security);
    pair.wait(EXCHANGE_LIFETIME - 1);
    pair.put("/1", server);
    pair.wait(EXCHANGE_LIFETIME - 1);
    expect(pair.finish().code).toBe("2.04");
  });

  test("a server whose 2.04 is lost and that goes on is believed", () => {
    const pair = new BootstrapPair({}, answering("silence")).started();
    pair.putAccount(SERVER_URI);
    expect(pair.finish().code).toBe("2.04");
    pair.wait(60 * MINUTE);
    expect(failures(pair)).toEqual([]);
    expect(pair.agent.isRegistered()).toBe(true);
  });

  test("LwM2M Core 1.2.2 §6.1.7.2: 4.06 says what is missing; corrected, Finish is accepted", () => {
    proves("device", "bootstrap-finish");
    const pair = new BootstrapPair().started();
    const { security, server } = accountOf(SERVER_URI);
    pair.put("/0", security);
    expect(pair.finish()).toMatchObject({ code: "4.06", text: "/1 has no instance of server 1" });
    pair.put("/1", server);
    expect(pair.finish().code).toBe("2.04");
  });

  test("Finish twice, and a Write after it, are refused and change nothing", () => {
    const pair = new BootstrapPair().started();
    pair.putAccount(SERVER_URI);
    pair.finish();
    expect(pair.finish().code).toBe("4.00");
    expect(pair.put("/1/0/1", { "/1/0/1": 5 })).toBe("4.00");
    expect(pair.delete("/")).toBe("4.00");
    expect(pair.agent.servers.get(0, 1)).toBe(600);
    expect(pair.agent.isRegistered()).toBe(true);
  });

  test("stopped in the middle, it forgets what was written and asks no more", () => {
    const pair = new BootstrapPair().started();
    pair.putAccount(SERVER_URI);
    pair.agent.stop(pair.now);
    pair.wait(60 * MINUTE);
    expect(pair.agent.isStopped()).toBe(true);
    expect(pair.bootstrapServer.registrations).toHaveLength(1);
    expect(pair.agent.servers.instances.ids).toEqual([]);
  });

  test("needBootstrap is for whom no server answers: false without an account to bootstrap with", () => {
    proves("device", "bootstrap-order");
    const without = new BootstrapPair({}, { servers: 1, bootstrap: undefined });
    expect(without.agent.needBootstrap(0)).toBe(false);
    const pair = new BootstrapPair({}, { servers: 1, answer: () => "silence" }).started();
    expect(pair.agent.needBootstrap(pair.now)).toBe(true);
    expect(pair.agent.needBootstrap(pair.now)).toBe(true);
    pair.wait(1);
    expect(pair.bootstrapServer.registrations).toHaveLength(1);
    pair.putAccount(SERVER_URI);
    pair.finish();
    expect(pair.agent.serverLinks().map(({ uri }) => uri)).toEqual([SERVER_URI]);
    expect(pair.agent.isRegistered()).toBe(true);
  });

  test("a bootstrap that fails while a server has a registration is not tried again", () => {
    const pair = new BootstrapPair({}, { servers: 1, ...answering("silence") }).started();
    pair.agent.needBootstrap(pair.now);
    pair.wait(60 * MINUTE);
    expect(failures(pair)).toEqual([
      { code: 0, reason: "no answer", retryIn: Number.POSITIVE_INFINITY },
    ]);
    expect(pair.bootstrapServer.registrations).toHaveLength(1);
  });
});

describe("LwM2M Core 1.2.2 §6.1.3.4: server-initiated bootstrap", () => {
  test("1.1: a server executes /1/x/9, and the device asks once it has answered", () => {
    proves("device", "bootstrap-server-initiated", "bootstrap-trigger");
    const pair = new BootstrapPair({}, { servers: 1 }).started();
    expect(pair.server.execute("/1/0/9").code).toBe("2.04");
    expect(pair.bootstrapServer.registrations).toEqual(["POST /bs?ep=dev&pct=11542"]);
  });

  test("§E.2: without a bootstrap account there is no /1/x/9", () => {
    proves("device", "bootstrap-trigger");
    const pair = new BootstrapPair({}, { servers: 1, bootstrap: undefined }).started();
    expect(pair.server.execute("/1/0/9").code).toBe("4.04");
  });

  test("1.1: whoever writes unasked is refused", () => {
    proves("device", "bootstrap-server-initiated");
    const pair = new BootstrapPair({}, { servers: 1 }).started();
    const { security } = accountOf(SERVER_URI, 2, { securityId: 5 });
    expect(pair.put("/0/5", security)).toBe("4.00");
    expect(pair.discover().code).toBe("4.00");
    expect(pair.agent.security.instances.ids).toEqual([0, 1]);
  });

  test("1.0: the bootstrap server begins of itself", () => {
    proves("device", "bootstrap-server-initiated");
    const pair = new BootstrapPair({ version: "1.0" }, { servers: 1 }).started();
    pair.putAccount(SERVER_URI);
    expect(pair.finish().code).toBe("2.04");
    expect(pair.agent.serverLinks().map(({ uri }) => uri)).toEqual([SERVER_URI]);
    expect(pair.bootstrapServer.registrations).toEqual([]);
  });

  test("1.0: it comes while the device holds off, and the request is spared", () => {
    const pair = new BootstrapPair({ version: "1.0" }, {}, { holdOff: 60 }).started();
    pair.wait(10 * SECOND);
    pair.putAccount(SERVER_URI);
    pair.finish();
    pair.wait(60 * MINUTE);
    expect(pair.bootstrapServer.registrations).toEqual([]);
    expect(pair.agent.isRegistered()).toBe(true);
  });
});

describe("LwM2M Core 1.2.2 §6.1.7.7: Bootstrap-Pack", () => {
  const { security, server } = accountOf(SERVER_URI);

  function pack(values: object, format = LWM2M_CBOR): Response {
    const payload = encodeValues(format, "/", values as typeof security);
    return { code: CONTENT, options: [uintOption(CONTENT_FORMAT, format)], payload };
  }

  function packed(...responses: (Response | "silence")[]): BootstrapPair {
    const configuration = { version: "1.2", codecs: ALL_CODECS } as const;
    return new BootstrapPair(configuration, answering(...responses), { pack: true });
  }

  test("holds everything: the device registers without a Finish", () => {
    proves("device", "bootstrap-pack");
    const pair = packed(pack({ ...security, ...server })).started();
    expect(pair.bootstrapServer.registrations).toEqual(["GET /bspack?ep=dev&acc=</0/1>"]);
    expect(pair.bootstrapServer.ladder[0]).toBe("0 -> CON GET /bspack?ep=dev&acc=</0/1>");
    expect(pair.agent.isRegistered()).toBe(true);
    expect(pair.agent.security.instances.ids).toEqual([0, 1]);
  });

  test("replaces all instances of its objects, spares the bootstrap account, and leaves other objects alone", () => {
    proves("device", "bootstrap-pack");
    const pair = new BootstrapPair(
      { version: "1.2", codecs: ALL_CODECS },
      {
        servers: 2,
        ...answering(pack({ ...accountOf(SERVER_URI, 7).security, ...accountOf("", 7).server })),
      },
      { pack: true },
    ).started();
    pair.agent.needBootstrap(pair.now);
    pair.wait(1);
    expect(pair.agent.serverLinks().map(({ uri }) => uri)).toEqual([SERVER_URI]);
    expect(pair.agent.servers.instances.ids).toEqual([0]);
    expect(pair.agent.security.instances.ids).toEqual([0, 2]);
    expect(pair.agent.object(3)?.instances.ids).toEqual([0]);
  });

  test.each([
    ["5.01", code(NOT_IMPLEMENTED)],
    ["4.05", code(METHOD_NOT_ALLOWED)],
    ["silence", "silence" as const],
    ["2.04", code(CHANGED)],
    ["a pack without an account", pack(server)],
    ["a pack in another format", { ...pack(security), options: [uintOption(CONTENT_FORMAT, TLV)] }],
    [
      "a broken pack",
      { ...pack({ ...security, ...server }), payload: Uint8Array.of(0xbf, 0x00, 0xbf) },
    ],
  ])("%s leads to Bootstrap-Request", (_name, response) => {
    proves("device", "bootstrap-pack");
    const pair = packed(response).started();
    pair.wait(response === "silence" ? EXCHANGE_LIFETIME + SECOND : 1);
    expect(pair.bootstrapServer.registrations).toEqual([
      "GET /bspack?ep=dev&acc=</0/1>",
      `POST /bs?ep=dev&pct=${LWM2M_CBOR}`,
    ]);
    expect(pair.agent.security.instances.ids).toEqual([1]);
    pair.putAccount(SERVER_URI);
    expect(pair.finish().code).toBe("2.04");
  });

  test("is not asked for before LwM2M 1.2", () => {
    const pair = new BootstrapPair({ version: "1.1" }, {}, { pack: true }).started();
    expect(pair.bootstrapServer.registrations[0]).toContain("POST /bs");
  });
});

describe("LwM2M Core 1.2.2 §6.1.3.3: the bootstrap server's account", () => {
  const NEXT = "coap://next.test";

  function bootstrapSecurity(uri: string, at: number): Record<string, string | boolean | number> {
    return { [`/0/${at}/0`]: uri, [`/0/${at}/1`]: true, [`/0/${at}/2`]: 3 };
  }

  test("is replaced by another that the server writes, before Finish is answered", () => {
    const pair = new BootstrapPair().started();
    pair.putAccount(SERVER_URI);
    pair.put("/0/2", bootstrapSecurity(NEXT, 2));
    expect(pair.agent.security.instances.ids).toEqual([1]);
    expect(pair.finish().code).toBe("2.04");
    expect(pair.agent.security.instances.ids).toEqual([0, 2]);
    pair.wait(60 * MINUTE);
    expect(pair.agent.links.map(({ uri }) => uri)).toEqual([SERVER_URI, NEXT]);
    pair.agent.needBootstrap(pair.now);
    pair.wait(1);
    expect(pair.registrationsAt(NEXT)).toEqual(["POST /bs?ep=dev&pct=11542"]);
  });

  test("stays active when the other cannot be used: 4.06", () => {
    const pair = new BootstrapPair().started();
    pair.putAccount(SERVER_URI);
    pair.put("/0/2", bootstrapSecurity("coaps://next.test", 2));
    expect(pair.finish()).toMatchObject({
      code: "4.06",
      text: "the server of /0/2 cannot be reached",
    });
    expect(pair.agent.security.instances.ids).toEqual([1]);
  });

  test("§E.1: goes so many seconds after the bootstrap as /0/x/12 says, and /1/x/9 with it", () => {
    proves("device", "bootstrap-account-timeout");
    const pair = new BootstrapPair({}, {}, { accountTimeout: 100 }).started();
    pair.putAccount(SERVER_URI);
    pair.finish();
    pair.wait(100 * SECOND - 1);
    expect(pair.agent.security.instances.ids).toEqual([0, 1]);
    pair.wait(1);
    expect(pair.agent.security.instances.ids).toEqual([0]);
    expect(pair.eventLines()).toContain("bootstrap-account-purged");
    expect(pair.agent.needBootstrap(pair.now)).toBe(false);
    pair.wait(100 * SECOND);
    expect(pair.agent.links.map(({ uri }) => uri)).toEqual([SERVER_URI]);
    const server = pair.servers.find(({ link }) => link.uri === SERVER_URI);
    expect(server?.execute("/1/0/9").code).toBe("4.04");
  });

  test.each([0, undefined])("§E.1: a timeout of %s is none", (accountTimeout) => {
    proves("device", "bootstrap-account-timeout");
    const pair = new BootstrapPair({}, {}, { accountTimeout }).started();
    pair.putAccount(SERVER_URI);
    pair.finish();
    pair.wait(1e9);
    expect(pair.agent.security.instances.ids).toEqual([0, 1]);
  });

  test("there is one: a second is the caller's mistake", () => {
    const { agent } = new BootstrapPair();
    expect(() => agent.addBootstrapServer({ uri: NEXT })).toThrow("agent/bootstrap-account-exists");
  });
});

describe("LwM2M Core 1.2.2 §6.1: links follow accounts", () => {
  test("an account that is as it was keeps its registration; one that is gone is left with a De-register", () => {
    const pair = new BootstrapPair({}, { servers: 2 }).started();
    const [kept, gone] = pair.servers;
    pair.agent.needBootstrap(pair.now);
    pair.wait(1);
    expect(pair.delete("/0/1")).toBe("2.02");
    expect(pair.finish().code).toBe("2.04");
    pair.wait(MINUTE);
    expect(gone.registrations.at(-1)).toBe("DELETE /rd/0");
    expect(kept.registrations.map((line) => line.slice(0, 10))).toEqual([
      "POST /rd?e",
      "POST /rd/0",
    ]);
    expect(pair.agent.links).toEqual([kept.link, pair.bootstrapServer.link]);
  });

  test("an account that is written anew registers anew, without a De-register", () => {
    const pair = new BootstrapPair({}, { servers: 1 }).started();
    pair.agent.needBootstrap(pair.now);
    pair.wait(1);
    const { security, server } = accountOf("coap://server-0.test");
    pair.put("/0/0", security);
    pair.put("/1/0", server);
    pair.finish();
    pair.wait(MINUTE);
    const lines = pair.registrationsAt("coap://server-0.test").map((line) => line.slice(0, 20));
    expect(lines).toEqual(["POST /rd?ep=dev&lt=8", "POST /rd?ep=dev&lt=6"]);
  });

  test("a server that has no account any more is answered nothing while it hears the De-register", () => {
    const pair = new BootstrapPair({}, { servers: 2, latency: 20 }).started();
    pair.wait(SECOND);
    const gone = pair.servers[1];
    pair.agent.needBootstrap(pair.now);
    pair.wait(SECOND);
    pair.delete("/0/1");
    pair.bootstrapServer.send(POST, "/bs");
    pair.wait(10);
    const id = gone.send(GET, "/3/0");
    pair.wait(SECOND);
    expect(gone.answers[id]?.code).toBe("4.01");
  });

  test("in queue mode the radio is on as long as a bootstrap is under way, and no longer", () => {
    const pair = new BootstrapPair({ queueMode: true }, { servers: 1 }).started();
    pair.wait(200 * SECOND);
    expect(pair.agent.links.map((link) => link.isAwake())).toEqual([false, false]);
    pair.agent.needBootstrap(pair.now);
    pair.wait(1);
    expect(pair.bootstrapServer.link.isAwake()).toBe(true);
  });
});

import { expect, test } from "vitest";
import {
  C_1,
  type ClientAdapter,
  ClientFault,
  clientCase,
  inProcessAdapter,
  renderResults,
  runCase,
  runCases,
  summaryOf,
} from "../../conformance/index.ts";
import { tamperedAdapter } from "./tampered-client.ts";

const agent = inProcessAdapter();

/** A case with one criterion, "holds", that does what it is given. */
function given(changes: Partial<Parameters<typeof clientCase<"holds">>[0]>) {
  return clientCase<"holds">({
    id: "dormouse-test",
    title: "A test of the harness",
    versions: ["1.1"],
    clauses: ["RFC 7252 §4.2"],
    configuration: C_1,
    begins: "registered",
    criteria: { holds: "it holds" },
    async procedure(bench) {
      bench.expect("holds", true, "it does not");
    },
    ...changes,
  });
}

function claiming(changes: Partial<ClientAdapter["claims"]>): ClientAdapter {
  return { ...agent, claims: { ...agent.claims, ...changes } };
}

test("a case whose criteria all hold passes, with the exchange", async () => {
  const result = await runCase(given({}), agent, "1.1");
  expect(result).toMatchObject({ verdict: "pass", why: "its criterion holds", seconds: 0 });
  expect(result.ladder).toContain("-> CON [");
  expect(result.ladder).toContain("POST /rd?ep=dormouse-conformance&lt=86400&lwm2m=1.1&b=U");
  expect(result.ladder).toContain("2.01 Location /rd/s1/5a3f-1");
});

test("a criterion that does not hold makes it fail, by name and with the reason", async () => {
  const broken = given({
    procedure: async (bench) => bench.expect("holds", false, "the sky is green"),
  });
  const result = await runCase(broken, agent, "1.1");
  expect(result).toMatchObject({ verdict: "fail", criterion: "holds", why: "the sky is green" });
});

test("what a case builds on makes it inconclusive, not a failure", async () => {
  const broken = given({ procedure: async (bench) => bench.given(false, "no sky") });
  const result = await runCase(broken, agent, "1.1");
  expect(result).toMatchObject({ verdict: "inconclusive", criterion: undefined, why: "no sky" });
});

test("a client that does not register leaves a case inconclusive that begins registered", async () => {
  const mute = tamperedAdapter(agent, () => ({ fromClient: () => undefined }));
  const result = await runCase(given({}), mute, "1.1");
  expect(result).toMatchObject({ verdict: "inconclusive", why: "the client did not register" });
  expect(result.seconds).toBe(60);
});

test("a criterion that was never judged is no pass", async () => {
  const result = await runCase(given({ procedure: async () => {} }), agent, "1.1");
  expect(result).toMatchObject({ verdict: "inconclusive", why: "not judged: holds" });
});

test("an error of the harness is nobody's failure", async () => {
  const broken = given({
    procedure: async () => {
      throw new Error("oops");
    },
  });
  const result = await runCase(broken, agent, "1.1");
  expect(result).toMatchObject({
    verdict: "inconclusive",
    why: "the harness itself failed: oops",
  });
});

test("a client that crashes fails", async () => {
  const crashing = tamperedAdapter(agent, () => ({
    toClient: () => {
      throw new ClientFault("the client crashed");
    },
  }));
  const result = await runCase(given({}), crashing, "1.1");
  expect(result).toMatchObject({ verdict: "fail", criterion: "alive" });
});

test("a client that sends what is no CoAP message fails, whatever the case is about", async () => {
  const adapter: ClientAdapter = {
    ...agent,
    prepare: async (setup) => {
      const client = await agent.prepare(setup);
      const receive = async (until: number) => {
        const arrival = await client.receive(until);
        return arrival && { ...arrival, datagram: Uint8Array.from([0x40, 1, 2]) };
      };
      return {
        tolerance: client.tolerance,
        serverUris: client.serverUris,
        now: () => client.now(),
        start: () => client.start(),
        set: (path, value) => client.set(path, value),
        send: (server, datagram) => client.send(server, datagram),
        receive,
        close: () => client.close(),
      };
    },
  };
  const result = await runCase(given({}), adapter, "1.1");
  expect(result).toMatchObject({ verdict: "fail", criterion: "well-formed" });
  expect(result.ladder).toContain("coap/header-truncated: 40 01 02");
});

test("what a client does not claim makes a case not applicable", async () => {
  const verdictOf = async (adapter: ClientAdapter, changes: Parameters<typeof given>[0] = {}) => {
    const { verdict, why, ladder } = await runCase(given(changes), adapter, "1.1");
    expect(ladder).toBe("");
    return `${verdict}: ${why}`;
  };
  expect(await verdictOf(agent, { versions: ["1.2"] })).toBe("not applicable: it is for LwM2M 1.2");
  expect(await verdictOf(claiming({ versions: ["1.0"] }))).toBe(
    "not applicable: the client does not claim LwM2M 1.1",
  );
  expect(await verdictOf(claiming({ contentFormats: [0] }), { needs: { formats: [11542] } })).toBe(
    "not applicable: the client does not claim TLV (11542)",
  );
  expect(await verdictOf(claiming({ features: [] }), { needs: { features: ["reboot"] } })).toBe(
    "not applicable: the client does not claim reboot",
  );
  expect(await verdictOf(claiming({ objects: [1] }))).toBe(
    "not applicable: the client does not claim object 3",
  );
});

test("what a client shows itself not to have makes a case not applicable", async () => {
  const shown = given({ procedure: async (bench) => bench.applies(false, "it has no sky") });
  const { verdict, criterion, why, ladder } = await runCase(shown, agent, "1.1");
  expect({ verdict, criterion, why }).toEqual({
    verdict: "not applicable",
    criterion: undefined,
    why: "it has no sky",
  });
  expect(ladder).toContain("POST /rd");
});

test("a path that the profile has to give is what the case gets, and without it the case is not run", async () => {
  const needs = { paths: ["separate"] } as const;
  const seen: (string | undefined)[] = [];
  const procedure: Parameters<typeof given>[0]["procedure"] = async (bench) => {
    seen.push(bench.paths.separate);
    bench.expect("holds", true, "");
  };
  const without = await runCase(given({ needs, procedure }), agent, "1.1");
  expect(`${without.verdict}: ${without.why}`).toBe(
    'not run: the profile gives no path "separate"',
  );
  const slow = claiming({ paths: { separate: "/slow" } });
  expect(await runCase(given({ needs, procedure }), slow, "1.1")).toMatchObject({
    verdict: "pass",
  });
  expect(seen).toEqual(["/slow"]);
});

test("what an adapter cannot do leaves a case not run", async () => {
  const fixed: ClientAdapter = { ...agent, canSetValues: false };
  const needy = await runCase(given({ needs: { setsValues: true } }), fixed, "1.1");
  expect(needy.verdict).toBe("not run");
  const absent: ClientAdapter = {
    ...agent,
    prepare: () => Promise.reject(new Error("the device is not plugged in")),
  };
  const result = await runCase(given({}), absent, "1.1");
  expect(result.verdict).toBe("not run");
  expect(result.why).toContain("the device is not plugged in");
});

test("the client is switched off after every case, however it ended", async () => {
  let open = 0;
  const counted: ClientAdapter = {
    ...agent,
    prepare: async (setup) => {
      const client = await agent.prepare(setup);
      open++;
      client.close = async () => {
        open--;
      };
      return client;
    },
  };
  const failing = given({ procedure: async (bench) => bench.expect("holds", false, "no") });
  await runCases([given({}), failing, given({ procedure: async () => {} })], counted, "1.1");
  expect(open).toBe(0);
});

test("results are reported one by one, counted, and shown with what went wrong", async () => {
  const cases = [
    given({ id: "dormouse-good" }),
    given({ id: "dormouse-bad", procedure: async (b) => b.expect("holds", false, "it is not so") }),
    given({ id: "dormouse-other", versions: ["1.0"] }),
  ];
  const seen: string[] = [];
  const results = await runCases(cases, agent, "1.1", ({ id }) => seen.push(id));
  expect(seen).toEqual(["dormouse-good", "dormouse-bad", "dormouse-other"]);
  expect(summaryOf(results)).toEqual({
    pass: 1,
    fail: 1,
    inconclusive: 0,
    notApplicable: 1,
    notRun: 0,
  });
  expect(renderResults(results, { ladders: [] })).toBe(
    [
      "pass            dormouse-good   A test of the harness",
      "fail            dormouse-bad    A test of the harness",
      "                holds: it is not so",
      "not applicable  dormouse-other  A test of the harness",
      "                it is for LwM2M 1.0",
      "",
      "3 cases: 1 pass, 1 fail, 0 inconclusive, 1 not applicable, 0 not run",
    ].join("\n"),
  );
  expect(renderResults(results)).toContain("client -> CON [");
});

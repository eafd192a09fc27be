import { describe, expect, test } from "vitest";
import { ACCOUNT } from "../../../conformance/bootstrap-accounts.ts";
import type { BootstrapPlan } from "../../../conformance/index.ts";
import {
  connectorBootstrapOperator,
  documentOf,
} from "../../../conformance/operators/bootstrap-connector.ts";
import {
  isLeshanBootstrap,
  leshanBootstrapOperator,
  leshanConfigOf,
} from "../../../conformance/operators/bootstrap-leshan.ts";
import { manualBootstrapOperator } from "../../../conformance/operators/bootstrap-manual.ts";

/** An interface over HTTP that says what it is told to. */
class Rest {
  readonly asked: string[] = [];
  answers: Record<string, [status: number, body: unknown]> = {};

  readonly fetcher = async (url: string, request?: RequestInit): Promise<Response> => {
    const { method = "GET", headers, body } = request ?? {};
    const key = new Headers(headers).get("authorization") ?? "nobody";
    this.asked.push(`${method} ${url} ${key}${body === undefined ? "" : ` ${body}`}`);
    const [status, answer] = this.answers[`${method} ${new URL(url).pathname}`] ?? [200, {}];
    return new Response(status === 204 ? null : JSON.stringify(answer), { status });
  };
}

const KEYED: BootstrapPlan = {
  values: { ...ACCOUNT.values, "/0/0/5": new Uint8Array([1, 255]), "/2/0/2/1": 15 },
  deletes: ["/0"],
  discovers: true,
  reads: ["/1"],
};

describe("the connector's administration", () => {
  const outcomes = (...list: object[]) => [200, { outcomes: list }] as [number, object];
  const open = async (rest: Rest) =>
    connectorBootstrapOperator("http://c.test/", "k1", rest.fetcher);

  test("is given a plan as a document of the device's own", async () => {
    expect(documentOf(KEYED)).toMatchObject({
      objects: {
        0: { 0: { 0: "coap://192.0.2.1:5683", 5: { hex: "01ff" }, 10: 1 } },
        2: { 0: { 2: { 1: 15 } } },
      },
      delete: ["/0"],
      placement: "discover",
      read: ["/1"],
    });
    const rest = new Rest();
    rest.answers["GET /admin/bootstrap/devices/a%2Fb"] = outcomes();
    await (await open(rest)).configure("a/b", ACCOUNT);
    expect(rest.asked.at(-1)).toMatch(
      /^PUT http:\/\/c.test\/admin\/bootstrap\/configurations\/a%2Fb Bearer k1 \{"objects"/,
    );
  });

  test("tells each outcome once, and none from before", async () => {
    const rest = new Rest();
    const path = "GET /admin/bootstrap/devices/d";
    const well = { endedAt: "2026-01-01", took: 1, outcome: "finished", reason: null };
    rest.answers[path] = outcomes(well);
    const operator = await open(rest);
    await operator.configure("d", ACCOUNT);
    expect(await operator.outcome("d")).toBeUndefined();
    const badly = { ...well, endedAt: "2026-01-02", outcome: "failed", reason: "Write refused" };
    rest.answers[path] = outcomes(badly, well);
    expect(await operator.outcome("d")).toEqual({ isSuccess: false, words: "Write refused" });
    expect(await operator.outcome("d")).toBeUndefined();
  });

  test("that refuses says so, with its reason, and lacks nothing where nothing is to be removed", async () => {
    const rest = new Rest();
    rest.answers["GET /admin/bootstrap/configurations"] = [403, { detail: "not you" }];
    await expect(open(rest)).rejects.toThrow(/is answered 403: .*not you/);
    rest.answers = { "DELETE /admin/bootstrap/configurations/d": [404, {}] };
    await (await open(rest)).remove("d");
  });
});

describe("Leshan's REST API", () => {
  test("is given a plan by the names that Leshan has", () => {
    expect(leshanConfigOf(KEYED)).toEqual({
      toDelete: ["/0"],
      security: {
        0: {
          uri: "coap://192.0.2.1:5683",
          bootstrapServer: false,
          securityMode: "NO_SEC",
          secretKey: [1, 255],
          serverId: 1,
        },
      },
      servers: { 0: { shortId: 1, lifetime: 86400, notifIfDisabled: false, binding: "U" } },
      acls: { 0: { acls: { 1: 15 } } },
      autoIdForSecurityObject: true,
    });
    const odd = { ...ACCOUNT, values: { "/3/0/15": "CET" } };
    expect(() => leshanConfigOf(odd)).toThrow("Leshan has no name for /3/0/15");
  });

  test("is found out by its list, and spoken to with a key where there is one", async () => {
    const rest = new Rest();
    expect(await isLeshanBootstrap("http://l.test/", rest.fetcher)).toBe(true);
    rest.answers["GET /api/bootstrap"] = [401, {}];
    expect(await isLeshanBootstrap("http://l.test", rest.fetcher)).toBe(false);
    await expect(leshanBootstrapOperator("http://l.test", "k", rest.fetcher)).rejects.toThrow(
      "is answered 401",
    );
    rest.answers = { "DELETE /api/bootstrap/d": [404, {}] };
    const operator = await leshanBootstrapOperator("http://l.test", "k", rest.fetcher);
    await operator.configure("d", ACCOUNT);
    await operator.remove("d");
    expect(rest.asked.at(-1)).toBe("DELETE http://l.test/api/bootstrap/d Bearer k");
    expect(await operator.outcome("d")).toBeUndefined();
  });
});

test("a person is told what to configure, and asked how a bootstrap ended", async () => {
  const told: string[] = [];
  const replies = ["", "", "n", "Yes, well"];
  const operator = manualBootstrapOperator(async (text) => {
    told.push(text);
    return replies.shift() ?? "";
  });
  await operator.configure("d", KEYED);
  for (const words of ["discover / first", "read /1", "delete /0", "/0/0/10 = 1", "h'01 ff'"]) {
    expect(told[0]).toContain(words);
  }
  expect(await operator.outcome("d")).toBeUndefined();
  expect(await operator.outcome("d")).toEqual({ isSuccess: false, words: "n" });
  expect((await operator.outcome("d"))?.isSuccess).toBe(true);
  const absent = manualBootstrapOperator(async () => "", false);
  expect(absent.claims.abilities).not.toContain("outcomes");
  await operator.remove("d");
  expect(told.at(-1)).toContain("remove what is configured for d");
});

/**
 * The matrix of access: every route that there is, with every way of asking, and the exact status. What is expected follows from the row of
 * the route alone (route.ts): whom it takes, and what it asks of him. The exceptions are data, with the samples.
 */
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  CLIENT_SECRET_RIGHTS,
  type CredentialKind,
  CUSTOMER_RIGHTS,
  PUBLIC_KEY_RIGHTS,
  type Rights,
} from "../../../../connector/access/decision.ts";
import { routeFamilies } from "../../../../connector/rest/rest-api.ts";
import {
  type Allows,
  ANYBODY,
  type Route,
  type RouteFamily,
} from "../../../../connector/rest/route.ts";
import { SAMPLES, type Sample } from "./auth-samples.ts";
import { basic, bearer, PASSWORD, unknownKey, World } from "./auth-world.ts";
import { TOKEN_KEYS } from "./bench.ts";

interface Case {
  readonly family: RouteFamily;
  readonly route: Route;
  readonly name: string;
}

const CASES: readonly Case[] = routeFamilies().flatMap((family) =>
  family.routes.map((route) => ({ family, route, name: `${route.method} ${route.path}` })),
);

/** What samples need to be prepared. */
const PREPARING = CASES.map(({ family }) => family).filter(
  ({ name }) => name === "device-connector",
);

const KINDS: readonly CredentialKind[] = [
  "access-key",
  "token",
  "user-password",
  "customer-key",
  "customer-password",
  "public-key",
  "client-secret",
];
/** Kinds that stand for a user, so that there can be one who may only read. */
const OF_USERS: readonly CredentialKind[] = ["access-key", "token", "user-password"];

/** Kinds that are shown as a bearer's. */
const OF_BEARERS: readonly CredentialKind[] = ["access-key", "token", "customer-key", "public-key"];

/** What one of a kind may do at most. */
const RIGHTS: Readonly<Record<CredentialKind, Rights>> = {
  "access-key": "all",
  token: "all",
  "user-password": "all",
  "customer-key": CUSTOMER_RIGHTS,
  "customer-password": CUSTOMER_RIGHTS,
  "public-key": PUBLIC_KEY_RIGHTS,
  "client-secret": CLIENT_SECRET_RIGHTS,
};

test("every route has a sample request, and every sample a route", () => {
  expect(Object.keys(SAMPLES).sort()).toEqual([...new Set(CASES.map(({ name }) => name))].sort());
});

test("a route that names something says what becomes of it for strangers", () => {
  const silent = CASES.filter(({ route, name }) => {
    const isOfOneself = route.path.startsWith("/api/v2/m/");
    const { foreign } = SAMPLES[name] ?? {};
    return (
      route.allows !== ANYBODY && route.path.includes(":") && !isOfOneself && foreign === undefined
    );
  });
  expect(silent.map(({ name }) => name)).toEqual([]);
});

describe("the matrix of access", () => {
  for (const { family, route, name } of CASES) {
    const sample = SAMPLES[name];
    if (sample === undefined) continue;
    if (route.allows === ANYBODY) {
      test(`${name} asks nobody who he is`, async () => {
        const seen: Record<string, number> = {};
        const expected: Record<string, number> = {};
        for (const [way, header] of [
          ["no credential", ""],
          ["an unknown key", `Bearer ${unknownKey()}`],
          ["nonsense", "Nonsense"],
        ]) {
          seen[way] = (await send(new World(), route, sample, header)).status;
          expected[way] = successOf(route, sample);
        }
        expect(seen).toEqual(expected);
      });
      continue;
    }
    const { allows } = route;
    test(`${name} refuses who is not known, always in the same words`, async () => {
      await expectUnknown(family, route, sample, acceptedBy(family, route.allows as Allows));
    });
    test(`${name} takes ${acceptedBy(family, allows).join(", ")}, for ${allows.verb} ${allows.object}`, async () => {
      await expectKnown(family, route, allows, sample);
    });
  }
});

describe("what belongs to another tenant looks as if it were not there", () => {
  const named = CASES.filter(({ name }) => {
    const { path, foreign, body } = SAMPLES[name] ?? {};
    return foreign !== undefined && `${path}${JSON.stringify(body)}`.includes("d-acme");
  });

  test.each(named)("$name", async ({ family, route, name }) => {
    const { allows } = route;
    if (allows === ANYBODY) return;
    const [kind] = acceptedBy(family, allows);
    const answerAbout = async (device: string) => {
      const world = new World();
      const sample = about(device, SAMPLES[name]);
      const { header } = await world.credential(kind, "rival");
      await sample.prepare?.(world, header);
      const response = await send(world, route, sample, header);
      const text = (await response.text()).replaceAll(device, "DEVICE");
      return [response.status, text];
    };
    expect(await answerAbout("d-acme")).toEqual(await answerAbout("d-none"));
  });

  function about(device: string, sample: Sample): Sample {
    const other = (value: unknown) =>
      value === undefined
        ? undefined
        : JSON.parse(JSON.stringify(value).replaceAll("d-acme", device));
    return { ...sample, path: other(sample.path), body: other(sample.body) };
  }
});

/** Everything that identifies nobody: 401, with the family's challenge, and one body for all. */
async function expectUnknown(
  family: RouteFamily,
  route: Route,
  sample: Sample,
  accepted: readonly CredentialKind[],
): Promise<void> {
  const world = new World();
  const seen: Record<string, number> = {};
  const expected: Record<string, number> = {};
  const bodies = new Set<string>();
  const challenges = new Set<string | null>();
  const ask = async (way: string, header: string, query = "") => {
    const response = await send(world, route, sample, header, query);
    seen[way] = response.status;
    expected[way] = 401;
    bodies.add(await response.text());
    challenges.add(response.headers.get("www-authenticate"));
  };
  for (const [way, header] of Object.entries(await strangers(world))) await ask(way, header);
  for (const kind of KINDS) {
    if (!accepted.includes(kind)) {
      await ask(`a good ${kind}`, (await world.credential(kind, "acme")).header);
    }
  }
  const good = await world.credential(accepted[0], "acme");
  await ask("two headers", `${good.header}, ${good.header}`);
  await ask("two headers, one good", `${good.header}, Bearer ${unknownKey()}`);
  if (good.bearer !== undefined) {
    const token = (value: string) => `access_token=${encodeURIComponent(value)}`;
    if (family.takesQueryToken) {
      await ask("a header and a query that differ", good.header, token(unknownKey()));
      await ask("a query and a header that differ", `Bearer ${unknownKey()}`, token(good.bearer));
      await ask("two queries", "", `${token(good.bearer)}&${token(good.bearer)}`);
    } else {
      await ask("a query where none is taken", "", token(good.bearer));
    }
  }
  expect(seen).toEqual(expected);
  expect([...bodies]).toHaveLength(1);
  expect([...challenges]).toEqual([family.challenge ?? null]);
}

/** Everything that identifies somebody: what he may, for his own, for others, and as one who may only read. */
async function expectKnown(
  family: RouteFamily,
  route: Route,
  allows: Allows,
  sample: Sample,
): Promise<void> {
  const seen: Record<string, number> = {};
  const expected: Record<string, number> = {};
  const success = successOf(route, sample);
  const givenWorld = () => {
    const world = new World();
    world.bench.serveOnly([...new Set([family, ...PREPARING])]);
    return world;
  };
  // What changes something is done in a world of its own.
  const shared = route.method === "GET" ? givenWorld() : undefined;
  const ask = async (
    way: string,
    status: number,
    shown: (world: World) => Promise<{ header: string; query?: string }>,
  ) => {
    const world = shared ?? givenWorld();
    const { header, query = "" } = await shown(world);
    if (sample.prepare !== undefined && status !== 403) await sample.prepare(world, header);
    seen[way] = (await send(world, route, sample, header, query)).status;
    expected[way] = status;
  };
  for (const kind of acceptedBy(family, allows)) {
    const holds = isRight(RIGHTS[kind], allows) && sample.operatorOnly !== true;
    const own = holds ? (sample.by?.[kind] ?? success) : 403;
    await ask(kind, own, (world) => world.credential(kind, "acme"));
    const foreign = isRight(RIGHTS[kind], allows) ? (sample.foreign ?? own) : 403;
    await ask(`${kind} of another tenant`, foreign, (world) => world.credential(kind, "rival"));
    if (OF_USERS.includes(kind)) {
      const mayRead = allows.verb === "view" || (kind === "token" && allows.object === "token");
      const read = mayRead ? (sample.reader ?? own) : 403;
      await ask(`${kind} of a reader`, read, (world) => world.credential(kind, "acme", "reader"));
    }
    if (!OF_BEARERS.includes(kind)) continue;
    const query = (value: string) => `access_token=${encodeURIComponent(value)}`;
    if (family.takesQueryToken) {
      await ask(`${kind} in the query`, own, async (world) => {
        const { bearer: value = "" } = await world.credential(kind, "acme");
        return { header: "", query: query(value) };
      });
      await ask(`${kind} in both`, own, async (world) => {
        const { header, bearer: value = "" } = await world.credential(kind, "acme");
        return { header, query: query(value) };
      });
    } else {
      await ask(`${kind}, and a query that nobody looks at`, own, async (world) => {
        const { header } = await world.credential(kind, "acme");
        return { header, query: query(unknownKey()) };
      });
    }
  }
  if (acceptedBy(family, allows).includes("access-key") && sample.operatorOnly === true) {
    await ask("the operator's access-key", success, (world) => Promise.resolve(world.operator()));
  }
  expect(seen).toEqual(expected);
}

/** Headers that identify nobody on any route. */
async function strangers(world: World): Promise<Record<string, string>> {
  const { acme } = world.tenants;
  const expired = world.keyOf(acme.users.root, world.bench.now);
  const revoked = world.keyOf(acme.users.root);
  world.access.keys.revoke(revoked.id, world.bench.now);
  const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString("base64");
  const { client, secretKey } = world.clientOf(acme.users.root);
  world.access.clients.change(client.id, { enabled: false, ownerId: client.ownerId, ttl: 10 }, 0);
  return {
    nothing: "",
    "a scheme alone": "Bearer",
    "an empty bearer": "Bearer ",
    "a bearer with a blank": "Bearer a b",
    "a key without a scheme": revoked.key,
    "another scheme": `Token ${revoked.key}`,
    "an unknown key": `Bearer ${unknownKey()}`,
    "an expired key": `Bearer ${expired.key}`,
    "a revoked key": `Bearer ${revoked.key}`,
    "the id of a key": `Bearer ${revoked.id}`,
    "a bearer of 10 KB": `Bearer ${"a".repeat(10_000)}`,
    "an unknown login": basic("nobody@acme.test", PASSWORD).header,
    "a login with a wrong password": basic(acme.users.root.name, "wrong password").header,
    "a login without a password": basic(acme.users.root.name, "").header,
    "a login of 10 KB": basic("a".repeat(5000), "b".repeat(5000)).header,
    "a login with a NUL": basic("root\0@acme.test", PASSWORD).header,
    "a login in letters beyond ASCII": basic("wurzel@äcme.test", "pässwörd").header,
    "a login that is no UTF-8": `Basic ${base64(Uint8Array.of(0xff, 0x3a, 0xfe))}`,
    "a login without a colon": `Basic ${base64(acme.users.root.name)}`,
    "a login that is no base64": "Basic %%%",
    "the keys of a disabled client": basic(client.clientKey, secretKey).header,
    ...(await forgeries(world)),
  };
}

/** Tokens that nobody has made who may, and tokens that are good no more. */
async function forgeries(world: World): Promise<Record<string, string>> {
  const { client } = world.clientOf(world.tenants.acme.users.root);
  const { access } = world;
  const minted = await access.tokens.mint(client, world.bench.now);
  const ended = await access.tokens.mint(client, world.bench.now);
  if (!("token" in minted) || !("token" in ended)) throw new Error("no token");
  access.tokens.end(client.id, ended.id);
  const [header, payload, signature] = minted.token.split(".");
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const decoded = JSON.parse(Buffer.from(header, "base64url").toString()) as { kid: string };
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  // The public key as an attacker has it: the secret of an HMAC, if somebody let the token choose.
  const [{ publicKey: key }] = TOKEN_KEYS.all(world.bench.now);
  const publicKey = key.export({ type: "spki", format: "pem" }).toString();
  const hmac = (of: string, secret: string) =>
    createHmac("sha256", secret).update(of).digest("base64url");
  const confused = `${encode({ ...decoded, alg: "HS256" })}.${payload}`;
  const withHeader = (change: object) =>
    `${encode({ ...decoded, ...change })}.${payload}.${signature}`;
  return {
    "alg none": bearer(`${encode({ ...decoded, alg: "none" })}.${payload}.`).header,
    "alg None, with a signature": bearer(withHeader({ alg: "None" })).header,
    "HS256 with the public key": bearer(`${confused}.${hmac(confused, publicKey)}`).header,
    "HS256 with an empty key": bearer(`${confused}.${hmac(confused, "")}`).header,
    "a kid that is a path": bearer(withHeader({ kid: "../../../dev/null" })).header,
    "a kid that is an address": bearer(withHeader({ kid: "https://evil.test/key" })).header,
    "no kid": bearer(withHeader({ kid: undefined })).header,
    "a jku": bearer(withHeader({ jku: "https://evil.test/jwks.json" })).header,
    "another payload": bearer(`${header}.${encode({ ...claims, sub: "admin" })}.${signature}`)
      .header,
    "a signature cut short": bearer(minted.token.slice(0, -4)).header,
    "no signature": bearer(`${header}.${payload}.`).header,
    "a token that was ended": bearer(ended.token).header,
  };
}

function acceptedBy(family: RouteFamily, allows: Allows): readonly CredentialKind[] {
  return allows.by ?? family.credentials;
}

function isRight(rights: Rights, { verb, object }: Allows): boolean {
  return rights === "all" || rights.includes(`${verb} ${object}`);
}

function successOf(route: Route, sample: Sample): number {
  return sample.status ?? Math.min(...Object.keys(route.answers).map(Number));
}

async function send(
  world: World,
  route: Route,
  sample: Sample,
  header: string,
  query = "",
): Promise<Response> {
  const path = await pathOf(world, sample);
  const mark = path.includes("?") ? "&" : "?";
  const given = typeof sample.body === "function" ? sample.body(world) : sample.body;
  const isText = typeof given === "string";
  return world.ask(route.method, query === "" ? path : `${path}${mark}${query}`, header, {
    ...(given === undefined ? {} : { body: isText ? given : JSON.stringify(given) }),
    headers: given === undefined || isText ? {} : { "content-type": "application/json" },
  });
}

/** What each world's samples ask for: made once, as it is there to be asked for. */
const paths = new WeakMap<World, Map<Sample, string>>();

async function pathOf(world: World, sample: Sample): Promise<string> {
  if (typeof sample.path === "string") return sample.path;
  const known = paths.get(world) ?? new Map<Sample, string>();
  paths.set(world, known);
  const path = known.get(sample) ?? (await sample.path(world));
  known.set(sample, path);
  return path;
}

/**
 * Whatever three tenants and their devices do, in whatever order, no byte of one is seen by another: not in an answer, not in a refusal, not
 * in what is delivered. Each marks everything that it has with a word of its own, which is looked for in all that the others get.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CredentialKind } from "../../../../connector/access/decision.ts";
import { routeFamilies } from "../../../../connector/rest/rest-api.ts";
import { ANYBODY } from "../../../../connector/rest/route.ts";
import { SAMPLES } from "./auth-samples.ts";
import { TENANTS, type TenantName, World } from "./auth-world.ts";
import { bytes } from "./fake-devices.ts";

const wordOf = (tenant: TenantName) => `taint-${tenant}-taint`;
/** As it is, and as the beginning of a payload in base64. */
const marksOf = (tenant: TenantName) => [
  wordOf(tenant),
  Buffer.from(wordOf(tenant)).toString("base64").slice(0, 20),
];

/** Every route with each kind of credential that it takes. The samples are about acme: two of three tenants ask for what is not theirs. */
const REQUESTS = routeFamilies().flatMap((family) =>
  family.routes.flatMap((route) => {
    // Callbacks keep the address that tells whose they are.
    if (route.allows === ANYBODY || route.path === "/notification/callback") return [];
    const kinds: readonly CredentialKind[] = route.allows.by ?? family.credentials;
    const sample = SAMPLES[`${route.method} ${route.path}`];
    return kinds.map((kind) => ({ method: route.method, sample, kind }));
  }),
);

type Step =
  | { readonly act: "ask"; readonly request: number }
  | { readonly act: "register" | "update" | "notify" | "deregister" | "pull" };

const steps = fc.array(
  fc.tuple(
    fc.constantFrom(...TENANTS),
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          act: fc.constant("ask" as const),
          request: fc.nat(REQUESTS.length - 1),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          act: fc.constantFrom("register", "update", "notify", "deregister", "pull"),
        }),
      },
    ),
  ),
  { minLength: 20, maxLength: 60 },
);

test("what one tenant has is nowhere in what another gets", async () => {
  let asked = 0;
  let seenOwn = 0;
  let carried = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      const world = await givenMarkedWorld();
      for (const [tenant, step] of history) {
        const seen = await play(world, tenant, step as Step);
        if (seen === undefined) continue;
        asked++;
        if (marksOf(tenant).some((mark) => seen.includes(mark))) seenOwn++;
        expectNoMarks(seen, tenant);
      }
      carried += world.bench.carried.length;
      for (const { callback, body } of world.bench.carried) {
        const tenant = TENANTS.find((each) => callback.url.includes(wordOf(each)))!;
        expectNoMarks(body, tenant);
      }
    }),
    { numRuns: 12 },
  );
  // Else nothing would have been looked for in anything.
  expect(asked).toBeGreaterThan(150);
  expect(seenOwn).toBeGreaterThan(20);
  expect(carried).toBeGreaterThan(20);
}, 60_000);

function expectNoMarks(text: string, seenBy: TenantName): void {
  for (const other of TENANTS) {
    if (other === seenBy) continue;
    for (const mark of marksOf(other)) expect(text).not.toContain(mark);
  }
}

/** Each tenant has something of each kind, with its word in it, and subscribes to everything that it can name. */
async function givenMarkedWorld(): Promise<World> {
  const world = new World(TENANTS);
  for (const tenant of TENANTS) {
    const word = wordOf(tenant);
    register(world, tenant);
    const key = (await world.standing("access-key", tenant)).header;
    const token = (await world.standing("token", tenant)).header;
    const customer = (await world.standing("customer-key", tenant)).header;
    const put = (method: string, path: string, body: object, by: string) =>
      world.ask(method, path, by, {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      });
    await put("POST", "/admin/users", { name: `${word}@example.test` }, key);
    await put("POST", "/admin/groups", { name: word, permissions: [] }, key);
    await put("POST", "/admin/access-keys", { name: word }, key);
    await put("POST", "/admin/devices", { endpointName: `e-${word}` }, key);
    await put("POST", "/api/1.0/buildings/", { name: "hall", notes: word }, token);
    await put("PUT", "/api/1.0/device/", { name: `d-${tenant}`, notes: word, tags: word }, token);
    await put("POST", "/customer", { cconfig: { word } }, customer);
    await put("PUT", "/v2/subscriptions", [{ "endpoint-name": "*" }], customer);
    await put("PUT", "/v2/notification/callback", { url: `https://${word}.test/` }, token);
    await world.ask("GET", "/v2/notification/pull?noWait=true", key);
    for (const other of TENANTS) {
      await world.ask("PUT", `/v2/subscriptions/d-${other}/dev/temp`, key);
      await world.ask("PUT", `/v2/subscriptions/d-${other}/dev/temp`, token);
    }
  }
  return world;
}

/** What a tenant does or what its device does; with what it gets for it, if anything. */
async function play(world: World, tenant: TenantName, step: Step): Promise<string | undefined> {
  const { bench } = world;
  bench.now += 100;
  const endpointName = `d-${tenant}`;
  switch (step.act) {
    case "ask":
      return askFor(world, tenant, step.request);
    case "pull": {
      const { header } = await world.standing("access-key", tenant);
      return (await world.ask("GET", "/v2/notification/pull?noWait=true", header)).text();
    }
    case "register":
      register(world, tenant);
      return undefined;
    case "update": {
      const registration = bench.devices.registration(endpointName);
      if (registration !== undefined) bench.handle({ kind: "update", registration });
      return undefined;
    }
    case "deregister":
      bench.devices.deregister(endpointName);
      return undefined;
    case "notify":
      bench.handle({
        kind: "notification",
        endpointName,
        path: "/dev/temp",
        payload: bytes(wordOf(tenant)),
        contentFormat: 0,
        maxAge: 60,
      });
      return undefined;
  }
}

async function askFor(world: World, tenant: TenantName, index: number): Promise<string> {
  const { method, sample, kind } = REQUESTS[index];
  const { header } = await world.standing(kind, tenant);
  const path = typeof sample.path === "string" ? sample.path : await pathIn(world, sample.path);
  const body = typeof sample.body === "function" ? sample.body(world) : sample.body;
  const response = await world.ask(method, path, header, {
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    headers: { "content-type": "application/json" },
  });
  const headers = [...response.headers].join("\n");
  // A stream of events has no end to wait for; what goes on it is the business of its own tests.
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    await response.body?.cancel();
    return headers;
  }
  return `${headers}\n${await response.text()}`;
}

/** Where a sample is: nowhere when what it is about is there already, or has gone. */
async function pathIn(
  world: World,
  path: (world: World) => string | Promise<string>,
): Promise<string> {
  try {
    return await path(world);
  } catch {
    return "/nowhere";
  }
}

function register(world: World, tenant: TenantName): void {
  const { bench } = world;
  const word = wordOf(tenant);
  const registration = bench.devices.register(`d-${tenant}`, `</dev/temp>;obs;rt="${word}"`, {
    domain: tenant,
    endpointType: word,
  });
  bench.access.devices.handleRegistration(registration, bench.now);
  bench.handle({ kind: "registration", registration });
}

import { createHmac, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { TokenKeys } from "../../../../connector/access/token-keys.ts";
import { type TokenClaims, TokenSigner } from "../../../../connector/access/token-signer.ts";
import { MemorySecrets } from "../../../../connector/certificates/secrets.ts";

const NOW = Date.UTC(2026, 0, 1);
const SECONDS = NOW / 1000;
const CLAIMS: TokenClaims = {
  tokenId: 3,
  clientId: "client",
  ownerId: "owner",
  issuedAt: SECONDS,
  expiresAt: SECONDS + 600,
};
const PAYLOAD = {
  client: "client",
  iss: "dormouse",
  aud: "dormouse-rest",
  sub: "owner",
  jti: "3",
  iat: SECONDS,
  nbf: SECONDS,
  exp: SECONDS + 600,
};

const keys = new TokenKeys(new MemorySecrets());
const signer = new TokenSigner(keys);
let token: string;
let header: string;
let ours: { readonly privateKey: KeyObject; readonly publicKey: KeyObject; readonly id: string };

beforeAll(async () => {
  token = await signer.sign(CLAIMS, NOW);
  header = token.split(".")[0];
  ours = await keys.signing(NOW);
});

function encoded(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return Buffer.from(text).toString("base64url");
}

/** A token signed with RS256 by the connector's own key: only what it says can be wrong. */
function signedAsWe(payload: unknown, head: unknown = undefined, key = ours.privateKey): string {
  const signed = `${head === undefined ? header : encoded(head)}.${encoded(payload)}`;
  const signature = createSign("RSA-SHA256").update(signed).sign(key, "base64url");
  return `${signed}.${signature}`;
}

function verified(text: string, now = NOW): Promise<TokenClaims | undefined> {
  return Promise.resolve(signer.verify(text, now));
}

test("a token says what was signed", async () => {
  expect(await verified(token)).toEqual(CLAIMS);
});

test("a token that a test signs like the connector is taken, so that what follows can fail", async () => {
  expect(await verified(signedAsWe(PAYLOAD))).toEqual(CLAIMS);
});

test("the header has alg and typ first, and names the key", () => {
  const text = Buffer.from(header, "base64url").toString();
  expect(text).toBe(`{"alg":"RS256","typ":"JWT","kid":"${ours.id}"}`);
});

describe("refused is", () => {
  const id = () => ours.id;
  test.each<[string, () => string]>([
    ["alg none without a signature", () => `${encoded({ alg: "none" })}.${encoded(PAYLOAD)}.`],
    [
      "alg none with our header's other members",
      () => unsigned({ alg: "none", typ: "JWT", kid: id() }),
    ],
    ["alg None", () => unsigned({ alg: "None", typ: "JWT", kid: id() })],
    ["our header without a signature", () => `${header}.${encoded(PAYLOAD)}.`],
    ["HS256 with the public key as its secret (SPKI)", () => confused("spki")],
    ["HS256 with the public key as its secret (PKCS #1)", () => confused("pkcs1")],
    [
      "our header with an HMAC",
      () => `${header}.${encoded(PAYLOAD)}.${hmac(`${header}.${encoded(PAYLOAD)}`)}`,
    ],
    ["RS512", () => signedAsWe(PAYLOAD, { alg: "RS512", typ: "JWT", kid: id() })],
    ["PS256", () => signedAsWe(PAYLOAD, { alg: "PS256", typ: "JWT", kid: id() })],
    ["no kid", () => signedAsWe(PAYLOAD, { alg: "RS256", typ: "JWT" })],
    ["an unknown kid", () => signedAsWe(PAYLOAD, { alg: "RS256", typ: "JWT", kid: "0" })],
    [
      "a kid that is a path",
      () => signedAsWe(PAYLOAD, { alg: "RS256", typ: "JWT", kid: "/dev/null" }),
    ],
    [
      "a kid that climbs",
      () => signedAsWe(PAYLOAD, { alg: "RS256", typ: "JWT", kid: `../${id()}` }),
    ],
    [
      "a kid that is a URL",
      () => signedAsWe(PAYLOAD, { alg: "RS256", typ: "JWT", kid: "http://127.0.0.1/k" }),
    ],
    ["a kid of another type", () => signedAsWe(PAYLOAD, { alg: "RS256", typ: "JWT", kid: [id()] })],
    [
      "jku",
      () => signedAsWe(PAYLOAD, { alg: "RS256", typ: "JWT", kid: id(), jku: "http://127.0.0.1/" }),
    ],
    [
      "x5u",
      () => signedAsWe(PAYLOAD, { alg: "RS256", typ: "JWT", kid: id(), x5u: "http://127.0.0.1/" }),
    ],
    ["a key of its own", () => foreign({ jwk: true })],
    ["a foreign key under our kid", () => foreign({})],
    ["crit", () => signedAsWe(PAYLOAD, { alg: "RS256", typ: "JWT", kid: id(), crit: ["exp"] })],
    [
      "alg twice",
      () => signedAsWe(PAYLOAD, `{"alg":"none","alg":"RS256","typ":"JWT","kid":"${id()}"}`),
    ],
    ["another typ", () => signedAsWe(PAYLOAD, { alg: "RS256", typ: "at+jwt", kid: id() })],
    ["another order", () => signedAsWe(PAYLOAD, { typ: "JWT", alg: "RS256", kid: id() })],
    ["expired", () => signedAsWe({ ...PAYLOAD, exp: SECONDS })],
    ["not good yet", () => signedAsWe({ ...PAYLOAD, nbf: SECONDS + 31 })],
    ["from the future", () => signedAsWe({ ...PAYLOAD, iat: SECONDS + 31 })],
    ["of another issuer", () => signedAsWe({ ...PAYLOAD, iss: "mallory" })],
    ["for another audience", () => signedAsWe({ ...PAYLOAD, aud: "mallory" })],
    ["without exp", () => signedAsWe({ ...PAYLOAD, exp: undefined })],
    ["without jti", () => signedAsWe({ ...PAYLOAD, jti: undefined })],
    ["without client", () => signedAsWe({ ...PAYLOAD, client: undefined })],
    ["without sub", () => signedAsWe({ ...PAYLOAD, sub: undefined })],
    ["an exp that is text", () => signedAsWe({ ...PAYLOAD, exp: `${SECONDS + 600}` })],
    ["a payload that is no object", () => signedAsWe([PAYLOAD])],
    ["a payload that is no JSON", () => signedAsWe("{")],
    ["a truncated signature", () => token.slice(0, -4)],
    ["no signature", () => token.slice(0, token.lastIndexOf("."))],
    ["another payload under our signature", () => grafted()],
    ["five parts (JWE)", () => `${token}.${encoded("x")}.${encoded("y")}`],
    ["one part", () => header],
    ["dots alone", () => ".."],
    ["nothing", () => ""],
    ["a blank inside", () => token.replace(".", " .")],
    ["more than 4 KB", () => signedAsWe({ ...PAYLOAD, filler: "x".repeat(4000) })],
  ])("%s", async (_, make) => {
    expect(await verified(make())).toBeUndefined();
    // The same once more, for whatever was remembered.
    expect(await verified(make())).toBeUndefined();
  });

  function unsigned(head: unknown): string {
    return `${encoded(head)}.${encoded(PAYLOAD)}.`;
  }

  function hmac(signed: string, secret = publicPem("spki")): string {
    return createHmac("sha256", secret).update(signed).digest("base64url");
  }

  function publicPem(type: "spki" | "pkcs1"): string {
    return ours.publicKey.export({ type, format: "pem" }).toString();
  }

  function confused(type: "spki" | "pkcs1"): string {
    const signed = `${encoded({ alg: "HS256", typ: "JWT", kid: id() })}.${encoded(PAYLOAD)}`;
    return `${signed}.${hmac(signed, publicPem(type))}`;
  }

  function foreign({ jwk }: { readonly jwk?: boolean }): string {
    const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const head = { alg: "RS256", typ: "JWT", kid: id() };
    const own = jwk === true ? { ...head, jwk: pair.publicKey.export({ format: "jwk" }) } : head;
    return signedAsWe(PAYLOAD, own, pair.privateKey);
  }

  function grafted(): string {
    const [head, , signature] = token.split(".");
    return `${head}.${encoded({ ...PAYLOAD, sub: "admin" })}.${signature}`;
  }
});

describe("time", () => {
  test("ends a token to the second, also one whose signature is remembered", async () => {
    expect(await verified(token, NOW + 599_999)).toEqual(CLAIMS);
    expect(await verified(token, NOW + 600_000)).toBeUndefined();
  });

  test("may be behind by half a minute, for a clock that was set back", async () => {
    expect(await verified(token, NOW - 30_000)).toEqual(CLAIMS);
    expect(await verified(token, NOW - 31_000)).toBeUndefined();
  });

  test("is nothing that a token seen before must wait for", async () => {
    await verified(token);
    expect(signer.verify(token, NOW)).toEqual(CLAIMS);
  });
});

describe("a new key pair", () => {
  test("signs from then on; the former one's tokens stay good until they expire", async () => {
    const own = new TokenKeys(new MemorySecrets());
    const before = new TokenSigner(own);
    const old = await before.sign({ ...CLAIMS, expiresAt: SECONDS + 3600 }, NOW);
    await own.rotate(NOW);
    const young = await before.sign(CLAIMS, NOW);
    expect(young.split(".")[0]).not.toBe(old.split(".")[0]);
    expect(await before.verify(old, NOW + 3_599_000)).toBeDefined();
    expect(own.all(NOW + 3_599_000)).toHaveLength(2);
    expect(own.all(NOW + 3_661_000)).toHaveLength(1);
  });

  test("comes of its own after a day, and no token waits for it", async () => {
    const own = new TokenKeys(new MemorySecrets());
    const first = await own.signing(NOW);
    expect(await own.signing(NOW + 86_400_000)).toBe(first);
    const second = await own.rotate(NOW + 86_400_000);
    expect(await own.signing(NOW + 86_400_000)).toBe(second);
  });

  test("is kept with the secrets, and the former one without what signs", async () => {
    const secrets = new MemorySecrets();
    const own = new TokenKeys(secrets);
    const old = await new TokenSigner(own).sign(CLAIMS, NOW);
    await own.rotate(NOW);
    const text = secrets.read("token-keys.json") ?? "";
    expect(text.match(/BEGIN PRIVATE KEY/g)).toHaveLength(1);
    const restarted = new TokenSigner(new TokenKeys(secrets));
    expect(await restarted.verify(old, NOW)).toEqual(CLAIMS);
    expect((await restarted.sign(CLAIMS, NOW)).split(".")[0]).not.toBe(old.split(".")[0]);
  });

  test("that cannot be kept does not sign", async () => {
    const secrets = new MemorySecrets();
    const own = new TokenKeys(secrets);
    const first = await own.signing(NOW);
    secrets.write = () => {
      throw new Error("disk full");
    };
    await expect(own.rotate(NOW)).rejects.toThrow("disk full");
    expect(await own.signing(NOW)).toBe(first);
  });
});

test("keys that cannot be read are no reason to quote them", () => {
  const secrets = new MemorySecrets();
  secrets.write("token-keys.json", '[{"privateKey":"-----BEGIN canary"}]');
  expect(() => new TokenKeys(secrets)).toThrow(/token-keys\.json .* restore it/);
  expect(() => new TokenKeys(secrets)).not.toThrow(/canary/);
});

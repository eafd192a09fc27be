import { expect, test } from "vitest";
import type { ApiClient } from "../../../../connector/access/api-clients.ts";
import { TokenKeys } from "../../../../connector/access/token-keys.ts";
import { TokenSigner } from "../../../../connector/access/token-signer.ts";
import { type NewToken, Tokens } from "../../../../connector/access/tokens.ts";
import { MemorySecrets } from "../../../../connector/certificates/secrets.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

const NOW = Date.UTC(2026, 0, 1);
const CLIENT: ApiClient = {
  id: "client",
  number: 1,
  clientKey: "0".repeat(32),
  domainId: "default",
  ownerId: "owner",
  secrets: [],
  ttl: 10,
  enabled: true,
  createdAt: 0,
  updatedAt: 0,
};
const signer = new TokenSigner(new TokenKeys(new MemorySecrets()));

async function minted(tokens: Tokens, now = NOW, client = CLIENT): Promise<NewToken> {
  const made = await tokens.mint(client, now);
  if ("retryAfter" in made) throw new Error("no token was made");
  return made;
}

async function isGood(tokens: Tokens, { token }: NewToken, now = NOW): Promise<boolean> {
  const claims = await signer.verify(token, now);
  return claims !== undefined && tokens.isGood(claims);
}

test("a token is good across a restart, until it is ended", async () => {
  const store = new MemoryStore();
  const made = await minted(new Tokens(store, signer));
  const restarted = new Tokens(store, signer);
  expect(await isGood(restarted, made)).toBe(true);
  expect(restarted.end("another", made.id)).toBe(false);
  expect(restarted.end("client", made.id)).toBe(true);
  expect(await isGood(restarted, made)).toBe(false);
  expect(await isGood(new Tokens(store, signer), made)).toBe(false);
});

test("an id is not given again, not even after its token was ended and a restart", async () => {
  const store = new MemoryStore();
  const before = new Tokens(store, signer);
  const ended = await minted(before);
  before.end("client", ended.id);
  const after = new Tokens(store, signer);
  expect((await minted(after)).id).toBe(ended.id + 1);
  expect(await isGood(after, ended)).toBe(false);
});

test("a store from a backup, which gives ids again, does not make older tokens good", async () => {
  const lost = await minted(new Tokens(new MemoryStore(), signer));
  const restored = new Tokens(new MemoryStore(), signer);
  const young = await minted(restored, NOW + 5000);
  expect(young.id).toBe(lost.id);
  expect(await isGood(restored, young, NOW + 5000)).toBe(true);
  expect(await isGood(restored, lost, NOW + 5000)).toBe(false);
});

test("all tokens of one client end, and those of others stay", async () => {
  const tokens = new Tokens(new MemoryStore(), signer);
  const [one, two] = [await minted(tokens), await minted(tokens)];
  const other = await minted(tokens, NOW, { ...CLIENT, id: "other" });
  tokens.endAll("client");
  expect(await Promise.all([one, two, other].map((each) => isGood(tokens, each)))).toEqual([
    false,
    false,
    true,
  ]);
});

test("what is over leaves the store", async () => {
  const store = new MemoryStore();
  const tokens = new Tokens(store, signer);
  await minted(tokens);
  await minted(tokens, NOW, { ...CLIENT, ttl: 60 });
  await minted(tokens, NOW + 12 * 60_000);
  expect(tokens.size).toBe(2);
  expect([...store.table("tokens").entries()]).toHaveLength(2);
});

test("a token that could not be signed leaves nothing behind", async () => {
  const failing = new TokenSigner(new TokenKeys(new MemorySecrets()));
  failing.sign = () => Promise.reject(new Error("no key"));
  const tokens = new Tokens(new MemoryStore(), failing);
  await expect(tokens.mint(CLIENT, NOW)).rejects.toThrow("no key");
  expect(tokens.size).toBe(0);
});

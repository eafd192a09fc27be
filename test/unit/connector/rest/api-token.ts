/** Tokens of API clients, for tests of what can be done with one. */
import type { User } from "../../../../connector/access/model.ts";
import type { RestBench } from "./bench.ts";

/** A token of a new API client of this owner. */
export async function createApiToken(bench: RestBench, owner: User): Promise<string> {
  const { client } = bench.access.clients.create({ ownerId: owner.id }, bench.now);
  const minted = await bench.access.tokens.mint(client, bench.now);
  if ("retryAfter" in minted) throw new Error("no token was made");
  return minted.token;
}

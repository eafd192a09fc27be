/** Writers for whoever has an account: customers whose keys are replaced, API clients whose tokens are made and revoked, buildings. */
import { type Answer, Possible, type World, type Writer } from "./world.ts";

const VALID = "valid";
const REVOKED = "revoked";
const PERMISSIONS = ["view building", "add building", "change building"];
/** So many of the newest are asked for after each restart. */
const VERIFIED = 5;

interface Credential {
  readonly secret: string;
  readonly state: Possible<string>;
}

/** Customers, and keys of theirs that take the place of each other. */
export class Customers implements Writer {
  readonly name = "customers";
  private readonly world: World;
  private readonly key: string;
  private readonly ids: string[] = [];
  private readonly keys: Credential[] = [];
  /** The key that is the customer's by all that was answered. */
  private readonly current = new Map<string, Credential>();

  constructor(world: World, key: string) {
    this.world = world;
    this.key = key;
  }

  async prepare(): Promise<void> {}

  async act(): Promise<void> {
    const { world, ids } = this;
    if (ids.length < 3 || world.below(6) === 0) await this.create();
    else await this.replaceKey(ids[world.below(Math.min(ids.length, 20))]);
  }

  async verify(): Promise<void> {
    await Promise.all(
      this.keys.slice(-VERIFIED).map(async ({ secret, state }) => {
        const { status } = await this.world.ask(secret, "GET", "/customer");
        state.found(status === 200 ? VALID : REVOKED, "the key of a customer");
      }),
    );
  }

  /** Every customer that was ever acknowledged. */
  async finish(): Promise<void> {
    for (const id of this.ids) {
      const { status } = await this.world.ask(this.key, "GET", `/admin/customers/${id}`);
      this.world.check(status === 200, () => `customer ${id} is answered ${status}`);
    }
  }

  abandon(): void {}

  close(): void {}

  private async create(): Promise<void> {
    const { world } = this;
    const email = `customer-${world.below(2 ** 31)}@example.com`;
    const answer = await world.http(this.key, "POST", "/admin/customers", { email });
    const created = answered(world, answer, 201);
    if (created === undefined) return;
    world.acknowledge();
    this.ids.unshift(created.id as string);
  }

  private async replaceKey(id: string): Promise<void> {
    const { world } = this;
    const former = this.current.get(id);
    // Until it is answered, the former key may be worthless already.
    const acknowledge = former?.state.write(REVOKED);
    const answer = await world.http(this.key, "POST", `/admin/customers/${id}/key`);
    const replaced = answered(world, answer, 200);
    if (replaced === undefined) return;
    acknowledge?.();
    world.acknowledge();
    const one = { secret: replaced.customerKey as string, state: new Possible(world, VALID) };
    this.keys.push(one);
    this.current.set(id, one);
  }
}

/** API clients, their tokens, and what is done with those. */
export class ClientsAndTokens implements Writer {
  readonly name = "API clients and tokens";
  private readonly world: World;
  private readonly key: string;
  private owner = "";
  private readonly clients: string[] = [];
  private readonly tokens: (Credential & { readonly id: number })[] = [];
  private readonly buildings = new Map<string, Possible<string>>();

  constructor(world: World, key: string) {
    this.world = world;
    this.key = key;
  }

  async prepare(): Promise<void> {
    const user = { name: "torture", permissions: PERMISSIONS };
    const answer = await this.world.http(this.key, "POST", "/admin/users", user);
    this.owner = answered(this.world, answer, 201)?.id as string;
  }

  async act(): Promise<void> {
    const { world } = this;
    const what = world.below(6);
    if (this.clients.length === 0 || what === 0) await this.createClient();
    else if (this.tokens.length === 0 || what < 3) await this.createToken();
    else if (what === 3) await this.revoke();
    else await this.putBuilding();
  }

  async verify(): Promise<void> {
    const { world } = this;
    await Promise.all(
      this.tokens.slice(-VERIFIED).map(async ({ secret, state }) => {
        const { status } = await world.ask(secret, "GET", "/api/1.0/buildings/?limit=1");
        state.found(status === 200 ? VALID : REVOKED, "a token");
      }),
    );
    const valid = this.tokens.findLast(({ state }) => state.certain === VALID);
    if (valid === undefined) return;
    const answer = await world.ask(valid.secret, "GET", "/api/1.0/buildings/?limit=100");
    const { buildings } = JSON.parse(answer.text) as {
      buildings: { name: string; notes: string }[];
    };
    const found = new Map(buildings.map(({ name, notes }) => [name, notes]));
    for (const [name, notes] of this.buildings) notes.found(found.get(name) ?? "none", name);
  }

  /** A token of every client that was ever acknowledged. */
  async finish(): Promise<void> {
    for (const basic of this.clients) {
      const answer = await this.world.send("POST", "/tauth/1.0/token/", undefined, {
        authorization: basic,
      });
      const status = answer?.status;
      this.world.check(status === 200, () => `an API client is answered ${status}`);
    }
  }

  abandon(): void {}

  close(): void {}

  private async createClient(): Promise<void> {
    const { world } = this;
    const wanted = { owner: this.owner, ttl: 60 };
    const answer = await world.http(this.key, "POST", "/admin/api-clients", wanted);
    const client = answered(world, answer, 201);
    if (client === undefined) return;
    world.acknowledge();
    const credentials = Buffer.from(`${client.clientKey}:${client.secretKey}`).toString("base64");
    this.clients.push(`Basic ${credentials}`);
  }

  private async createToken(): Promise<void> {
    const { world } = this;
    const authorization = this.clients[world.below(this.clients.length)];
    const headers = { authorization };
    const answer = await world.send("POST", "/tauth/1.0/token/", undefined, headers);
    const made = answered(world, answer, 200);
    if (made === undefined) return;
    world.acknowledge();
    const state = new Possible(world, VALID);
    this.tokens.push({ secret: made.token as string, id: made.token_id as number, state });
  }

  private async revoke(): Promise<void> {
    const token = this.tokens.findLast(({ state }) => state.certain === VALID);
    if (token === undefined) return this.createToken();
    const acknowledge = token.state.write(REVOKED);
    const path = `/tauth/1.0/token/${token.id}/`;
    const answer = await this.world.http(token.secret, "DELETE", path);
    if (answered(this.world, answer, 200) !== undefined) acknowledge();
  }

  private async putBuilding(): Promise<void> {
    const { world } = this;
    const token = this.tokens.findLast(({ state }) => state.certain === VALID);
    if (token === undefined) return this.createToken();
    const name = `building ${world.below(8)}`;
    const text = `notes ${world.below(2 ** 31)}`;
    let notes = this.buildings.get(name);
    if (notes === undefined) {
      notes = new Possible(world, "none");
      this.buildings.set(name, notes);
    }
    const acknowledge = notes.write(text);
    const building = { name, notes: text };
    const answer = await world.http(token.secret, "POST", "/api/1.0/buildings/", building);
    if (answered(world, answer, 200) !== undefined) acknowledge();
  }
}

/** The JSON of an answer of this status; undefined when it was not answered, or in another way, which is then counted. */
function answered(
  world: World,
  answer: Answer | undefined,
  status: number,
): Record<string, unknown> | undefined {
  if (answer === undefined) return undefined;
  const isRight = answer.status === status;
  world.check(
    isRight,
    () => `an account was answered ${answer.status}: ${answer.text.slice(0, 200)}`,
  );
  return isRight ? (JSON.parse(answer.text) as Record<string, unknown>) : undefined;
}

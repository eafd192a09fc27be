/**
 * The API clients of programs (Device42, "Create the API Client"): a client key and a secret key, with which a program gets tokens that
 * last for minutes.
 *
 * A client acts for its owner, a user who is active and not staff: so it is when the client is made, when a token is, and at each request.
 * The secret key is drawn at random, shown once and kept as a digest. While it is being changed there are two.
 */
import { randomBytes } from "node:crypto";
import { HOUR } from "../../protocol/time/duration.ts";
import type { Journal, Table } from "../store/store.ts";
import { refusal } from "./domains.ts";
import { digestOf, isSameDigest, randomAlphanumerics } from "./key-crypto.ts";
import type { User } from "./model.ts";
import { Sequence } from "./sequence.ts";
import type { Users } from "./users.ts";

export interface ApiClient {
  /** Names its channel and its deeds in the audit; no secret, and never given again. */
  readonly id: string;
  /** What Device42's API calls its id. */
  readonly number: number;
  /** 32 hex digits, what its logins begin with. Unique. */
  readonly clientKey: string;
  readonly domainId: string;
  /** The user whose permissions it has. */
  readonly ownerId: string;
  /** The newest first; a second one only until it ends. */
  readonly secrets: readonly ClientSecret[];
  /** How long its tokens last, minutes. */
  readonly ttl: number;
  readonly enabled: boolean;
  /** Calendar milliseconds, as all times here. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** To within `USE_PRECISION`. */
  readonly lastUsedAt?: number | undefined;
  /** The address that its last token was made for. */
  readonly lastUsedFrom?: string | undefined;
}

export interface ClientSecret {
  /** SHA-256 of the secret key, hex. */
  readonly digest: string;
  readonly createdAt: number;
  /** When it stops being good; undefined for the newest. */
  readonly endsAt?: number | undefined;
}

/** A secret key just made: the only time that it is seen in clear. */
export interface NewApiClient {
  readonly client: ApiClient;
  readonly secretKey: string;
}

/** A client key and a secret key, as a program sends them. */
export interface ClientKeys {
  readonly clientKey: string;
  readonly secretKey: string;
}

/** What somebody may set of a client; absent is the usual, or stays. */
export interface ClientTerms {
  readonly ownerId?: string | undefined;
  /** Minutes, 1 to 60. */
  readonly ttl?: number | undefined;
  readonly enabled?: boolean | undefined;
}

/** Minutes. */
export const LONGEST_TTL = 60;
export const USUAL_TTL = 10;
const MOST_CLIENTS = 10_000;
const ID_LENGTH = 16;
/** How long the former secret stays good beside a new one. */
const SECRET_OVERLAP = 24 * HOUR;
/** Uses closer together than this are one: a request is no reason to write. */
const USE_PRECISION = 10 * 60_000;
/** What is compared for a client that does not exist. */
const NOBODY = digestOf("");

export class ApiClients {
  private readonly table: Table<ApiClient>;
  private readonly users: Users;
  private readonly numbers: Sequence;
  private readonly byId = new Map<string, ApiClient>();
  private readonly byKey = new Map<string, ApiClient>();
  private readonly byNumber = new Map<number, ApiClient>();

  constructor(store: Journal, users: Users) {
    this.table = store.table("api-clients");
    this.users = users;
    this.numbers = new Sequence(store, "api-clients");
    for (const [, client] of this.table.entries()) this.file(client);
  }

  get size(): number {
    return this.byId.size;
  }

  get(id: string): ApiClient | undefined {
    return this.byId.get(id);
  }

  /** By what Device42's API calls its id. */
  numbered(number: number): ApiClient | undefined {
    return this.byNumber.get(number);
  }

  withKey(clientKey: string): ApiClient | undefined {
    return this.byKey.get(clientKey);
  }

  all(): Iterable<ApiClient> {
    return this.byId.values();
  }

  /**
   * Makes a client; the secret key is in what it returns and nowhere else.
   *
   * @param keys made elsewhere, instead of drawing them
   * @throws Error with code `access/bad-value`, `access/name-taken` or `access/too-many`
   */
  create(
    terms: ClientTerms & { readonly ownerId: string },
    calendarNow: number,
    keys: ClientKeys = drawKeys(),
  ): NewApiClient {
    const owner = this.ownerOf(terms.ownerId);
    if (!isClientKey(keys.clientKey)) throw refusal("access/bad-value", CLIENT_KEY_RULE);
    if (this.byKey.has(keys.clientKey)) {
      throw refusal("access/name-taken", "There is an API client with this client key.");
    }
    if (this.byId.size >= MOST_CLIENTS) {
      throw refusal("access/too-many", `There are ${MOST_CLIENTS} API clients, which is the most.`);
    }
    const client: ApiClient = {
      id: randomAlphanumerics(ID_LENGTH),
      number: this.numbers.next(),
      clientKey: keys.clientKey,
      domainId: owner.domainId,
      ownerId: owner.id,
      secrets: [secretOf(keys.secretKey, calendarNow)],
      ttl: checkedTtl(terms.ttl ?? USUAL_TTL),
      enabled: terms.enabled ?? true,
      createdAt: calendarNow,
      updatedAt: calendarNow,
    };
    this.put(client);
    return { client, secretKey: keys.secretKey };
  }

  /**
   * Changes what is given. Tokens made before keep their time; with the owner, or when the client is disabled, they end.
   *
   * @param secretKey another secret, as `changeSecret` takes it
   * @throws Error with code `access/not-found` or `access/bad-value`; then nothing is changed
   */
  change(id: string, terms: ClientTerms, calendarNow: number, secretKey?: string): ApiClient {
    const client = this.known(id);
    const owner = terms.ownerId === undefined ? undefined : this.ownerOf(terms.ownerId);
    if (owner !== undefined && owner.domainId !== client.domainId) {
      throw refusal("access/bad-value", OWNER_RULE);
    }
    const changed = {
      ...client,
      ownerId: owner?.id ?? client.ownerId,
      ttl: checkedTtl(terms.ttl ?? client.ttl),
      enabled: terms.enabled ?? client.enabled,
      secrets:
        secretKey === undefined ? client.secrets : secretsWith(client, secretKey, calendarNow),
      updatedAt: calendarNow,
    };
    this.put(changed);
    return changed;
  }

  /**
   * Gives a client another secret key. The former one stays good for a day, or ends at once; one before that ends in any case.
   *
   * @param secretKey made elsewhere, instead of drawing it
   * @throws Error with code `access/not-found` or `access/bad-value`
   */
  changeSecret(
    id: string,
    calendarNow: number,
    secretKey = drawKeys().secretKey,
    overlap: number = SECRET_OVERLAP,
  ): NewApiClient {
    const client = this.known(id);
    const [former] = client.secrets;
    const secret = secretOf(secretKey, calendarNow);
    if (isSameDigest(secret.digest, former.digest)) return { client, secretKey };
    const secrets = overlap > 0 ? [secret, { ...former, endsAt: calendarNow + overlap }] : [secret];
    const changed = { ...client, secrets, updatedAt: calendarNow };
    this.put(changed);
    return { client: changed, secretKey };
  }

  /** False when there is none. */
  remove(id: string): boolean {
    const client = this.byId.get(id);
    if (client === undefined) return false;
    this.byId.delete(id);
    this.byKey.delete(client.clientKey);
    this.byNumber.delete(client.number);
    this.table.remove(id);
    return true;
  }

  /** The client whose keys these are. Whether it may do anything is not looked at. */
  find({ clientKey, secretKey }: ClientKeys, calendarNow: number): ApiClient | undefined {
    const client = this.byKey.get(clientKey);
    const digest = digestOf(secretKey);
    let isRight = false;
    for (const secret of client?.secrets ?? [{ digest: NOBODY, createdAt: 0 }]) {
      const isGood = secret.endsAt === undefined || calendarNow < secret.endsAt;
      isRight = (isSameDigest(secret.digest, digest) && isGood) || isRight;
    }
    return isRight ? client : undefined;
  }

  /** The owner whose permissions a client has; undefined for a client that may do nothing now. */
  actingOwner(client: ApiClient): User | undefined {
    const owner = this.users.get(client.ownerId);
    return client.enabled && mayOwnClients(owner) ? owner : undefined;
  }

  /** A client was used. Written down only now and then; `address` for a new token. */
  handleUse(client: ApiClient, calendarNow: number, address?: string): void {
    const isRecent = calendarNow - (client.lastUsedAt ?? -Infinity) < USE_PRECISION;
    const isElsewhere = address !== undefined && address !== client.lastUsedFrom;
    if (isRecent && !isElsewhere) return;
    const lastUsedFrom = address ?? client.lastUsedFrom;
    this.put({ ...client, lastUsedAt: calendarNow, lastUsedFrom });
  }

  private known(id: string): ApiClient {
    const client = this.byId.get(id);
    if (client === undefined) throw refusal("access/not-found", "There is no such API client.");
    return client;
  }

  private ownerOf(ownerId: string): User {
    const owner = this.users.get(ownerId);
    if (!mayOwnClients(owner)) throw refusal("access/bad-value", OWNER_RULE);
    return owner;
  }

  private put(client: ApiClient): void {
    this.file(client);
    this.table.put(client.id, client);
  }

  private file(client: ApiClient): void {
    this.byId.set(client.id, client);
    this.byKey.set(client.clientKey, client);
    this.byNumber.set(client.number, client);
  }
}

/** Whether programs may act for a user (Device42: "a user which is Active but not enabled as Staff"). */
function mayOwnClients(user: User | undefined): user is User {
  return user?.active === true && !user.staff && user.role === "user";
}

const OWNER_RULE = "The owner of an API client must be an active user who is not staff.";
const TTL_RULE = `Tokens last 1 to ${LONGEST_TTL} whole minutes.`;
const CLIENT_KEY_RULE = "A client key has 32 hex digits, in lower case.";
const SECRET_KEY_RULE =
  "A secret key has 32 to 128 hex digits in lower case, drawn at random; an underscore may join two halves.";

/** Draws the two keys in the form that Device42 gives them: 128 and 256 random bits. */
export function drawKeys(): ClientKeys {
  const hex = randomBytes(48).toString("hex");
  return {
    clientKey: hex.slice(0, 32),
    secretKey: `${hex.slice(32, 64)}_${hex.slice(64)}`,
  };
}

function isClientKey(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

/** A digest alone protects only what cannot be guessed: what somebody made up is not taken. */
function secretOf(secretKey: string, calendarNow: number): ClientSecret {
  const isHex = secretKey.length <= 128 && /^[0-9a-f]{16,}_?[0-9a-f]{16,}$/.test(secretKey);
  if (!isHex || new Set(secretKey).size < 10) throw refusal("access/bad-value", SECRET_KEY_RULE);
  return { digest: digestOf(secretKey), createdAt: calendarNow };
}

function secretsWith(
  client: ApiClient,
  secretKey: string,
  calendarNow: number,
  overlap: number = SECRET_OVERLAP,
): readonly ClientSecret[] {
  const [former] = client.secrets;
  const secret = secretOf(secretKey, calendarNow);
  if (isSameDigest(secret.digest, former.digest)) return client.secrets;
  return overlap > 0 ? [secret, { ...former, endsAt: calendarNow + overlap }] : [secret];
}

function checkedTtl(ttl: number): number {
  if (!Number.isInteger(ttl) || ttl < 1 || ttl > LONGEST_TTL) {
    throw refusal("access/bad-value", TTL_RULE);
  }
  return ttl;
}

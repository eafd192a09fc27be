/**
 * The access keys of applications: who may call the REST API (mbed Device Connector, "Create an access key").
 *
 * A key is 100 random letters and digits and is shown once. Only its SHA-256 digest is kept, so that neither the store nor a
 * log can give it away. Everything an application owns (channel, subscriptions, requests) is filed under the key's `id`,
 * which is no secret. What a key may do is what its owner may do.
 */
import type { Journal, Table } from "../store/store.ts";
import { refusal } from "./domains.ts";
import { digestOf, isSameDigest, randomAlphanumerics } from "./key-crypto.ts";
import type { AccessKey } from "./model.ts";

/** Who a key is made for. */
export interface KeyOwner {
  readonly domainId: string;
  readonly ownerId: string;
}

/** A key just made: the only time that it is seen in clear. */
export interface NewAccessKey {
  readonly id: string;
  readonly key: string;
  readonly name: string;
}

export const ACCESS_KEY_LENGTH = 100;
const ID_LENGTH = 16;
const PREFIX_LENGTH = 6;
const RANDOM_NAME_LENGTH = 10;
/** Callers that make keys in a loop must not fill the memory. */
const MOST_KEYS = 100_000;
const LONGEST_NAME = 100;
/** Keys that were ended stay on record, the latest so many: else whoever makes keys and ends them would fill it for all. */
const MOST_ENDED = 1000;

export class AccessKeys {
  private readonly table: Table<AccessKey>;
  private readonly byId = new Map<string, AccessKey>();
  private readonly byDigest = new Map<string, AccessKey>();
  /** The ids of those that were ended, the one that was ended first in front. */
  private readonly ended = new Set<string>();

  constructor(store: Journal) {
    this.table = store.table("access-keys");
    const revoked: AccessKey[] = [];
    for (const [, accessKey] of this.table.entries()) {
      this.file(accessKey);
      if (accessKey.revokedAt !== undefined) revoked.push(accessKey);
    }
    revoked.sort((one, other) => (one.revokedAt ?? 0) - (other.revokedAt ?? 0));
    for (const { id } of revoked) this.ended.add(id);
  }

  get size(): number {
    return this.byId.size;
  }

  get(id: string): AccessKey | undefined {
    return this.byId.get(id);
  }

  all(): Iterable<AccessKey> {
    return this.byId.values();
  }

  /**
   * Makes a new key.
   *
   * @param name shown to people; absent means ten random letters and digits
   * @param calendarNow calendar milliseconds
   * @throws Error with code `access/too-many`, or `access/bad-name` when the name is longer than 100 characters
   */
  create(
    owner: KeyOwner,
    name: string | undefined,
    calendarNow: number,
    expiresAt?: number,
  ): NewAccessKey {
    const key = randomAlphanumerics(ACCESS_KEY_LENGTH);
    const adopted = this.adopt(owner, key, name, calendarNow, expiresAt);
    return { id: adopted.id, key, name: adopted.name };
  }

  /** Takes up a key that was made elsewhere; nothing changes when it is known already. */
  adopt(
    owner: KeyOwner,
    key: string,
    name: string | undefined,
    calendarNow: number,
    expiresAt?: number,
  ): AccessKey {
    const digest = digestOf(key);
    const known = this.byDigest.get(digest);
    if (known !== undefined) return known;
    if (this.byId.size >= MOST_KEYS) {
      throw refusal("access/too-many", `There are ${MOST_KEYS} access keys, which is the most.`);
    }
    if (name !== undefined && name.length > LONGEST_NAME) {
      throw refusal("access/bad-name", `The name is longer than ${LONGEST_NAME} characters.`);
    }
    const accessKey: AccessKey = {
      id: randomAlphanumerics(ID_LENGTH),
      name: name ?? randomAlphanumerics(RANDOM_NAME_LENGTH),
      digest,
      prefix: key.slice(0, PREFIX_LENGTH),
      domainId: owner.domainId,
      ownerId: owner.ownerId,
      createdAt: calendarNow,
      expiresAt,
    };
    this.put(accessKey);
    return accessKey;
  }

  /** The key that this text is, if it is good at this time. */
  find(key: string, calendarNow: number): AccessKey | undefined {
    const digest = digestOf(key);
    const accessKey = this.byDigest.get(digest);
    if (accessKey === undefined || !isSameDigest(accessKey.digest, digest)) return undefined;
    return isGood(accessKey, calendarNow) ? accessKey : undefined;
  }

  /** Ends a key for good; it stays on record for a while. False when there is no such key, or it was ended before. */
  revoke(id: string, calendarNow: number): boolean {
    const accessKey = this.byId.get(id);
    if (accessKey === undefined || accessKey.revokedAt !== undefined) return false;
    this.put({ ...accessKey, revokedAt: calendarNow });
    this.ended.add(id);
    if (this.ended.size > MOST_ENDED) {
      for (const oldest of this.ended) {
        this.remove(oldest);
        break;
      }
    }
    return true;
  }

  /** Takes a key off the record. */
  remove(id: string): boolean {
    const accessKey = this.byId.get(id);
    if (accessKey === undefined) return false;
    this.ended.delete(id);
    this.byId.delete(id);
    this.byDigest.delete(accessKey.digest);
    this.table.remove(id);
    return true;
  }

  private put(accessKey: AccessKey): void {
    this.file(accessKey);
    this.table.put(accessKey.id, accessKey);
  }

  private file(accessKey: AccessKey): void {
    this.byId.set(accessKey.id, accessKey);
    this.byDigest.set(accessKey.digest, accessKey);
  }
}

export function isGood(accessKey: AccessKey, calendarNow: number): boolean {
  if (accessKey.revokedAt !== undefined) return false;
  return accessKey.expiresAt === undefined || calendarNow < accessKey.expiresAt;
}

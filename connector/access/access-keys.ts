/**
 * The access keys of applications: who may call the REST API (mbed Device Connector, "Create an access key").
 *
 * A key is 100 random letters and digits and is shown once. Only its SHA-256 digest is kept, so that neither the store nor a
 * log can give it away. Everything an application owns (channel, subscriptions, requests) is filed under the key's `id`,
 * which is no secret.
 */
import type { Table } from "../store/store.ts";
import { digestOf, isSameDigest, randomAlphanumerics } from "./key-crypto.ts";

/** What is kept of a key. */
export interface AccessKey {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the key, hex. */
  readonly digest: string;
  /** Calendar milliseconds. */
  readonly createdAt: number;
}

/** A key just made: the only time that it is seen in clear. */
export interface NewAccessKey {
  readonly key: string;
  readonly name: string;
}

const KEY_LENGTH = 100;
const ID_LENGTH = 16;
const RANDOM_NAME_LENGTH = 10;
/** A caller that makes keys in a loop must not fill the memory. */
const MOST_KEYS = 1000;
const LONGEST_NAME = 100;

export class AccessKeys {
  private readonly table: Table<AccessKey>;
  private readonly byDigest = new Map<string, AccessKey>();

  constructor(table: Table<AccessKey>) {
    this.table = table;
    for (const [, accessKey] of table.entries()) this.byDigest.set(accessKey.digest, accessKey);
  }

  get size(): number {
    return this.byDigest.size;
  }

  /**
   * Makes a new key.
   *
   * @param name shown to people; absent means ten random letters and digits
   * @param calendarNow calendar milliseconds
   * @returns undefined when there are too many keys, or the name is longer than 100 characters
   */
  create(name: string | undefined, calendarNow: number): NewAccessKey | undefined {
    if (this.byDigest.size >= MOST_KEYS) return undefined;
    if (name !== undefined && name.length > LONGEST_NAME) return undefined;
    const key = randomAlphanumerics(KEY_LENGTH);
    const chosenName = name ?? randomAlphanumerics(RANDOM_NAME_LENGTH);
    this.adopt(key, chosenName, calendarNow);
    return { key, name: chosenName };
  }

  /** Takes up a key that was made elsewhere; nothing changes when it is known already. */
  adopt(key: string, name: string, calendarNow: number): void {
    const digest = digestOf(key);
    if (this.byDigest.has(digest)) return;
    const accessKey = {
      id: randomAlphanumerics(ID_LENGTH),
      name,
      digest,
      createdAt: calendarNow,
    };
    this.byDigest.set(digest, accessKey);
    this.table.put(accessKey.id, accessKey);
  }

  /**
   * Decides whose call it is.
   *
   * @param authorization the Authorization header, `Bearer KEY` (RFC 6750 §2.1)
   * @returns undefined for a missing header, another scheme and an unknown key alike
   */
  authenticate(authorization: string | undefined): AccessKey | undefined {
    if (authorization === undefined || authorization.slice(0, 7).toLowerCase() !== "bearer ") {
      return undefined;
    }
    const digest = digestOf(authorization.slice(7).trim());
    const accessKey = this.byDigest.get(digest);
    return accessKey !== undefined && isSameDigest(accessKey.digest, digest)
      ? accessKey
      : undefined;
  }
}

/**
 * The key pairs that sign tokens (RS256, RFC 7518 §3.3). A pair signs for a day; its public key is kept until the last token that it signed
 * is over. They lie with the secrets and never in the store: who steals the store can make no token.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { promisify } from "node:util";
import { HOUR, MINUTE } from "../../protocol/time/duration.ts";
import type { Secrets } from "../certificates/secrets.ts";
import { LONGEST_TTL } from "./api-clients.ts";

/** A pair that signs, or did. */
export interface TokenKey {
  /** `kid` of the tokens that it signs. */
  readonly id: string;
  /** The first part of the tokens that it signs, as it is sent. */
  readonly header: string;
  readonly publicKey: KeyObject;
  /** Undefined once another one signs: then nobody needs it, and nobody can take it. */
  readonly privateKey: KeyObject | undefined;
  /** Calendar milliseconds. */
  readonly createdAt: number;
  /** Since when another one signs. */
  readonly retiredAt: number | undefined;
}

/** A pair that signs now. */
export type SigningKey = TokenKey & { readonly privateKey: KeyObject };

/** As it is kept; keys in PEM. */
interface StoredKey {
  readonly id: string;
  readonly createdAt: number;
  readonly retiredAt?: number | undefined;
  readonly publicKey: string;
  readonly privateKey?: string | undefined;
}

const NAME = "token-keys.json";
const SIGNS_FOR = 24 * HOUR;
/** The longest token, and a minute for clocks. */
const OVERLAP = (LONGEST_TTL + 1) * MINUTE;
/** Bits. NIST SP 800-57 holds 2048 good until 2030, and a pair lasts a day. */
const MODULUS_LENGTH = 2048;

const generate = promisify(generateKeyPair);

export class TokenKeys {
  private readonly secrets: Secrets;
  /** The newest first. */
  private keys: readonly TokenKey[];
  private rotation: Promise<SigningKey> | undefined;

  /**
   * Takes up the pairs that are kept. The first pair is made when the first token is.
   *
   * @throws Error when they cannot be read
   */
  constructor(secrets: Secrets) {
    this.secrets = secrets;
    this.keys = keysIn(secrets);
  }

  /** The pair to sign with. A day old, it is replaced in the background: no token waits for that. */
  async signing(calendarNow: number): Promise<SigningKey> {
    const current = this.keys.find(isSigning);
    if (current === undefined) return this.rotate(calendarNow);
    if (calendarNow - current.createdAt >= SIGNS_FOR) {
      // It goes on signing when no new one can be written; the next token tries again.
      this.rotate(calendarNow).catch(() => {});
    }
    return current;
  }

  /** The pairs that signed tokens which can be good now. */
  all(calendarNow: number): readonly TokenKey[] {
    return this.keys.filter((key) => !isOver(key, calendarNow));
  }

  /**
   * Makes a pair that signs from now on. Tokens of the former one stay good until they expire.
   *
   * Rejects when it cannot be kept; then everything stays as it was.
   */
  rotate(calendarNow: number): Promise<SigningKey> {
    this.rotation ??= this.replace(calendarNow).finally(() => {
      this.rotation = undefined;
    });
    return this.rotation;
  }

  private async replace(calendarNow: number): Promise<SigningKey> {
    const pair = await generate("rsa", { modulusLength: MODULUS_LENGTH });
    const id = randomBytes(8).toString("hex");
    const signing: SigningKey = {
      id,
      header: encodedHeader(id),
      ...pair,
      createdAt: calendarNow,
      retiredAt: undefined,
    };
    const former = this.keys
      .filter((key) => !isOver(key, calendarNow))
      .map((key) => ({
        ...key,
        privateKey: undefined,
        retiredAt: key.retiredAt ?? calendarNow,
      }));
    const keys = [signing, ...former];
    this.secrets.write(NAME, textOf(keys));
    this.keys = keys;
    return signing;
  }
}

/** `alg` and `typ` come first: the tokens of Device42 begin so, and somebody may look. */
export function tokenHeader(keyId: string): { alg: "RS256"; typ: "JWT"; kid: string } {
  return { alg: "RS256", typ: "JWT", kid: keyId };
}

function encodedHeader(keyId: string): string {
  return Buffer.from(JSON.stringify(tokenHeader(keyId))).toString("base64url");
}

function isSigning(key: TokenKey): key is SigningKey {
  return key.privateKey !== undefined;
}

function isOver({ retiredAt }: TokenKey, calendarNow: number): boolean {
  return retiredAt !== undefined && calendarNow > retiredAt + OVERLAP;
}

function keysIn(secrets: Secrets): TokenKey[] {
  const text = secrets.read(NAME);
  if (text === undefined) return [];
  try {
    return (JSON.parse(text) as StoredKey[]).map((stored) => ({
      ...stored,
      header: encodedHeader(stored.id),
      publicKey: createPublicKey(stored.publicKey),
      privateKey: stored.privateKey === undefined ? undefined : createPrivateKey(stored.privateKey),
      retiredAt: stored.retiredAt,
    }));
  } catch {
    // The cause would quote what is in it.
    throw new Error(
      `${secrets.describe(NAME)} does not hold the keys of tokens; restore it from a backup, or remove it to end all tokens.`,
    );
  }
}

function textOf(keys: readonly TokenKey[]): string {
  const stored = keys.map(
    ({ id, createdAt, retiredAt, publicKey, privateKey }): StoredKey => ({
      id,
      createdAt,
      retiredAt,
      publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
      privateKey: privateKey?.export({ type: "pkcs8", format: "pem" }).toString(),
    }),
  );
  return `${JSON.stringify(stored, undefined, 2)}\n`;
}

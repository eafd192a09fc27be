/**
 * The key pairs that sign tokens (RS256, RFC 7518 §3.3). A pair signs for a day; its public key is kept until the last token that it signed
 * is over. They lie in a file of the secrets folder and never in the store: who steals the store can make no token.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { HOUR, MINUTE } from "../../protocol/time/duration.ts";
import { LONGEST_TTL } from "./api-clients.ts";

/** A pair that signs, or did. */
export interface TokenKey {
  /** `kid` of the tokens that it signs. */
  readonly id: string;
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

/** As the file has it; keys in PEM. */
interface StoredKey {
  readonly id: string;
  readonly createdAt: number;
  readonly retiredAt?: number | undefined;
  readonly publicKey: string;
  readonly privateKey?: string | undefined;
}

const FILE = "token-keys.json";
const SIGNS_FOR = 24 * HOUR;
/** The longest token, and a minute for clocks. */
const OVERLAP = (LONGEST_TTL + 1) * MINUTE;
/** Bits. NIST SP 800-57 holds 2048 good until 2030, and a pair lasts a day. */
const MODULUS_LENGTH = 2048;

const generate = promisify(generateKeyPair);

export class TokenKeys {
  private readonly folder: string | undefined;
  /** The newest first. */
  private keys: readonly TokenKey[];
  private rotation: Promise<SigningKey> | undefined;

  /**
   * Reads the pairs of a folder. The first pair is made when the first token is.
   *
   * @param folder undefined keeps them in memory: tokens then end with the process
   * @throws Error when the file is there and cannot be read
   */
  constructor(folder?: string) {
    this.folder = folder;
    this.keys = folder === undefined ? [] : readKeys(join(folder, FILE));
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
   * Rejects with the system's error when it cannot be written; then everything stays as it was.
   */
  rotate(calendarNow: number): Promise<SigningKey> {
    this.rotation ??= this.replace(calendarNow).finally(() => {
      this.rotation = undefined;
    });
    return this.rotation;
  }

  private async replace(calendarNow: number): Promise<SigningKey> {
    const pair = await generate("rsa", { modulusLength: MODULUS_LENGTH });
    const signing: SigningKey = {
      id: randomBytes(8).toString("hex"),
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
    if (this.folder !== undefined) writeKeys(this.folder, keys);
    this.keys = keys;
    return signing;
  }
}

function isSigning(key: TokenKey): key is SigningKey {
  return key.privateKey !== undefined;
}

function isOver({ retiredAt }: TokenKey, calendarNow: number): boolean {
  return retiredAt !== undefined && calendarNow > retiredAt + OVERLAP;
}

function readKeys(file: string): TokenKey[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  try {
    return (JSON.parse(text) as StoredKey[]).map((stored) => ({
      ...stored,
      publicKey: createPublicKey(stored.publicKey),
      privateKey: stored.privateKey === undefined ? undefined : createPrivateKey(stored.privateKey),
      retiredAt: stored.retiredAt,
    }));
  } catch {
    // The cause would quote what is in the file.
    throw new Error(
      `${file} does not hold the keys of tokens; restore it from a backup, or remove it to end all tokens.`,
    );
  }
}

/** Replaces the file as a whole: a kill leaves the old one or the new one. */
function writeKeys(folder: string, keys: readonly TokenKey[]): void {
  const stored = keys.map(
    ({ id, createdAt, retiredAt, publicKey, privateKey }): StoredKey => ({
      id,
      createdAt,
      retiredAt,
      publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
      privateKey: privateKey?.export({ type: "pkcs8", format: "pem" }).toString(),
    }),
  );
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, FILE);
  const handle = openSync(`${file}.new`, "w", 0o600);
  try {
    writeSync(handle, `${JSON.stringify(stored, undefined, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.new`, file);
}

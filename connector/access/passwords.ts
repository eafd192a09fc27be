/**
 * Passwords: hashed with scrypt (RFC 7914), which is slow on purpose. So few are computed at once, and a login that was just found good is
 * remembered for a while, since Basic sends the password with every request.
 */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { MINUTE, type Milliseconds } from "../../protocol/time/duration.ts";
import type { User } from "./model.ts";
import { dropOldest } from "./oldest.ts";

/** scrypt's parameters: memory is 128 * 8 * 2^logN bytes. */
export interface PasswordCost {
  readonly logN: number;
  readonly p: number;
}

/** 32 MB and some 0.2 s for each. */
export const PASSWORD_COST: PasswordCost = { logN: 15, p: 3 };

const BLOCK_SIZE = 8;
const SALT_LENGTH = 16;
const HASH_LENGTH = 32;
/** Of a stored hash: 1 GB, and as often. */
const LARGEST_LOG_N = 20;
const LARGEST_P = 16;
/** Hashes computed at once, and those that wait for their turn; beyond it a login is refused as busy. */
const MOST_RUNNING = 2;
const MOST_WAITING = 64;
const REMEMBERED_FOR: Milliseconds = 5 * MINUTE;
const MOST_REMEMBERED = 1000;
export const SHORTEST_PASSWORD = 8;
export const LONGEST_PASSWORD = 256;

/** Too many logins are being checked. */
export const BUSY = "busy";

/** As it is stored, in its parts. */
interface StoredHash {
  readonly cost: PasswordCost;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

interface Remembered {
  readonly passwordHash: string;
  readonly until: Milliseconds;
}

export class Passwords {
  private readonly cost: PasswordCost;
  /** Of this process alone: what is remembered tells nothing to anybody else. */
  private readonly memoryKey = randomBytes(32);
  private readonly remembered = new Map<string, Remembered>();
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  /** What is computed for a user that does not exist, so that it takes as long. */
  private readonly nobody: StoredHash;

  constructor(cost: PasswordCost = PASSWORD_COST) {
    this.cost = cost;
    this.nobody = { cost, salt: randomBytes(SALT_LENGTH), hash: randomBytes(HASH_LENGTH) };
  }

  /** The hash to keep. Rejects with code `access/busy` when too many are waiting. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_LENGTH);
    const hash = await this.compute(password, salt, this.cost);
    if (hash === BUSY) {
      throw Object.assign(new Error("Too many logins at once; try again."), {
        code: "access/busy",
      });
    }
    return textOf(this.cost, salt, hash);
  }

  /**
   * Whether this is the user's password. Takes as long for a user who does not exist or has none.
   *
   * @param user undefined for a name that nobody has
   * @param isStillHeard asked when its turn has come: a hundred guesses sent at once are not all tried before the first has failed
   * @returns BUSY when too many wait, or it is not heard any more
   */
  async verify(
    now: Milliseconds,
    user: User | undefined,
    password: string,
    isStillHeard: () => boolean = () => true,
  ): Promise<boolean | typeof BUSY> {
    const stored = user?.passwordHash;
    const memory = this.memoryOf(user, password);
    const known = memory === undefined ? undefined : this.remembered.get(memory);
    if (known !== undefined && now < known.until && known.passwordHash === stored) return true;
    const own = stored === undefined ? undefined : parse(stored);
    // A hash that cannot be read is nobody's, and takes as long.
    const { hash: expected, salt, cost } = own ?? this.nobody;
    const text = password.length > LONGEST_PASSWORD ? "" : password;
    const hash = await this.compute(text, salt, cost, isStillHeard);
    if (hash === BUSY) return BUSY;
    const isRight = timingSafeEqual(hash, expected) && own !== undefined && text !== "";
    if (isRight && memory !== undefined && stored !== undefined) this.remember(memory, stored, now);
    return isRight;
  }

  /** Whether a hash was made with other parameters than today's, so that the next good login should replace it. */
  isOutdated(passwordHash: string): boolean {
    const parsed = parse(passwordHash);
    return parsed?.cost.logN !== this.cost.logN || parsed.cost.p !== this.cost.p;
  }

  private remember(memory: string, passwordHash: string, now: Milliseconds): void {
    this.remembered.delete(memory);
    this.remembered.set(memory, { passwordHash, until: now + REMEMBERED_FOR });
    dropOldest(this.remembered, MOST_REMEMBERED);
  }

  private memoryOf(user: User | undefined, password: string): string | undefined {
    if (user === undefined) return undefined;
    return createHmac("sha256", this.memoryKey).update(`${user.id}\n${password}`).digest("base64");
  }

  private async compute(
    password: string,
    salt: Uint8Array,
    cost: PasswordCost,
    isStillWanted: () => boolean = () => true,
  ): Promise<Uint8Array | typeof BUSY> {
    let hasWaited = false;
    if (this.running >= MOST_RUNNING) {
      if (this.waiting.length >= MOST_WAITING) return BUSY;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
      hasWaited = true;
    } else {
      this.running++;
    }
    try {
      if (hasWaited && !isStillWanted()) return BUSY;
      return await scryptOf(password, salt, cost);
    } finally {
      // Handed on to who waits longest, if anybody does.
      const next = this.waiting.shift();
      if (next !== undefined) next();
      else this.running--;
    }
  }
}

function scryptOf(password: string, salt: Uint8Array, { logN, p }: PasswordCost): Promise<Buffer> {
  const options = { N: 2 ** logN, r: BLOCK_SIZE, p, maxmem: 256 * BLOCK_SIZE * 2 ** logN };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, HASH_LENGTH, options, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}

/** `scrypt$15$3$salt$hash`, both in base64. */
function textOf({ logN, p }: PasswordCost, salt: Uint8Array, hash: Uint8Array): string {
  const parts = [salt, hash].map((bytes) => Buffer.from(bytes).toString("base64"));
  return `scrypt$${logN}$${p}$${parts.join("$")}`;
}

/** Undefined for what `textOf` has not written, and for costs that would stop the process. */
function parse(text: string): StoredHash | undefined {
  const [scheme, logN, p, saltText, hashText] = text.split("$");
  if (scheme !== "scrypt" || hashText === undefined) return undefined;
  const cost = { logN: Number(logN), p: Number(p) };
  const salt = Buffer.from(saltText, "base64");
  const hash = Buffer.from(hashText, "base64");
  const isCost = isBetween(cost.logN, 1, LARGEST_LOG_N) && isBetween(cost.p, 1, LARGEST_P);
  return isCost && hash.length === HASH_LENGTH ? { cost, salt, hash } : undefined;
}

function isBetween(number: number, least: number, most: number): boolean {
  return Number.isInteger(number) && number >= least && number <= most;
}

/**
 * Passwords: hashed with scrypt (RFC 7914), which is slow on purpose. So few are computed at once, and a login that was just found good is
 * remembered for a while, since Basic sends the password with every request.
 */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { MINUTE, type Milliseconds } from "../../protocol/time/duration.ts";
import type { User } from "./model.ts";

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
/** Hashes computed at once, and those that wait for their turn; beyond it a login is refused as busy. */
const MOST_RUNNING = 2;
const MOST_WAITING = 64;
const REMEMBERED_FOR: Milliseconds = 5 * MINUTE;
const MOST_REMEMBERED = 1000;
export const SHORTEST_PASSWORD = 8;
export const LONGEST_PASSWORD = 256;

/** Too many logins are being checked. */
export const BUSY = "busy";

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
  private readonly nobody: string;

  constructor(cost: PasswordCost = PASSWORD_COST) {
    this.cost = cost;
    this.nobody = textOf(cost, randomBytes(SALT_LENGTH), randomBytes(HASH_LENGTH));
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
   */
  async verify(
    now: Milliseconds,
    user: User | undefined,
    password: string,
  ): Promise<boolean | typeof BUSY> {
    const stored = user?.passwordHash;
    const memory = this.memoryOf(user, password);
    const known = memory === undefined ? undefined : this.remembered.get(memory);
    if (known !== undefined && now < known.until && known.passwordHash === stored) return true;
    const parsed = parse(stored ?? this.nobody);
    if (parsed === undefined) return false;
    const text = password.length > LONGEST_PASSWORD ? "" : password;
    const hash = await this.compute(text, parsed.salt, parsed.cost);
    if (hash === BUSY) return BUSY;
    const isRight = timingSafeEqual(hash, parsed.hash) && stored !== undefined && text !== "";
    if (isRight && memory !== undefined) this.remember(memory, stored, now);
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
    if (this.remembered.size <= MOST_REMEMBERED) return;
    for (const oldest of this.remembered.keys()) {
      this.remembered.delete(oldest);
      return;
    }
  }

  private memoryOf(user: User | undefined, password: string): string | undefined {
    if (user === undefined) return undefined;
    return createHmac("sha256", this.memoryKey).update(`${user.id}\n${password}`).digest("base64");
  }

  private async compute(
    password: string,
    salt: Uint8Array,
    cost: PasswordCost,
  ): Promise<Uint8Array | typeof BUSY> {
    if (this.running >= MOST_RUNNING) {
      if (this.waiting.length >= MOST_WAITING) return BUSY;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running++;
    }
    try {
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

function parse(text: string) {
  const [scheme, logN, p, salt, hash] = text.split("$");
  if (scheme !== "scrypt" || hash === undefined) return undefined;
  return {
    cost: { logN: Number(logN), p: Number(p) },
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

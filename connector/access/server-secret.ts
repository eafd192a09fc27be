/**
 * Keys that must be shown again: derived, never stored.
 *
 * A CUSTOMER_KEY and a PUBLIC_KEY can be asked for at any time by who may know them, so that no digest alone will do. Each is the id of
 * its owner and an HMAC over what it is, whose it is and its version, with a secret of this connector that is kept outside the store: who
 * steals the store has no key. To change a key its version is raised.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/** What a derived key is good for. Part of what is authenticated, so that no key passes for one of another kind. */
export type DerivedKind = "customer-key" | "public-key" | "invitation";

/** Base-62 digits of the HMAC: 32 of them are 190 bits. */
const MAC_LENGTH = 32;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export class ServerSecret {
  private readonly secret: Uint8Array;

  /** @param secret 32 bytes, the same for as long as the store lives */
  constructor(secret: Uint8Array) {
    if (secret.length !== 32) throw new Error("The server's secret must be 32 bytes.");
    this.secret = secret;
  }

  /** The key of an owner. `id` is letters and digits, and always of one length within a kind. */
  derive(kind: DerivedKind, id: string, version: number): string {
    return `${id}${this.mac(kind, id, version)}`;
  }

  /** Whether a key, whose id was looked up, is the owner's; takes the same time wherever they differ. */
  isDerived(key: string, kind: DerivedKind, id: string, version: number): boolean {
    const expected = Buffer.from(this.derive(kind, id, version));
    const given = Buffer.from(key);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  /** Bytes for a purpose that no key above can be learned from, and the other way round (RFC 5869). At most 8160. */
  bytes(purpose: string, length: number): Uint8Array {
    return new Uint8Array(hkdfSync("sha256", this.secret, "", `bytes\n${purpose}`, length));
  }

  private mac(kind: DerivedKind, id: string, version: number): string {
    const digest = createHmac("sha256", this.secret).update(`${kind}\n${id}\n${version}`).digest();
    let number = BigInt(`0x${digest.toString("hex")}`);
    let text = "";
    for (let i = 0; i < MAC_LENGTH; i++) {
      text += ALPHABET[Number(number % 62n)];
      number /= 62n;
    }
    return text;
  }
}

/** The length of an owner's id in a key, when the whole key is so long; -1 when none is. */
export function idLength(key: string): number {
  return key.length > MAC_LENGTH ? key.length - MAC_LENGTH : -1;
}

/**
 * Tokens as JSON Web Tokens (RFC 7519), signed with RS256 and nothing else.
 *
 *   {"alg":"RS256","typ":"JWT","kid":"..."} . {"client","iss","aud","sub","jti","iat","nbf","exp"} . signature
 *
 * Nobody else makes tokens for us, so a token's header is one of few texts that we know to the letter. It is compared and never parsed:
 * there is no algorithm to choose, no `jku` to follow and no path in a `kid`. What a token says is that this connector made it, for which
 * client, and for how long; whether it is still good is looked up by its `jti` at each request (tokens.ts, access.ts).
 */
import { createHash } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { type TokenKey, type TokenKeys, tokenHeader } from "./token-keys.ts";

/** What a token says. Times are calendar seconds. */
export interface TokenClaims {
  readonly tokenId: number;
  readonly clientId: string;
  readonly ownerId: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

const ISSUER = "dormouse";
const AUDIENCE = "dormouse-rest";
/** Much longer than ours. */
const LONGEST_TOKEN = 4096;
/** How far this clock may be behind the one that made the token, which is itself before it was set right; seconds. */
const SKEW = 30;
const MOST_REMEMBERED = 10_000;

export class TokenSigner {
  private readonly keys: TokenKeys;
  /** SHA-256 of a token whose signature was found right -> what it says. The latest used last. */
  private readonly verified = new Map<string, TokenClaims>();

  constructor(keys: TokenKeys) {
    this.keys = keys;
  }

  async sign(claims: TokenClaims, calendarNow: number): Promise<string> {
    const key = await this.keys.signing(calendarNow);
    return new SignJWT({ client: claims.clientId })
      .setProtectedHeader(tokenHeader(key.id))
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(claims.ownerId)
      .setJti(`${claims.tokenId}`)
      .setIssuedAt(claims.issuedAt)
      .setNotBefore(claims.issuedAt)
      .setExpirationTime(claims.expiresAt)
      .sign(key.privateKey);
  }

  /**
   * What a token says, if this connector made it and it is in its time; undefined for anything else. At once for one seen lately, since only
   * the signature costs time.
   */
  verify(
    token: string,
    calendarNow: number,
  ): TokenClaims | undefined | Promise<TokenClaims | undefined> {
    if (token.length > LONGEST_TOKEN) return undefined;
    const key = this.keyOf(token, calendarNow);
    if (key === undefined) return undefined;
    const digest = createHash("sha256").update(token).digest("base64");
    const known = this.verified.get(digest);
    if (known === undefined) return this.verifySignature(token, key, digest, calendarNow);
    this.remember(digest, known);
    return isTimely(known, calendarNow) ? known : undefined;
  }

  /** The key that a token's header names, if the header is letter by letter one of ours. */
  private keyOf(token: string, calendarNow: number): TokenKey | undefined {
    const header = token.slice(0, token.indexOf("."));
    for (const key of this.keys.all(calendarNow)) {
      if (header === key.header) return key;
    }
    return undefined;
  }

  private async verifySignature(
    token: string,
    key: TokenKey,
    digest: string,
    calendarNow: number,
  ): Promise<TokenClaims | undefined> {
    try {
      const { payload } = await jwtVerify(token, key.publicKey, {
        algorithms: ["RS256"],
        issuer: ISSUER,
        audience: AUDIENCE,
        requiredClaims: ["client", "sub", "jti", "iat", "nbf", "exp"],
        clockTolerance: SKEW,
        currentDate: new Date(calendarNow),
      });
      const claims: TokenClaims = {
        tokenId: Number(payload.jti),
        clientId: String(payload.client),
        ownerId: String(payload.sub),
        issuedAt: Number(payload.iat),
        expiresAt: Number(payload.exp),
      };
      this.remember(digest, claims);
      return isTimely(claims, calendarNow) ? claims : undefined;
    } catch {
      return undefined;
    }
  }

  private remember(digest: string, claims: TokenClaims): void {
    this.verified.delete(digest);
    this.verified.set(digest, claims);
    if (this.verified.size <= MOST_REMEMBERED) return;
    for (const oldest of this.verified.keys()) {
      this.verified.delete(oldest);
      return;
    }
  }
}

/** Whether a Bearer credential has the form of a token. No other credential of ours has a dot. */
export function isTokenShaped(credential: string): boolean {
  return credential.includes(".");
}

/** A token that has expired cannot be used again: to the second, since the same clock told when. */
function isTimely({ issuedAt, expiresAt }: TokenClaims, calendarNow: number): boolean {
  const seconds = calendarNow / 1000;
  return issuedAt <= seconds + SKEW && seconds < expiresAt;
}

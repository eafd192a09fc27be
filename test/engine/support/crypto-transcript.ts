/** The vectors of test/vectors/crypto-vectors.json through a crypto port, a line each: what came out, and whether that is right. */
import { decodeHex, encodeHex } from "../../../protocol/bytes/hex.ts";
import { openCcm, sealCcm } from "../../../protocol/crypto/ccm.ts";
import { deriveKey, extractKey } from "../../../protocol/crypto/hkdf.ts";
import { hmacSha256 } from "../../../protocol/crypto/hmac.ts";
import type { Crypto } from "../../../protocol/ports.ts";
import vectors from "../../vectors/crypto-vectors.json" with { type: "json" };

declare function print(line: string): void;

function bytes(hex: string): Uint8Array {
  return decodeHex(hex) as Uint8Array;
}

/** A MAC may be printed cut short. */
function tell(name: string, result: Uint8Array, expected: string): void {
  const hex = encodeHex(result);
  print(`${name}: ${hex} ${hex.indexOf(expected) === 0 ? "as printed" : "WRONG"}`);
}

export function printCrypto(crypto: Crypto): void {
  vectors.sha256.forEach((row) => {
    tell(`SHA-256 ${row.name}`, crypto.sha256(bytes(row.message)), row.digest);
  });
  vectors.aes128Ecb.forEach((row) => {
    const ciphertext = crypto.encryptBlocks(bytes(row.key), bytes(row.plaintext));
    tell(`AES-128 ${row.source}`, ciphertext, row.ciphertext);
  });
  vectors.hmacSha256.forEach((row) => {
    const mac = hmacSha256(crypto, bytes(row.key), bytes(row.message));
    tell(`HMAC ${row.source}`, mac, row.mac);
  });
  vectors.hkdfSha256.forEach((row) => {
    const secret = bytes(row.secret);
    const salt = bytes(row.salt);
    tell(`HKDF ${row.source}, PRK`, extractKey(crypto, salt, secret), row.key);
    const length = row.expanded.length / 2;
    const key = deriveKey(crypto, secret, salt, bytes(row.purpose), length);
    tell(`HKDF ${row.source}, OKM`, key, row.expanded);
  });
  vectors.aes128Ccm.forEach((row) => {
    const parameters = {
      key: bytes(row.key),
      nonce: bytes(row.nonce),
      associated: bytes(row.associated),
      tagLength: row.tagLength,
    };
    const sealed = sealCcm(crypto, parameters, bytes(row.plaintext));
    tell(`CCM ${row.source}`, sealed, row.sealed);
    const opened = openCcm(crypto, parameters, sealed);
    if (opened === undefined) print("does not open WRONG");
    else tell("  opens", opened, row.plaintext);
    sealed[sealed.length - 1] ^= 1;
    print(
      `  changed, ${openCcm(crypto, parameters, sealed) === undefined ? "it does not" : "WRONG"}`,
    );
  });
}

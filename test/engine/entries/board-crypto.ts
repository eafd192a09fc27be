/** The crypto port of Espruino, on Espruino: the vectors, then how long it takes. */
import { ESPRUINO_CRYPTO } from "../../../firmware/boards/espruino/crypto.ts";
import { decodeHex } from "../../../protocol/bytes/hex.ts";
import { openCcm, sealCcm } from "../../../protocol/crypto/ccm.ts";
import { deriveKey } from "../../../protocol/crypto/hkdf.ts";
import { hmacSha256 } from "../../../protocol/crypto/hmac.ts";
import { verifiesHss } from "../../../protocol/crypto/hss-lms.ts";
import { printCrypto } from "../support/crypto-transcript.ts";

declare function print(line: string): void;
/** Of a signature of HSS/LMS, in hexadecimal digits. */
declare const hssKey: string;
declare const hssMessage: string;
declare const hssSignature: string;
declare function getTime(): number;

const ROUNDS = 20;

function time(name: string, run: () => void, rounds = ROUNDS): void {
  const from = getTime();
  for (let i = 0; i < rounds; i++) run();
  print(`# ${name}: ${Math.round(((getTime() - from) * 1000000) / rounds)} us`);
}

printCrypto(ESPRUINO_CRYPTO);

const key = new Uint8Array(16);
const message = new Uint8Array(100);
const parameters = { key, nonce: new Uint8Array(13), associated: new Uint8Array(20), tagLength: 8 };
const sealed = sealCcm(ESPRUINO_CRYPTO, parameters, message);
time("SHA-256, 100 bytes", () => ESPRUINO_CRYPTO.sha256(message));
time("HMAC, 100 bytes", () => hmacSha256(ESPRUINO_CRYPTO, key, message));
time("HKDF, 16 bytes", () => deriveKey(ESPRUINO_CRYPTO, key, key, key, 16));
time("CCM seals 100 bytes", () => sealCcm(ESPRUINO_CRYPTO, parameters, message));
time("CCM opens 100 bytes", () => openCcm(ESPRUINO_CRYPTO, parameters, sealed));

const hss = [hssKey, hssMessage, hssSignature].map((hex) => decodeHex(hex) as Uint8Array);
const verifies = () => verifiesHss(ESPRUINO_CRYPTO, hss[0], hss[1], hss[2]);
print(`HSS/LMS: ${verifies()}`);
hss[1][0] ^= 1;
print(`HSS/LMS of another message: ${verifies()}`);
time("HSS/LMS verifies", verifies, 2);

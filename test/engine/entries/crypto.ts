/** What protocol/crypto makes of a block cipher and a hash, here in plain code: the same on every engine. */
import { printCrypto } from "../support/crypto-transcript.ts";
import { SOFT_CRYPTO } from "../support/soft-crypto.ts";

printCrypto(SOFT_CRYPTO);

/** Key pairs for devices that cannot make their own, or whose owners do not care to. */
import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { PublicKey } from "./public-key.ts";

export interface DeviceKey {
  readonly publicKey: PublicKey;
  /** PKCS #8, in PEM. Whoever made it hands it on and forgets it. */
  readonly privateKey: string;
}

/** Makes a key pair on P-256. */
export async function newDeviceKey(): Promise<DeviceKey> {
  const pair = await promisify(generateKeyPair)("ec", { namedCurve: "prime256v1" });
  return {
    publicKey: {
      curve: "prime256v1",
      spki: new Uint8Array(pair.publicKey.export({ format: "der", type: "spki" })),
    },
    privateKey: pair.privateKey.export({ format: "pem", type: "pkcs8" }) as string,
  };
}

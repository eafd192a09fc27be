/** The X.509 library, loaded when a certificate is signed for the first time: most runs of a connector sign none. */
import { webcrypto } from "node:crypto";
import type * as Library from "@peculiar/x509";

export type X509 = typeof Library;

/** ECDSA on P-256 with SHA-256: the one signature that every LwM2M device of certificate mode can verify. */
export const SIGNATURE = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

let loading: Promise<X509> | undefined;

export function loadX509(): Promise<X509> {
  loading ??= load();
  return loading;
}

async function load(): Promise<X509> {
  // The library throws while it loads unless this was loaded before it.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  // It looks for the one of a browser by itself. Its types name the browser's too, hence `never`.
  x509.cryptoProvider.set(webcrypto as never);
  return x509;
}

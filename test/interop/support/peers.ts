/**
 * Which real peers are here, and what becomes of a suite whose peer is not: skipped by name, or failed when
 * INTEROP_REQUIRED (comma-separated names) lists it.
 */
import { describe, inject, test } from "vitest";

export type PeerName =
  | "coap"
  | "libcoap"
  | "lwm2m-node-lib"
  | "leshan"
  | "leshan-bootstrap"
  | "tshark";

/** Per peer: why it is missing; "" when it is here. */
export type Missing = Readonly<Record<PeerName, string>>;

declare module "vitest" {
  interface ProvidedContext {
    readonly missing: Missing;
    readonly required: readonly string[];
  }
}

/** A suite that needs these peers. */
export function describeWith(peers: readonly PeerName[], title: string, suite: () => void): void {
  const missing = inject("missing");
  const absent = peers.filter((name) => missing[name] !== "");
  if (absent.length === 0) {
    describe(title, suite);
    return;
  }
  const reasons = absent.map((name) => `${name} is missing: ${missing[name]}`).join("; ");
  const required = inject("required");
  if (absent.some((name) => required.includes(name))) {
    describe(title, () => {
      test("its peers are required", () => {
        throw new Error(reasons);
      });
    });
  } else {
    describe.skip(`${title} (${reasons})`, suite);
  }
}

/**
 * What a conformance case is: who is judged by which clauses, from which configuration, by which criteria, through which
 * procedure; and what comes out of running one.
 */
import type { Bench } from "./bench.ts";
import type { FirmwareItem, PathItem } from "./client-under-test.ts";
import type { BaseConfiguration } from "./configurations.ts";
import type { Packet } from "./ladder.ts";

/** Of the LwM2M enabler. */
export type Version = "1.0" | "1.1" | "1.2";

/**
 * - `fail`: a criterion does not hold.
 * - `inconclusive`: the case did not come to judge all its criteria, since what it builds on went wrong.
 * - `not applicable`: it is not about a client like this one.
 * - `not run`: it is, but the harness could not.
 */
export type Verdict = "pass" | "fail" | "inconclusive" | "not applicable" | "not run";

/** What a client may have and need not. */
export const FEATURES = [
  "queue mode",
  "reboot",
  "disable",
  "observe parameters",
  "evaluation periods",
  "composite",
  // Beyond packages of firmware, whose transfer every client with object 5 has to know.
  "block-wise",
  "send",
  "profile id",
  "bootstrap",
  "bootstrap pack",
  "firmware update",
  // Of version 1.1 of object 5: an update that a server takes back, and one that waits for the device's user, who says nothing.
  "firmware cancel",
  "firmware deferral",
  "statistics",
  "several servers",
  "cellular",
  "smartcard",
  "tcp",
  // Of CoAP: what it leaves to each server.
  "separate responses",
  "etag",
  "if-match",
  "if-none-match",
  "location query",
  "confirmable notifications",
  "non-confirmable notifications",
  "well-known core",
  "link filters",
] as const;
export type Feature = (typeof FEATURES)[number];

/** What the harness itself has not, yet. */
export type Missing = "DTLS" | "TLS over TCP" | "OSCORE" | "EST" | "MQTT";

/** What a case needs beyond the objects of its configuration. */
export interface Needs {
  /** Content-Formats of the client. Lacking one makes the case not applicable. */
  readonly formats?: readonly number[];
  /** Content-Formats of which the client has to have one. Lacking all makes the case not applicable. */
  readonly oneOfFormats?: readonly number[];
  readonly features?: readonly Feature[];
  /** Resources that are optional. A client whose profile says null of one makes the case not applicable. */
  readonly resources?: readonly string[];
  /** True when values have to change on the client's side. An adapter that cannot do so cannot run the case. */
  readonly setsValues?: boolean;
  /** True when the client has to be told to send values. An adapter that cannot tell it cannot run the case. */
  readonly sends?: boolean;
  /** True when the client's power has to be cut. An adapter that cannot cut it cannot run the case. */
  readonly powerCycles?: boolean;
  /** True when a smartcard has to be put in. An adapter that cannot have it put in cannot run the case. */
  readonly insertsCard?: boolean;
  /** True when something is sent from what is none of the client's servers. An adapter that cannot do so cannot run the case. */
  readonly stranger?: boolean;
  /** What the profile has to give. Without it the case is not run. */
  readonly firmware?: readonly FirmwareItem[];
  /** The same, of paths. */
  readonly paths?: readonly PathItem[];
  /** What stops the harness from running the case. */
  readonly missing?: Missing;
}

export interface ConformanceCase<Criterion extends string = string> {
  /** The OMA ETS id, `LightweightM2M-1.1-int-101`, or of our own `dormouse-...`. */
  readonly id: string;
  readonly title: string;
  /** Versions of the enabler that it applies to. */
  readonly versions: readonly Version[];
  readonly role: "client";
  /** What it proves, as citations. */
  readonly clauses: readonly string[];
  readonly configuration: BaseConfiguration;
  /** "registered": the client is started and registers first, which is no part of what is judged. */
  readonly begins: "off" | "registered";
  readonly needs?: Needs;
  /** In words, by a short name. Every one has to be judged for the case to pass. */
  readonly criteria: Readonly<Record<Criterion, string>>;
  /** Where the printed case is wrong: what is run instead, and why. */
  readonly correction?: string;
  /** The procedure in words, for cases that cannot be run yet; of the others the ladder shows it. */
  readonly steps?: readonly string[];
  procedure(bench: Bench<Criterion>): Promise<void>;
}

/** Criteria of every case, whatever it is about. */
export const UNIVERSAL_CRITERIA = {
  "well-formed": "every datagram is a well-formed CoAP message (RFC 7252 §3)",
  "legal-code": "every answer has a code that LwM2M allows for the operation",
  alive: "the client does not crash",
} as const;

export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly version: Version;
  readonly verdict: Verdict;
  /** One sentence. */
  readonly why: string;
  /** The name of the criterion that failed. */
  readonly criterion: string | undefined;
  /** What it proves, as citations. */
  readonly clauses: readonly string[];
  /** In words, by a short name. */
  readonly criteria: Readonly<Record<string, string>>;
  /** Where the printed case is wrong: what was run instead. */
  readonly correction: string | undefined;
  /** The exchange, one line per datagram and step. */
  readonly ladder: string;
  /** The datagrams of the exchange. */
  readonly packets: readonly Packet[];
  /** How long it took by the client's clock. */
  readonly seconds: number;
}

/** States a case for clients; the names of its criteria are checked against their use. */
export function clientCase<Criterion extends string>(
  stated: Omit<ConformanceCase<Criterion>, "role">,
): ConformanceCase {
  return { ...stated, role: "client" };
}

/** A case for clients that waits for something the harness has not: everything but the procedure is there. */
export function plannedCase(
  stated: Omit<ConformanceCase, "role" | "procedure" | "needs" | "begins" | "steps"> & {
    readonly needs: Needs & { readonly missing: Missing };
    readonly steps: readonly string[];
  },
): ConformanceCase {
  return {
    ...stated,
    role: "client",
    begins: "off",
    procedure: () => Promise.reject(new Error(`it needs ${stated.needs.missing}`)),
  };
}

/** The groups of cases, and what a run may be narrowed to. */
import type { Version } from "../case.ts";

export interface Group {
  /** For `--group`. */
  readonly name: string;
  readonly title: string;
}

interface NumberedGroup extends Group {
  /** ETS numbers, both included. */
  readonly from: number;
  readonly to: number;
}

/** The chapters of the ETS. */
const ETS_GROUPS: readonly NumberedGroup[] = [
  { name: "bootstrap", title: "Bootstrap (ETS 0-99)", from: 0, to: 99 },
  { name: "registration", title: "Client Registration (ETS 100-199)", from: 100, to: 199 },
  {
    name: "device-management",
    title: "Device Management & Service Enablement (ETS 200-299)",
    from: 200,
    to: 299,
  },
  { name: "reporting", title: "Information Reporting (ETS 300-399)", from: 300, to: 399 },
  { name: "security", title: "Security (ETS 400-499)", from: 400, to: 499 },
  { name: "core-objects", title: "Core Objects (ETS 500-999)", from: 500, to: 999 },
  { name: "additional-objects", title: "Additional Objects (ETS 1000-2099)", from: 1000, to: 2099 },
];
const COAP: Group = { name: "coap", title: "CoAP (ETSI/IETF plugtest descriptions, and beyond)" };
const OWN: Group = { name: "own", title: "What no published suite has" };

export const GROUPS: readonly Group[] = [...ETS_GROUPS, COAP, OWN];

/** The group of a case, by its id. */
export function groupOf(id: string): Group {
  if (id.startsWith("TD_COAP_") || id.startsWith("dormouse-coap-")) return COAP;
  const number = etsNumber(id);
  if (number === undefined) return OWN;
  return ETS_GROUPS.find(({ from, to }) => number >= from && number <= to) ?? OWN;
}

/** 101 of `LightweightM2M-1.1-int-101`. */
export function etsNumber(id: string): number | undefined {
  const marker = "-int-";
  const at = id.indexOf(marker);
  if (!id.startsWith("LightweightM2M-") || at < 0) return undefined;
  const number = Number(id.slice(at + marker.length));
  return Number.isInteger(number) ? number : undefined;
}

/** What a client must pass to be let in to an OMA TestFest. */
const TESTFEST = [101, 102, 201, 203];

export const LEVELS = ["testfest", "1.0", "1.1", "1.2"] as const;
export type Level = (typeof LEVELS)[number];

/** Whether a case belongs to a level: the TestFest's minimum, or everything up to a version of the enabler. */
export function isOfLevel(id: string, versions: readonly Version[], level: Level): boolean {
  if (level === "testfest") return TESTFEST.includes(etsNumber(id) ?? -1);
  return versions.some((version) => version <= level);
}

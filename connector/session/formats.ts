/**
 * The Content-Formats that a registration allows, and which is the best for what is asked where the application names none.
 *
 * A version has formats (LwM2M Core 1.2.2 §7.5); what a device lists with its root link (`ct`) it has whatever its version.
 */
import {
  CBOR,
  LINK_FORMAT,
  LWM2M_CBOR,
  LWM2M_JSON,
  OCTET_STREAM,
  OLD_LWM2M_JSON,
  SENML_CBOR,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../protocol/coap/content-formats.ts";
import { ENABLER_VERSIONS, enablerOf } from "../../protocol/lwm2m/versions.ts";
import type { Registration } from "../registry/registration.ts";

type Listing = Pick<Registration, "version" | "contentFormats">;

/** The versions that have a format, by their place in ENABLER_VERSIONS: from one, up to one. */
const VERSIONS_OF: ReadonlyMap<number, readonly [from: number, to: number]> = new Map([
  [TEXT, [0, 2]],
  [LINK_FORMAT, [0, 2]],
  [OCTET_STREAM, [0, 2]],
  [TLV, [0, 2]],
  // A 1.1 device must not write it any more (LwM2M Core 1.2.2 §7.5.6).
  [LWM2M_JSON, [0, 0]],
  [OLD_LWM2M_JSON, [0, 0]],
  [CBOR, [1, 2]],
  [SENML_JSON, [1, 2]],
  [SENML_CBOR, [1, 2]],
  [SENML_ETCH_JSON, [2, 2]],
  [SENML_ETCH_CBOR, [2, 2]],
  [LWM2M_CBOR, [2, 2]],
]);

/** For people. */
const FORMAT_NAMES: ReadonlyMap<number, string> = new Map([
  [TEXT, "text"],
  [LINK_FORMAT, "link-format"],
  [OCTET_STREAM, "opaque"],
  [TLV, "TLV"],
  [LWM2M_JSON, "LwM2M JSON"],
  [OLD_LWM2M_JSON, "LwM2M JSON"],
  [CBOR, "CBOR"],
  [SENML_JSON, "SenML JSON"],
  [SENML_CBOR, "SenML CBOR"],
  [SENML_ETCH_JSON, "SenML-ETCH JSON"],
  [SENML_ETCH_CBOR, "SenML-ETCH CBOR"],
  [LWM2M_CBOR, "LwM2M CBOR"],
]);

/** Formats of whole trees in the order in which they are preferred: with times, in few bytes, readable by most. */
const OF_TREES: readonly number[] = [SENML_CBOR, LWM2M_CBOR, SENML_JSON];
/** Formats of the paths of a composite, in the order in which they are tried. */
const OF_PATHS: readonly number[] = [SENML_CBOR, SENML_ETCH_CBOR, SENML_JSON, SENML_ETCH_JSON];

export function formatName(format: number): string {
  return FORMAT_NAMES.get(format) ?? `format ${format}`;
}

/** The version of LwM2M that a device is asked by, `1.0` to `1.2`; undefined for a plain CoAP device. */
export function enablerOfDevice({ version }: Pick<Registration, "version">): string | undefined {
  return version === undefined ? undefined : enablerOf(version);
}

/** True when a device is of this version or a later one. */
export function isSince(registration: Pick<Registration, "version">, version: string): boolean {
  const enabler = enablerOfDevice(registration) ?? "";
  return ENABLER_VERSIONS.indexOf(enabler) >= ENABLER_VERSIONS.indexOf(version);
}

/** Whether a device has a format, as far as its registration tells. */
export function hasFormat(registration: Listing, format: number): boolean {
  if (registration.contentFormats.includes(format)) return true;
  const versions = VERSIONS_OF.get(format);
  const at = ENABLER_VERSIONS.indexOf(enablerOfDevice(registration) ?? "");
  return versions !== undefined && at >= versions[0] && at <= versions[1];
}

/**
 * The format to ask for what is at and below a path.
 *
 * One value is text, which every device has. For more it is TLV, as applications have always been answered, unless the device lists
 * formats and not TLV.
 *
 * @param depth of the path: 3 and 4 are one value, or the instances of one
 */
export function bestAccept(registration: Listing, depth: number): number {
  if (depth > 2) return TEXT;
  const { contentFormats } = registration;
  if (contentFormats.length === 0 || contentFormats.includes(TLV)) return TLV;
  return OF_TREES.find((format) => contentFormats.includes(format)) ?? TLV;
}

/** The format to ask for the values of a composite, whose paths are written in `paths`. */
export function compositeAccept(registration: Listing, paths: number): number {
  const { contentFormats } = registration;
  const listed = OF_TREES.find((format) => contentFormats.includes(format));
  if (listed !== undefined) return listed;
  return paths === SENML_JSON || paths === SENML_ETCH_JSON ? SENML_JSON : SENML_CBOR;
}

/** The formats in which the paths of a composite may be written, the best first: those that the device lists before others. */
export function pathsFormats(registration: Listing): readonly number[] {
  const { contentFormats } = registration;
  const usable = OF_PATHS.filter((format) => hasFormat(registration, format));
  const listed = usable.filter((format) => contentFormats.includes(format));
  return [...listed, ...usable.filter((format) => !listed.includes(format))];
}

/**
 * The format in which to write the values of a Write-Composite. LwM2M CBOR only where no SenML is listed: it has no place for an
 * alternate path.
 */
export function valuesFormat({ contentFormats }: Listing): number {
  const order = [SENML_CBOR, SENML_JSON, LWM2M_CBOR];
  return order.find((format) => contentFormats.includes(format)) ?? SENML_CBOR;
}

/** The format in which a Write-Composite can also remove something; undefined where the device has none. */
export function changesFormat(registration: Listing): number | undefined {
  const usable = [SENML_ETCH_CBOR, SENML_ETCH_JSON].filter((each) => hasFormat(registration, each));
  return usable.find((format) => registration.contentFormats.includes(format)) ?? usable[0];
}

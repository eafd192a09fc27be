/**
 * Versions of the enabler and what each implies: object versions that need not be said, letters of
 * bindings, whether a lifetime may be without end.
 */

/** In ascending order. 1.2.1 and 1.2.2 register as 1.2. */
export const ENABLER_VERSIONS: readonly string[] = ["1.0", "1.1", "1.2"];

/**
 * The enabler version to treat a device as, by what it registered with: 1.2.1 as 1.2, and a later
 * 1.x as the last one here (LwM2M Core 1.2.2 §5.1). Undefined for another major version or no
 * version at all, which a server refuses with 4.12.
 */
export function enablerOf(version: string): string | undefined {
  if (version.substring(0, 2) !== "1." || version.length > 8) return undefined;
  let minor = -1;
  for (let i = 2; i < version.length && version.charAt(i) !== "."; i++) {
    const digit = version.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    minor = (minor < 0 ? 0 : minor * 10) + digit;
  }
  return minor < 0 ? undefined : ENABLER_VERSIONS[minor < 2 ? minor : 2];
}

/** Object id, then its version in LwM2M 1.1 and in 1.2; an object that is missing is at 1.0. */
// biome-ignore format: a table
const IMPLIED: readonly (string | number)[] = [
  0, "1.1", "1.2",
  1, "1.1", "1.2",
  2, "1.0", "1.1",
  3, "1.1", "1.2",
  4, "1.2", "1.3",
  5, "1.0", "1.1",
  21, "1.0", "2.0",
];

/**
 * The version of an object that stands in a list without `ver` (LwM2M Core 1.2.2 §7.2.3, Appendix
 * E): the one of the enabler for objects that it defines, 1.0 for all others. For Firmware Update
 * it is the table's 1.1, though the text beside it defines 1.2.
 *
 * @param enabler what the device registered with, `1.0`, `1.1` or `1.2`
 */
export function impliedObjectVersion(enabler: string, objectId: number): string {
  const column = ENABLER_VERSIONS.indexOf(enabler);
  if (column < 1) return "1.0";
  for (let i = 0; i < IMPLIED.length; i += 3) {
    if (IMPLIED[i] === objectId) return IMPLIED[i + column] as string;
  }
  return "1.0";
}

/**
 * True for a binding that a version has: in 1.0 one of six words, Q within them; later a choice of
 * letters, each once (LwM2M Core 1.2.2 §6.2.1.2).
 */
export function isBindingOf(enabler: string, binding: string): boolean {
  if (enabler === "1.0") return ["U", "UQ", "S", "SQ", "US", "UQS"].indexOf(binding) >= 0;
  const letters = enabler === "1.1" ? "UTSN" : "UMHTSN";
  for (let i = 0; i < binding.length; i++) {
    const letter = binding.charAt(i);
    if (letters.indexOf(letter) < 0 || binding.indexOf(letter) !== i) return false;
  }
  return binding.length > 0;
}

/**
 * True when a lifetime never ends: 0, from LwM2M 1.2 on (LwM2M Core 1.2.2 §E.2). Before, it is a
 * lifetime of no seconds.
 */
export function isEndless(enabler: string, lifetime: number): boolean {
  return lifetime === 0 && ENABLER_VERSIONS.indexOf(enabler) >= 2;
}

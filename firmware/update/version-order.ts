/** Versions of packages: one to four decimal numbers with points between, `2`, `1.4.0`, of which one can say which is the later. */

const MOST_NUMBERS = 4;
/** Digits of a number: 32 bits hold it. */
const MOST_DIGITS = 9;

/** The numbers of a version; undefined for what is none, numbers with leading zeros among it. */
export function versionNumbers(version: string): number[] | undefined {
  const parts = version.split(".");
  if (parts.length > MOST_NUMBERS) return undefined;
  const numbers: number[] = [];
  for (let i = 0; i < parts.length; i++) {
    const digits = parts[i];
    const isNumber = /^[0-9]+$/.test(digits) && digits.length <= MOST_DIGITS;
    if (!isNumber || (digits.length > 1 && digits.charAt(0) === "0")) return undefined;
    numbers.push(+digits);
  }
  return numbers;
}

/** True when the one version is before the other; `1.0` and `1` are the same. Of what is no version nothing is before or after. */
export function isOlder(version: string, than: string): boolean {
  const a = versionNumbers(version);
  const b = versionNumbers(than);
  if (a === undefined || b === undefined) return false;
  for (let i = 0; i < MOST_NUMBERS; i++) {
    const difference = (i < a.length ? a[i] : 0) - (i < b.length ? b[i] : 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

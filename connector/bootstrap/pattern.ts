/** Patterns of endpoint names: `*` is any number of letters, `?` is one, everything else itself. */

/** Whether a name is one of the pattern. Takes time in proportion to the product of their lengths, whatever the pattern. */
export function isMatch(pattern: string, name: string): boolean {
  let at = 0;
  let inName = 0;
  let star = -1;
  let retryFrom = 0;
  while (inName < name.length) {
    if (at < pattern.length && pattern[at] === "*") {
      star = at++;
      retryFrom = inName;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === name[inName])) {
      at++;
      inName++;
    } else if (star >= 0) {
      // The last star takes one letter more.
      at = star + 1;
      inName = ++retryFrom;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

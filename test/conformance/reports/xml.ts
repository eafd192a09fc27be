/** What markup needs. */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for XML and HTML, in elements and quoted attributes. What XML 1.0 cannot hold becomes U+FFFD. */
export function escapeMarkup(text: string): string {
  let escaped = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const isAllowed =
      code === 9 ||
      code === 10 ||
      code === 13 ||
      (code >= 32 && code !== 127 && (code < 0xd800 || code > 0xdfff) && code < 0xfffe) ||
      code > 0xffff;
    escaped += isAllowed ? (ENTITIES[character] ?? character) : "\ufffd";
  }
  return escaped;
}

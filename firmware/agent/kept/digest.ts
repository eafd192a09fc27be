/** A number by which a text is known to be as it was. */

/** FNV-1a, 32 bits. */
export function digestOf(text: string): number {
  let digest = 2166136261;
  for (let i = 0; i < text.length; i++) {
    digest ^= text.charCodeAt(i);
    // Times 16777619, in pieces that stay exact.
    const high = ((digest >>> 16) * 403) & 0xffff;
    digest = ((digest & 0xffff) * 16777619 + high * 65536) % 4294967296;
  }
  return digest;
}

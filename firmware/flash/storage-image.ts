/**
 * The contents of a board's Storage as bytes, to be flashed together with the firmware: a header and the content per file, one
 * after the other, from the beginning of the erased area (Espruino `jsflash.h`, `JsfFileHeader`).
 *
 *   0        4                          32
 *   +--------+--------------------------+---------------+-------------+
 *   | size   | name, padded with zeros  | content       | 0xFF to 4   |
 *   +--------+--------------------------+---------------+-------------+
 */

export interface StorageFile {
  /** At most 28 characters, each a byte. `.bootcde` is what a board runs when it starts. */
  readonly name: string;
  /** At most 2^24 - 1 bytes. */
  readonly content: Uint8Array;
}

const NAME_LENGTH = 28;
const HEADER_LENGTH = 4 + NAME_LENGTH;
const ERASED = 0xff;

/**
 * Lays out files in an erased area of `size` bytes.
 *
 * Throws an Error when a name does not fit its header or the files do not fit the area.
 */
export function storageImage(files: readonly StorageFile[], size: number): Uint8Array {
  const image = new Uint8Array(size).fill(ERASED);
  let at = 0;
  for (const { name, content } of files) {
    if (name.length === 0 || name.length > NAME_LENGTH) {
      throw new Error(`"${name}" cannot name a Storage file: 1 to ${NAME_LENGTH} characters`);
    }
    const end = at + HEADER_LENGTH + content.length;
    if (end > size) throw new Error(`"${name}" ends ${end - size} bytes past the Storage area`);
    image.fill(0, at, at + HEADER_LENGTH);
    new DataView(image.buffer).setUint32(at, content.length, true);
    for (let i = 0; i < name.length; i++) image[at + 4 + i] = name.charCodeAt(i);
    image.set(content, at + HEADER_LENGTH);
    at = (end + 3) & ~3;
  }
  return image;
}

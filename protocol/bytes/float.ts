/** IEEE 754 numbers as big-endian bytes. */

const view = new DataView(new ArrayBuffer(8));

/** The bytes that `layFloat` laid out, from index 0: overwritten by the next call. */
export const floatBytes = new Uint8Array(view.buffer);

/**
 * Lays a number out in `floatBytes`.
 *
 * @returns its length: 4 where a single holds it exactly, else 8
 */
export function layFloat(value: number): number {
  view.setFloat32(0, value);
  if (view.getFloat32(0) === value) return 4;
  view.setFloat64(0, value);
  return 8;
}

/** Reads a single (length 4) or a double (length 8) at `at`. */
export function readFloat(bytes: Uint8Array, at: number, length: number): number {
  for (let i = 0; i < length; i++) floatBytes[i] = bytes[at + i];
  return length === 4 ? view.getFloat32(0) : view.getFloat64(0);
}

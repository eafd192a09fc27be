/**
 * Paths into a device's tree: object, object instance, resource, resource instance (LwM2M Core
 * 1.1.1 §7.1).
 */

/** Up to four ids: `[]` is the root, `[3]` an object, `[3, 0, 11, 2]` a resource instance. */
export type Path = readonly number[];

/**
 * The id no object, instance or resource may have (LwM2M Core 1.1.1 §7.3). In a decoded Create
 * payload it stands for the instance id that the server left to the client.
 */
export const RESERVED_ID = 65535;

const DEEPEST = 4;
const SLASH = 47;

/**
 * Reads "/3/0/1", or "/" as the root.
 *
 * @returns undefined for anything else: a name, an empty segment, a leading zero, an id above
 * 65535, a fifth segment. RESERVED_ID is read, since whoever asks for it gets an answer of its own
 * (4.05).
 */
export function parsePath(text: string): Path | undefined {
  if (text === "/") return [];
  let depth = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) === SLASH) depth++;
  if (depth === 0 || depth > DEEPEST || text.charCodeAt(0) !== SLASH) return undefined;
  // Made as long as it gets: an array that grows by push keeps room for 17.
  const path: number[] = new Array(depth);
  let id = -1;
  let level = 0;
  for (let i = 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === SLASH) {
      if (id < 0) return undefined;
      path[level++] = id;
      id = -1;
    } else {
      if (unit < 48 || unit > 57 || id === 0) return undefined;
      id = id < 0 ? unit - 48 : id * 10 + unit - 48;
      if (id > RESERVED_ID) return undefined;
    }
  }
  if (id < 0) return undefined;
  path[level] = id;
  return path;
}

/** Writes "/3/0/1"; the root is "/". */
export function formatPath(path: Path): string {
  if (path.length === 0) return "/";
  let text = "";
  for (let i = 0; i < path.length; i++) text += `/${path[i]}`;
  return text;
}

/** True when `path` is `base` itself or lies below it. */
export function isWithin(path: Path, base: Path): boolean {
  if (path.length < base.length) return false;
  for (let i = 0; i < base.length; i++) if (path[i] !== base[i]) return false;
  return true;
}

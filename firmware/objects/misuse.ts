/** The caller's fault: to be thrown. `code` tells what it is, for example `object/value-wrong`; `about` where. */
export function misuse(code: string, about: string): Error {
  const error = new Error(`${code}: ${about}`);
  // A field rather than a class of its own: Espruino cannot extend Error.
  (error as { code?: string }).code = code;
  return error;
}

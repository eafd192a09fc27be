/** The file with the connector's secret, from which keys are derived. Beside the store and not in it: a copy of the store holds no key. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ServerSecret } from "./server-secret.ts";

const FILE = "server-secret";
const LENGTH = 32;

/**
 * Reads the secret of a folder, and makes it at the first time.
 *
 * @param folder made if need be, for its owner only; undefined draws a secret for this process
 * @throws Error when the file cannot be read or written, or is not a secret
 */
export function serverSecret(folder: string | undefined): ServerSecret {
  if (folder === undefined) return new ServerSecret(randomBytes(LENGTH));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, FILE);
  try {
    // "wx" makes it or fails: two processes that start together must not end with two secrets.
    writeFileSync(file, randomBytes(LENGTH).toString("hex"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const secret = Buffer.from(readFileSync(file, "utf8").trim(), "hex");
  if (secret.length !== LENGTH) {
    throw new Error(`${file} is not a secret of ${LENGTH} bytes; restore it from a backup.`);
  }
  return new ServerSecret(secret);
}

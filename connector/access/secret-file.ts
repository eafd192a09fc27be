/** The file with the connector's secret, from which keys are derived. Beside the store and not in it: a copy of the store holds no key. */
import { randomBytes } from "node:crypto";
import { SecretFolder } from "../certificates/secrets.ts";
import { ServerSecret } from "./server-secret.ts";

const NAME = "server-secret";
const LENGTH = 32;

/**
 * Reads the secret of a folder, and makes it at the first time. It is durable before anything is derived from it. Only whoever has the
 * store of the same folder may call this: two that make it at once would end with two.
 *
 * @param folder made if need be, for its owner only; undefined draws a secret for this process
 * @throws Error when the file cannot be read or written, or is not a secret
 */
export function serverSecret(folder: string | undefined): ServerSecret {
  if (folder === undefined) return new ServerSecret(randomBytes(LENGTH));
  const secrets = new SecretFolder(folder);
  const text = secrets.read(NAME) ?? newSecret(secrets);
  const secret = Buffer.from(text.trim(), "hex");
  if (secret.length !== LENGTH) {
    const file = secrets.describe(NAME);
    throw new Error(`${file} is not a secret of ${LENGTH} bytes; restore it from a backup.`);
  }
  return new ServerSecret(secret);
}

function newSecret(secrets: SecretFolder): string {
  const text = randomBytes(LENGTH).toString("hex");
  secrets.write(NAME, text);
  return text;
}

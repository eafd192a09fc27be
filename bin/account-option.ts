/**
 * What `--server` of `dormouse device` takes: an address, and settings of its account behind commas.
 *
 *     coap://127.0.0.1:5683
 *     coap+tcp://a.example,priority=1,block,retry-timer=10
 */
import { parseAddress } from "../firmware/agent/stream-address.ts";
import type { NodeServerAccount } from "../firmware/boards/node/main.ts";

type Setting = Exclude<keyof NodeServerAccount, "uri">;

/** Name on the command line, in the account, and whether it is a number or a yes. */
const SETTINGS: Readonly<Record<string, readonly [Setting, "number" | "yes" | "no"]>> = {
  id: ["shortServerId", "number"],
  lifetime: ["lifetime", "number"],
  priority: ["priorityOrder", "number"],
  delay: ["initialDelay", "number"],
  block: ["failureBlock", "yes"],
  "no-bootstrap": ["bootstrapOnFailure", "no"],
  retries: ["retryCount", "number"],
  "retry-timer": ["retryTimer", "number"],
  sequences: ["sequenceRetryCount", "number"],
  "sequence-delay": ["sequenceDelay", "number"],
  "disable-timeout": ["disableTimeout", "number"],
};

const LARGEST = 4294967295;

/** Reads one. Throws an Error that names what is wrong and what may be there. */
export function accountOption(text: string): NodeServerAccount {
  const [uri, ...settings] = text.split(",");
  try {
    parseAddress(uri);
  } catch {
    throw new Error("It must be coap://HOST[:PORT] or coap+tcp://HOST[:PORT].");
  }
  const account: Record<string, unknown> = { uri };
  for (const setting of settings) {
    const equals = setting.indexOf("=");
    const name = equals < 0 ? setting : setting.slice(0, equals);
    const known = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
    if (known === undefined) {
      throw new Error(
        `There is no setting "${name}"; there are ${Object.keys(SETTINGS).join(", ")}.`,
      );
    }
    account[known[0]] = settingOf(
      name,
      known[1],
      equals < 0 ? undefined : setting.slice(equals + 1),
    );
  }
  return account as unknown as NodeServerAccount;
}

function settingOf(
  name: string,
  kind: "number" | "yes" | "no",
  value: string | undefined,
): unknown {
  if (kind !== "number") {
    if (value !== undefined) throw new Error(`${name} has no value: it is there or not.`);
    return kind === "yes";
  }
  const least = name === "id" ? 1 : 0;
  const most = name === "id" ? 65534 : LARGEST;
  const number = Number(value);
  if (value === undefined || !/^\d+$/.test(value) || number < least || number > most) {
    throw new Error(
      `${name} must be a whole number from ${least} to ${most}, as in ${name}=${least + 1}.`,
    );
  }
  return number;
}

/**
 * Bootstrap configurations of Eclipse Leshan's demo Bootstrap-Server, and of what imitates it: `--bootstrap-rest URL --bootstrap-api leshan`.
 *
 * A configuration names its members there, and has objects 0, 1 and 2 alone.
 */
import type { Value } from "../../../protocol/model/data-types.ts";
import type {
  BootstrapClaims,
  BootstrapOperator,
  BootstrapOutcome,
  BootstrapPlan,
} from "../bootstrap-under-test.ts";
import { bare, type Fetcher, reach } from "./rest.ts";

const CLAIMS: BootstrapClaims = { versions: ["1.0", "1.1"], abilities: ["configure", "discover"] };

/** By object: Leshan's name, and those of the resources. */
const MEMBERS: Readonly<Record<string, readonly [name: string, Readonly<Record<string, string>>]>> =
  {
    0: [
      "security",
      {
        0: "uri",
        1: "bootstrapServer",
        2: "securityMode",
        3: "publicKeyOrId",
        4: "serverPublicKey",
        5: "secretKey",
        10: "serverId",
      },
    ],
    1: [
      "servers",
      { 0: "shortId", 1: "lifetime", 5: "disableTimeout", 6: "notifIfDisabled", 7: "binding" },
    ],
    2: ["acls", { 0: "objectId", 1: "objectInstanceId", 2: "acls", 3: "AccessControlOwner" }],
  };
const SECURITY_MODES = ["PSK", "RPK", "X509", "NO_SEC", "EST"];

/** True when what answers at this URL is Leshan's interface: its configurations are an object. */
export async function isLeshanBootstrap(url: string, fetcher: Fetcher = fetch): Promise<boolean> {
  try {
    const response = await fetcher(`${bare(url)}/api/bootstrap`);
    const configurations: unknown = response.ok ? await response.json() : undefined;
    return typeof configurations === "object" && !Array.isArray(configurations);
  } catch {
    return false;
  }
}

/**
 * Opens the interface. Rejects when the URL does not answer as Leshan does.
 *
 * @param key for what imitates Leshan, and lets nobody in without one
 */
export async function leshanBootstrapOperator(
  url: string,
  key?: string,
  fetcher: Fetcher = fetch,
): Promise<BootstrapOperator> {
  const operator = new LeshanBootstrapOperator(bare(url), key, fetcher);
  await operator.open();
  return operator;
}

class LeshanBootstrapOperator implements BootstrapOperator {
  readonly name = "Leshan bootstrap REST API";
  readonly claims = CLAIMS;
  private readonly url: string;
  private readonly key: string | undefined;
  private readonly fetcher: Fetcher;

  constructor(url: string, key: string | undefined, fetcher: Fetcher) {
    this.url = url;
    this.key = key;
    this.fetcher = fetcher;
  }

  open(): Promise<void> {
    return this.ask("GET", "");
  }

  configure(endpointName: string, plan: BootstrapPlan): Promise<void> {
    return this.ask("POST", `/${encodeURIComponent(endpointName)}`, leshanConfigOf(plan));
  }

  remove(endpointName: string): Promise<void> {
    return this.ask("DELETE", `/${encodeURIComponent(endpointName)}`);
  }

  async outcome(): Promise<BootstrapOutcome | undefined> {
    return undefined;
  }

  async close(): Promise<void> {}

  private async ask(method: string, path: string, body?: object): Promise<void> {
    const headers: Record<string, string> = {};
    if (this.key !== undefined) headers["authorization"] = `Bearer ${this.key}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    const request = { method, headers, body: body && JSON.stringify(body) };
    const response = await reach(this.fetcher, `${this.url}/api/bootstrap${path}`, request);
    const text = await response.text();
    // What was not there need not be removed.
    if (response.ok || (method === "DELETE" && response.status === 404)) return;
    const reason = text.slice(0, 200);
    throw new Error(`${method} /api/bootstrap${path} is answered ${response.status}: ${reason}`);
  }
}

/** A plan as Leshan has it. @throws Error for what it has no name for */
export function leshanConfigOf({ values, deletes, discovers }: BootstrapPlan): object {
  const config: Record<string, Record<string, Record<string, unknown>>> = {
    security: {},
    servers: {},
    acls: {},
  };
  for (const [path, value] of Object.entries(values)) {
    const [, objectId, instanceId, resourceId, resourceInstanceId] = path.split("/");
    const [part, names] = MEMBERS[objectId] ?? [];
    const name = names?.[resourceId];
    if (part === undefined || name === undefined) throw new Error(`Leshan has no name for ${path}`);
    config[part][instanceId] ??= {};
    const instance = config[part][instanceId];
    if (resourceInstanceId === undefined) instance[name] = jsonOf(name, value);
    else instance[name] = { ...(instance[name] as object), [resourceInstanceId]: value };
  }
  const { security, servers, acls } = config;
  return {
    toDelete: deletes,
    security,
    servers,
    acls,
    ...(discovers === true && { autoIdForSecurityObject: true }),
  };
}

function jsonOf(name: string, value: Value): unknown {
  if (name === "securityMode") return SECURITY_MODES[Number(value)];
  return value instanceof Uint8Array ? [...value] : value;
}

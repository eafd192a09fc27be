/**
 * Bootstrap configurations of Dormouse's own connector, through its administration (docs/bootstrap.md): `--rest URL --key KEY`, the key of
 * somebody who may change them.
 */
import type { Value } from "../../../protocol/model/data-types.ts";
import type {
  BootstrapClaims,
  BootstrapOperator,
  BootstrapOutcome,
  BootstrapPlan,
} from "../bootstrap-under-test.ts";
import { formatBytes } from "../content.ts";
import { bare, type Fetcher, reach } from "./rest.ts";

const CLAIMS: BootstrapClaims = {
  versions: ["1.0", "1.1", "1.2"],
  abilities: ["configure", "discover", "read", "single resources", "outcomes"],
};

interface DeviceView {
  readonly outcomes: readonly {
    readonly endedAt: string;
    readonly took: number;
    readonly outcome: string;
    readonly reason: string | null;
  }[];
}

/** Opens the interface. Rejects when the URL does not answer, or the key may not change configurations. */
export async function connectorBootstrapOperator(
  url: string,
  key: string,
  fetcher: Fetcher = fetch,
): Promise<BootstrapOperator> {
  const operator = new ConnectorBootstrapOperator(bare(url), key, fetcher);
  await operator.open();
  return operator;
}

class ConnectorBootstrapOperator implements BootstrapOperator {
  readonly name = "Dormouse administration API";
  readonly claims = CLAIMS;
  private readonly url: string;
  private readonly key: string;
  private readonly fetcher: Fetcher;
  /** By endpoint, what was told last. */
  private readonly told = new Map<string, string>();

  constructor(url: string, key: string, fetcher: Fetcher) {
    this.url = url;
    this.key = key;
    this.fetcher = fetcher;
  }

  async open(): Promise<void> {
    await (await this.ask("GET", "/admin/bootstrap/configurations?limit=1", 200)).body?.cancel();
  }

  async configure(endpointName: string, plan: BootstrapPlan): Promise<void> {
    // What became of it in an earlier run is no news.
    await this.outcome(endpointName);
    const path = `/admin/bootstrap/configurations/${encodeURIComponent(endpointName)}`;
    await (await this.ask("PUT", path, 200, documentOf(plan))).body?.cancel();
  }

  async remove(endpointName: string): Promise<void> {
    const path = `/admin/bootstrap/configurations/${encodeURIComponent(endpointName)}`;
    await (await this.ask("DELETE", path, 404)).body?.cancel();
  }

  async outcome(endpointName: string): Promise<BootstrapOutcome | undefined> {
    const path = `/admin/bootstrap/devices/${encodeURIComponent(endpointName)}`;
    const response = await this.ask("GET", path, 200);
    const [last] = ((await response.json()) as DeviceView).outcomes;
    if (last === undefined) return undefined;
    const { endedAt, took, outcome, reason } = last;
    const id = `${endedAt} ${took} ${reason}`;
    if (this.told.get(endpointName) === id) return undefined;
    this.told.set(endpointName, id);
    return { isSuccess: outcome === "finished", words: reason ?? outcome };
  }

  async close(): Promise<void> {}

  /** @param allowed a status that is no error besides those of success */
  private async ask(method: string, path: string, allowed: number, body?: object) {
    const headers: Record<string, string> = { authorization: `Bearer ${this.key}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    const request = { method, headers, body: body && JSON.stringify(body) };
    const response = await reach(this.fetcher, `${this.url}${path}`, request);
    if (response.ok || response.status === allowed) return response;
    const reason = (await response.text()).slice(0, 200);
    throw new Error(`${method} ${path} is answered ${response.status}: ${reason}`);
  }
}

/** A plan as the connector has it. */
export function documentOf({ values, deletes, discovers, reads, isPartial }: BootstrapPlan) {
  const objects: Record<string, Record<string, Record<string, unknown>>> = {};
  for (const [path, value] of Object.entries(values)) {
    const [, objectId, instanceId, resourceId, resourceInstanceId] = path.split("/");
    objects[objectId] ??= {};
    objects[objectId][instanceId] ??= {};
    const resources = objects[objectId][instanceId];
    if (resourceInstanceId === undefined) resources[resourceId] = jsonOf(value);
    else {
      const instances = (resources[resourceId] ?? {}) as Record<string, unknown>;
      resources[resourceId] = { ...instances, [resourceInstanceId]: jsonOf(value) };
    }
  }
  return {
    objects,
    delete: [...deletes],
    ...(discovers === true && { placement: "discover" as const }),
    ...(reads !== undefined && { read: reads as ("/1" | "/2")[] }),
    ...(isPartial === true && { partial: true }),
  };
}

function jsonOf(value: Value): unknown {
  if (value instanceof Uint8Array) return { hex: formatBytes(value).replaceAll(" ", "") };
  if (typeof value === "object") return `${value.objectId}:${value.objectInstanceId}`;
  return value;
}

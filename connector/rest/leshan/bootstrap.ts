/** `/api/bootstrap` of the Leshan demo's Bootstrap-Server: the bootstrap configurations of single devices. */
import { reaches } from "../../access/escalation.ts";
import type { BootstrapAccounts, ConfigurationRow } from "../../bootstrap/accounts.ts";
import { deletesOf, objectsOf } from "../../bootstrap/configuration.ts";
import { CONFIGURATION } from "../../bootstrap/document.ts";
import { hidden } from "../../bootstrap/hidden.ts";
import { isEndpointName } from "../../registry/registration-interface.ts";
import { noted, segment } from "../administration/request.ts";
import { type RestContext, type RestHost, readJson, refuse } from "../context.ts";
import { bootstrapConfigJson, readBootstrapConfig } from "./bootstrap-json.ts";
import { bad } from "./node-body.ts";

/** GET /api/bootstrap: all of them in one object, row by row, since there may be a hundred thousand. */
export function listBootstrapConfigs(host: RestHost, c: RestContext): Response {
  const { id } = c.get("principal").domain;
  const pieces = piecesOf(host.bootstrap.accounts, id);
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
  return c.body(stream, 200, { "content-type": "application/json" });
}

function* piecesOf(accounts: BootstrapAccounts, domainId: string): Generator<string, void> {
  let before = "{";
  const pieceOf = (row: ConfigurationRow) => {
    const piece = `${before}${JSON.stringify(row.endpointName)}:${JSON.stringify(shownConfig(row))}`;
    before = ",";
    return piece;
  };
  for (const row of accounts.fileConfigurationsOf(domainId)) {
    if (accounts.configuration(row.endpointName) === undefined) yield pieceOf(row);
  }
  for (const row of accounts.configurationsOf(domainId)) yield pieceOf(row);
  yield before === "{" ? "{}" : "}";
}

/** POST /api/bootstrap/{endpoint} */
export async function writeBootstrapConfig(host: RestHost, c: RestContext): Promise<Response> {
  const endpointName = segment(c, 2);
  if (!isOwn(host, c, endpointName)) return refuse(c, 404, `no config for ${endpointName}`);
  const body = await readJson(c);
  if (body instanceof Response) return body;
  const document = readBootstrapConfig(body.value);
  const checked = CONFIGURATION.safeParse(document);
  if (!checked.success) throw bad(checked.error.issues[0].message);
  host.bootstrap.accounts.putConfiguration(endpointName, document);
  await noted(host, c, "bootstrap.configured", endpointName);
  return c.body(null, 200);
}

/** DELETE /api/bootstrap/{endpoint} */
export async function removeBootstrapConfig(host: RestHost, c: RestContext): Promise<Response> {
  const endpointName = segment(c, 2);
  const wasThere =
    isOwn(host, c, endpointName) && host.bootstrap.accounts.removeConfiguration(endpointName);
  if (!wasThere) return refuse(c, 404, `no config for ${endpointName}`);
  await noted(host, c, "bootstrap.unconfigured", endpointName);
  return c.body(null, 204);
}

function shownConfig({ document }: ConfigurationRow): object {
  const shown = hidden(document);
  return bootstrapConfigJson(objectsOf(shown), {
    deletes: deletesOf(shown),
    discovers: shown.placement === "discover",
    format: shown.format,
  });
}

function isOwn(host: RestHost, c: RestContext, endpointName: string): boolean {
  const domainId = host.bootstrap.accounts.domainOf(endpointName);
  return reaches(c.get("principal"), domainId) && isEndpointName(endpointName);
}

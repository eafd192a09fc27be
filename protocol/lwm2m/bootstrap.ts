/**
 * The queries of Bootstrap-Request, `/bs?ep=...&pct=...`, and Bootstrap-Pack-Request,
 * `/bspack?ep=...&acc=...` (LwM2M Core 1.2.2 §6.1.7, LwM2M Transport 1.2.2 §6.4.2). Unknown names
 * are ignored, since every version adds some.
 */
import { LWM2M_CBOR, SENML_CBOR, SENML_JSON, TLV } from "../coap/content-formats.ts";
import { decodeLinks } from "../coap/link-format.ts";
import type { Malformed } from "../malformed.ts";
import { isMalformed, malformed } from "../malformed.ts";
import { parseInteger } from "../model/decimal.ts";
import type { Path } from "../model/path.ts";
import { formatPath, parsePath } from "../model/path.ts";

export interface BootstrapParameters {
  /** Undefined when the device leaves its name to the security layer. */
  readonly endpointName: string | undefined;
  /** The format that the device wants to be written to in, `pct` (since LwM2M 1.1). */
  readonly contentFormat: number | undefined;
  /** The object instances of the account that asks, `acc` (Bootstrap-Pack, since LwM2M 1.2). */
  readonly account: readonly Path[] | undefined;
}

/** What `pct` may be, and what a Bootstrap-Write of a whole object may be in. */
export const BOOTSTRAP_FORMATS: readonly number[] = [SENML_JSON, SENML_CBOR, TLV, LWM2M_CBOR];

/** What a Bootstrap-Pack may be in. */
export const PACK_FORMATS: readonly number[] = [SENML_JSON, SENML_CBOR, LWM2M_CBOR];

const SOURCE = "LwM2M Transport 1.2.2 §6.4.2";

const NAMES: readonly string[] = ["ep", "pct", "acc"];
const MOST_INSTANCES = 16;

/**
 * Parses Uri-Query texts. A repeated name is a fault, and so is a format that is no number
 * (4.00); a number that is not among BOOTSTRAP_FORMATS is the caller's to refuse (4.15).
 */
export function parseBootstrapQuery(queries: readonly string[]): BootstrapParameters | Malformed {
  const found: (string | undefined)[] = [undefined, undefined, undefined];
  for (let i = 0; i < queries.length; i++) {
    const equals = queries[i].indexOf("=");
    const at = equals < 0 ? -1 : NAMES.indexOf(queries[i].substring(0, equals));
    if (at < 0) continue;
    if (found[at] !== undefined) return malformed("lwm2m/parameter-repeated", i, SOURCE);
    found[at] = queries[i].substring(equals + 1);
  }
  const format = found[1] === undefined ? undefined : parseInteger(found[1], true);
  if (found[1] !== undefined && (typeof format !== "number" || format > 65535)) {
    return malformed("lwm2m/content-format-not-a-number", 0, SOURCE);
  }
  const account = found[2] === undefined ? undefined : parseAccount(found[2]);
  if (account !== undefined && isMalformed(account)) return account;
  return { endpointName: found[0], contentFormat: format as number | undefined, account: account };
}

/** Reads `</0/2>,</21/0>`: object instances without parameters. */
function parseAccount(text: string): Path[] | Malformed {
  const links = decodeLinks(text);
  if (isMalformed(links)) return links;
  if (links.length > MOST_INSTANCES) return malformed("lwm2m/account-too-long", 0, SOURCE);
  const paths: Path[] = [];
  for (let i = 0; i < links.length; i++) {
    const path = parsePath(links[i].uri);
    if (path === undefined || path.length !== 2 || links[i].attributes.length > 0) {
      return malformed("lwm2m/account-not-instances", 0, SOURCE);
    }
    paths.push(path);
  }
  return paths;
}

/** The texts for those parameters that are defined. */
export function bootstrapQuery(parameters: BootstrapParameters): string[] {
  const queries: string[] = [];
  if (parameters.endpointName !== undefined) queries.push(`ep=${parameters.endpointName}`);
  if (parameters.contentFormat !== undefined) queries.push(`pct=${parameters.contentFormat}`);
  const account = parameters.account;
  if (account !== undefined) {
    let links = "";
    for (let i = 0; i < account.length; i++) {
      links += `${i === 0 ? "" : ","}<${formatPath(account[i])}>`;
    }
    queries.push(`acc=${links}`);
  }
  return queries;
}

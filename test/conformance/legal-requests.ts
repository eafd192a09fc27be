/** Whether what a server asks of a client is an operation that LwM2M has: the method at that depth, its formats and parameters. */
import { DELETE, FETCH, GET, IPATCH, POST, PUT } from "../../protocol/coap/codes.ts";
import {
  CBOR,
  LINK_FORMAT,
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
  TEXT,
} from "../../protocol/coap/content-formats.ts";
import { CON, type Message } from "../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  OBSERVE,
  textsOf,
  URI_PATH,
  URI_QUERY,
  uintOf,
} from "../../protocol/coap/options.ts";
import { pathOf } from "../../protocol/coap/uri.ts";
import { operationRow } from "../../protocol/lwm2m/operation-table.ts";
import { parsePath } from "../../protocol/model/path.ts";
import type { Version } from "./case.ts";
import { formatName } from "./content.ts";
import { targetOf } from "./ladder.ts";

const ABSENT = -1;
/** The version that brought a format, where it was not the first. */
const SINCE: ReadonlyMap<number, Version> = new Map([
  [CBOR, "1.1"],
  [SENML_JSON, "1.1"],
  [SENML_CBOR, "1.1"],
  [SENML_ETCH_JSON, "1.2"],
  [SENML_ETCH_CBOR, "1.2"],
  [LWM2M_CBOR, "1.2"],
]);

/** What is wrong with a request to a client of that version, in one sentence; undefined where nothing is. Named resources are not judged. */
export function illegalIn(version: Version, message: Message): string | undefined {
  const path = parsePath(pathOf(message.options, URI_PATH));
  if (path === undefined) return undefined;
  const name = operationName(message, path.length);
  const asked = `${name ?? "a request"} came as ${targetOf(message)}`;
  const row = name === undefined ? undefined : operationRow(name);
  if (row === undefined || !row.depths.includes(path.length)) {
    return `${asked}, which no operation is`;
  }
  if (row.since > version) return `${asked} to a client of LwM2M ${version}`;
  if (message.type !== CON && !row.mayBeNon) return `${asked} in a Non-confirmable message`;
  const parameter = textsOf(message.options, URI_QUERY)
    .map((one) => one.split("=", 1)[0])
    .find((one) => !row.parameters.includes(one));
  if (parameter !== undefined) return `${asked} with the parameter ${parameter}`;
  const written = message.payload.length > 0 ? CONTENT_FORMAT : undefined;
  return (
    illegalFormat(version, message, written, row.formats, asked) ??
    illegalFormat(version, message, ACCEPT, row.accepts, asked)
  );
}

function illegalFormat(
  version: Version,
  message: Message,
  option: number | undefined,
  formats: readonly number[],
  asked: string,
): string | undefined {
  const format = option === undefined ? ABSENT : uintOf(message.options, option, ABSENT);
  if (format === ABSENT) return undefined;
  const isOf = formats.includes(format) && (SINCE.get(format) ?? "1.0") <= version;
  return isOf ? undefined : `${asked} with ${formatName(format)}`;
}

function operationName(message: Message, depth: number): string | undefined {
  const observe = uintOf(message.options, OBSERVE, ABSENT);
  const format = uintOf(message.options, CONTENT_FORMAT, ABSENT);
  switch (message.code) {
    case GET:
      if (observe === 0) return "Observe";
      if (observe === 1) return "Cancel Observation";
      return uintOf(message.options, ACCEPT, ABSENT) === LINK_FORMAT ? "Discover" : "Read";
    case PUT:
      return format === ABSENT && message.payload.length === 0
        ? "Write-Attributes"
        : "Write (Replace)";
    case POST:
      if (depth === 1) return "Create";
      if (depth === 3 && (format === ABSENT || format === TEXT)) return "Execute";
      return "Write (Partial Update)";
    case DELETE:
      return "Delete";
    case FETCH:
      if (observe === 0) return "Observe-Composite";
      return observe === 1 ? "Cancel Observation-Composite" : "Read-Composite";
    case IPATCH:
      return "Write-Composite";
    default:
      return undefined;
  }
}

/**
 * What a registration allows to be asked, and with which successes it may be answered: the operation that a request is, whether the
 * device's version has it there, its formats, its parameters. The table is protocol/lwm2m/operation-table.ts.
 *
 * What is refused here would be answered with an error, or taken for something else. What only the device can know, whether it has the
 * place and who may touch it, is left to it.
 */
import {
  DELETE,
  FETCH,
  formatCode,
  GET,
  IPATCH,
  isSuccess,
  POST,
  PUT,
} from "../../protocol/coap/codes.ts";
import {
  CBOR,
  LINK_FORMAT,
  LWM2M_JSON,
  OCTET_STREAM,
  OLD_LWM2M_JSON,
  TEXT,
} from "../../protocol/coap/content-formats.ts";
import { type OperationRow, operationRow } from "../../protocol/lwm2m/operation-table.ts";
import {
  ATTRIBUTE_NAMES,
  ATTRIBUTE_NAMES_1_1,
  ATTRIBUTE_NAMES_1_2,
  type AttributeName,
  type Attributes,
  areConsistent,
  readAttribute,
} from "../../protocol/model/attributes.ts";
import { type GatewayDevice, NOT_ALLOWED, type NotAllowed } from "../contract.ts";
import type { Registration } from "../registry/registration.ts";
import type { DownlinkContent } from "./downlink-message.ts";
import { enablerOfDevice, formatName, hasFormat, isSince } from "./formats.ts";
import {
  compositePlaceOf,
  hasReservedId,
  type Target,
  targetOf,
  UNKNOWN_PREFIX,
} from "./target.ts";

/** A request, and whether it begins an observation. */
export interface Wish extends DownlinkContent {
  readonly isObserve: boolean;
}

const PLACES = ["the root", "an object", "an object instance", "a resource", "a resource instance"];
const RESOURCE_INSTANCE = 4;
/** One value, and nothing that says where it belongs. */
const OF_ONE_VALUE: readonly number[] = [TEXT, OCTET_STREAM, CBOR];
const MOST_PATHS = 64;

/** The row of the table by its name. @throws Error when the table has none, which is a mistake here */
function row(name: string): OperationRow {
  const found = operationRow(name);
  if (found === undefined) throw new Error(`No operation is called ${name}`);
  return found;
}

const READ = row("Read");
const DISCOVER = row("Discover");
const OBSERVE = row("Observe");
const REPLACE = row("Write (Replace)");
const UPDATE = row("Write (Partial Update)");
const WRITE_ATTRIBUTES = row("Write-Attributes");
const EXECUTE = row("Execute");
const CREATE = row("Create");
const DELETE_ROW = row("Delete");
const READ_COMPOSITE = row("Read-Composite");
const WRITE_COMPOSITE = row("Write-Composite");
const OBSERVE_COMPOSITE = row("Observe-Composite");

/** Why a device is not asked this; undefined when it may be. */
export function refusalOf(
  registration: Registration,
  wish: Wish,
  devices: readonly GatewayDevice[],
): NotAllowed | undefined {
  const target = targetOf(registration, wish, devices);
  if (target === undefined) return refusalOfPlain(registration, wish);
  if (target === UNKNOWN_PREFIX) return unknownPrefix(wish.path);
  const operation = operationOf(wish, target);
  if (operation === undefined) return notAllowed(405, "LwM2M has no operation for this method");
  return (
    refusalOfPlace(registration, operation, target) ??
    refusalOfPaths(registration, operation, wish, devices) ??
    refusalOfFormats(registration, operation, wish, target) ??
    refusalOfParameters(registration, operation, wish)
  );
}

/** What is wrong with a success that the operation does not have; undefined where nothing is. */
export function illegalAnswer(
  registration: Registration,
  wish: Wish,
  code: number,
  devices: readonly GatewayDevice[],
): string | undefined {
  if (!isSuccess(code)) return undefined;
  const target = targetOf(registration, wish, devices);
  if (target === undefined || target === UNKNOWN_PREFIX) return undefined;
  const operation = operationOf(wish, target);
  if (operation === undefined || operation.success.includes(code)) return undefined;
  const legal = operation.success.map(formatCode).join(" or ");
  return `The device answered ${formatCode(code)}, and ${operation.name} succeeds with ${legal}`;
}

/** Composites are LwM2M's: of a plain resource they would be a FETCH of something else. */
function refusalOfPlain(registration: Registration, { path, paths }: Wish): NotAllowed | undefined {
  if (paths === undefined) return undefined;
  const isDevice = registration.version !== undefined;
  if (isDevice && path !== "/") return notAllowed(400, "A composite is asked of the path /");
  return notAllowed(405, "The device registered without LwM2M, which has composites");
}

function operationOf(wish: Wish, { path }: Target): OperationRow | undefined {
  const { method, accept, query = [], payload, contentFormat, isObserve } = wish;
  switch (method) {
    case GET:
      if (isObserve) return OBSERVE;
      return accept === LINK_FORMAT ? DISCOVER : READ;
    case PUT:
      return query.length > 0 && payload.length === 0 ? WRITE_ATTRIBUTES : REPLACE;
    case POST:
      if (path.length === 1) return CREATE;
      if (path.length < 3) return UPDATE;
      return contentFormat === undefined || contentFormat === TEXT ? EXECUTE : UPDATE;
    case DELETE:
      return DELETE_ROW;
    case FETCH:
      if (path.length > 0) return undefined;
      return isObserve ? OBSERVE_COMPOSITE : READ_COMPOSITE;
    case IPATCH:
      return path.length > 0 ? undefined : WRITE_COMPOSITE;
    default:
      return undefined;
  }
}

function refusalOfPlace(
  registration: Registration,
  operation: OperationRow,
  target: Target,
): NotAllowed | undefined {
  const depth = target.path.length;
  if (hasReservedId(target)) return notAllowed(400, "65535 is the id of nothing");
  if (!operation.depths.includes(depth)) {
    return notAllowed(405, `There is no ${operation.name} of ${PLACES[depth]}`);
  }
  if (!isSince(registration, operation.since)) {
    return tooOld(registration, operation.name, operation.since);
  }
  const isTooDeep = depth === RESOURCE_INSTANCE && !isSince(registration, "1.1");
  return isTooDeep ? tooOld(registration, "The path of a resource instance", "1.1") : undefined;
}

/** The places that a composite names. */
function refusalOfPaths(
  registration: Registration,
  { name, depths }: OperationRow,
  { paths, payload, contentFormat }: Wish,
  devices: readonly GatewayDevice[],
): NotAllowed | undefined {
  if (paths === undefined) {
    const lacksContent = payload.length === 0 || contentFormat === undefined;
    const isComposite = depths.includes(0);
    return isComposite && lacksContent
      ? notAllowed(400, `${name} needs a payload and its format`)
      : undefined;
  }
  if (paths.length === 0 || paths.length > MOST_PATHS) {
    return notAllowed(400, `${name} names 1 to ${MOST_PATHS} paths`);
  }
  let prefix: string | undefined;
  for (const path of paths) {
    const place = compositePlaceOf(registration, path, devices);
    if (place === UNKNOWN_PREFIX) return unknownPrefix(path);
    if (place === undefined || hasReservedId(place)) {
      return notAllowed(400, `${path} is no place that ${name} could name`);
    }
    if (prefix !== undefined && prefix !== place.prefix) {
      return notAllowed(400, `${name} is of one device, and the paths are of several`);
    }
    prefix = place.prefix;
  }
  return undefined;
}

function refusalOfFormats(
  registration: Registration,
  operation: OperationRow,
  wish: Wish,
  { path }: Target,
): NotAllowed | undefined {
  const { contentFormat, accept, payload } = wish;
  const written = payload.length > 0 || wish.method === PUT ? contentFormat : undefined;
  // What has no payload for an answer is not asked for one.
  const wanted = operation.accepts.length > 0 ? accept : undefined;
  for (const [format, formats] of [
    [written, operation.formats],
    [wanted, operation.accepts],
  ] as const) {
    if (format === undefined) continue;
    const known = format === OLD_LWM2M_JSON ? LWM2M_JSON : format;
    const isOfMore = OF_ONE_VALUE.includes(known) && path.length < 3 && operation !== EXECUTE;
    if (!formats.includes(known) || isOfMore) {
      return notAllowed(
        415,
        `${operation.name} of ${PLACES[path.length]} has no ${formatName(format)}`,
      );
    }
    if (!hasFormat(registration, format)) {
      const { version } = registration;
      return notAllowed(
        415,
        `A device of LwM2M ${version} that does not list it has no ${formatName(format)}`,
      );
    }
  }
  return undefined;
}

function refusalOfParameters(
  registration: Registration,
  operation: OperationRow,
  { query = [], isObserve }: Wish,
): NotAllowed | undefined {
  if (query.length === 0) return undefined;
  if (operation === DISCOVER) return refusalOfDepth(registration, query);
  if (isObserve && !isSince(registration, "1.2")) {
    return tooOld(registration, "An observation with attributes of its own", "1.2");
  }
  const enabler = enablerOfDevice(registration);
  const ofVersion: readonly string[] =
    enabler === "1.0"
      ? ATTRIBUTE_NAMES
      : enabler === "1.1"
        ? ATTRIBUTE_NAMES_1_1
        : ATTRIBUTE_NAMES_1_2;
  const attributes: { -readonly [name in AttributeName]?: Attributes[name] } = {};
  for (const parameter of query) {
    const [name, value] = splitOnce(parameter);
    if (!operation.parameters.includes(name)) {
      return notAllowed(400, `${operation.name} has no parameter ${shortened(name)}`);
    }
    if (!ofVersion.includes(name)) {
      return tooOld(registration, `The attribute ${name}`, since(name));
    }
    const number = value === undefined ? undefined : readAttribute(name as AttributeName, value);
    // A bare name takes an attribute back, which an observation of its own cannot.
    if (value === undefined ? isObserve : number === undefined) {
      return notAllowed(400, `${shortened(parameter)} gives ${name} no value`);
    }
    attributes[name as AttributeName] = number;
  }
  return areConsistent(attributes)
    ? undefined
    : notAllowed(400, "The attributes contradict each other: lt + 2 st < gt, epmin < epmax");
}

function refusalOfDepth(
  registration: Registration,
  query: readonly string[],
): NotAllowed | undefined {
  if (query.length !== 1 || !/^depth=[0-3]$/.test(query[0])) {
    return notAllowed(400, "Discover has one parameter, depth from 0 to 3");
  }
  if (isSince(registration, "1.2")) return undefined;
  return tooOld(registration, "The depth of a Discover", "1.2");
}

function since(attribute: string): string {
  return (ATTRIBUTE_NAMES_1_1 as readonly string[]).includes(attribute) ? "1.1" : "1.2";
}

function splitOnce(parameter: string): [name: string, value: string | undefined] {
  const at = parameter.indexOf("=");
  return at < 0 ? [parameter, undefined] : [parameter.slice(0, at), parameter.slice(at + 1)];
}

function shortened(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

function unknownPrefix(path: string): NotAllowed {
  return notAllowed(404, `The gateway knows no device ${shortened(path.split("/")[1])}`);
}

function tooOld({ version }: Registration, what: string, needed: string): NotAllowed {
  return notAllowed(
    405,
    `${what} needs LwM2M ${needed}, and the device registered with ${version}`,
  );
}

function notAllowed(status: NotAllowed["status"], reason: string): NotAllowed {
  return { refusal: NOT_ALLOWED, status, reason };
}

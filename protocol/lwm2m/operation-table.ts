/**
 * Every operation of LwM2M 1.0 to 1.2.2 as data: who asks whom, with which method, where, in which
 * formats, and what may be answered (LwM2M Transport 1.2.2 §6.4, §6.7). Servers, the conformance
 * harness and pages of documentation read it; a device's own dispatch is operations.ts.
 */
import {
  BAD_REQUEST,
  CHANGED,
  CONFLICT,
  CONTENT,
  CONTINUE,
  CREATED,
  DELETE,
  DELETED,
  FETCH,
  FORBIDDEN,
  GET,
  IPATCH,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  NOT_FOUND,
  NOT_IMPLEMENTED,
  POST,
  PRECONDITION_FAILED,
  PUT,
  REQUEST_ENTITY_INCOMPLETE,
  REQUEST_ENTITY_TOO_LARGE,
  UNAUTHORIZED,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../coap/codes.ts";
import {
  CBOR,
  LINK_FORMAT,
  LWM2M_CBOR,
  LWM2M_JSON,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
  TEXT,
  TLV,
} from "../coap/content-formats.ts";

export interface OperationRow {
  /** As the specification calls it. */
  readonly name: string;
  readonly interface: "bootstrap" | "registration" | "management" | "reporting";
  /** `down` from a server to a device, `up` from a device to a server. */
  readonly direction: "down" | "up";
  /** The version that brought it. */
  readonly since: "1.0" | "1.1" | "1.2";
  /** Method code; of Notify, which answers an Observe, 0. */
  readonly method: number;
  /** Where: a fixed path, `location` for the one that Register was answered with, else `tree`. */
  readonly target: "tree" | "/rd" | "location" | "/bs" | "/bspack" | "/dp";
  /** In the tree, how deep: 0 the root, 1 an object, to 4 a resource instance. */
  readonly depths: readonly number[];
  /** The value of the Observe option that tells it from a Read, if any. */
  readonly observe: 0 | 1 | undefined;
  /** Names that its query may have. */
  readonly parameters: readonly string[];
  /** What its payload may be in; empty when it has none. */
  readonly formats: readonly number[];
  /** What may be accepted; empty when answers have no payload. */
  readonly accepts: readonly number[];
  /** Answers of class 2. */
  readonly success: readonly number[];
  /** Answers of class 4, and those of class 5 with a meaning of their own; 5.xx is legal in any case. */
  readonly errors: readonly number[];
  /** Whether it may be sent non-confirmable. */
  readonly mayBeNon: boolean;
  readonly clause: string;
}

const ONE_VALUE: readonly number[] = [TEXT, OCTET_STREAM, CBOR];
const TREES: readonly number[] = [TLV, SENML_JSON, SENML_CBOR, LWM2M_CBOR];
/** What an instance is written in; JSON of 1.0 among it, which later devices need not have (LwM2M Core 1.0.2 §6.4). */
const INSTANCES: readonly number[] = [...TREES, LWM2M_JSON];
const VALUES: readonly number[] = [...ONE_VALUE, ...INSTANCES];
const SENT: readonly number[] = [SENML_JSON, SENML_CBOR, LWM2M_CBOR];
const PATHS: readonly number[] = [SENML_JSON, SENML_CBOR, SENML_ETCH_JSON, SENML_ETCH_CBOR];
const LINKS: readonly number[] = [LINK_FORMAT];
const NONE: readonly number[] = [];

const ANYWHERE: readonly number[] = [1, 2, 3, 4];
const ROOT: readonly number[] = [0];

const BASIC: readonly number[] = [BAD_REQUEST, UNAUTHORIZED, NOT_FOUND, METHOD_NOT_ALLOWED];
const READING: readonly number[] = [...BASIC, NOT_ACCEPTABLE];
const WRITING: readonly number[] = [
  ...READING,
  REQUEST_ENTITY_INCOMPLETE,
  REQUEST_ENTITY_TOO_LARGE,
  UNSUPPORTED_CONTENT_FORMAT,
];

const BLOCK_WISE: readonly number[] = [
  CONTINUE,
  REQUEST_ENTITY_INCOMPLETE,
  REQUEST_ENTITY_TOO_LARGE,
];

const ATTRIBUTES: readonly string[] = [
  "pmin",
  "pmax",
  "gt",
  "lt",
  "st",
  "epmin",
  "epmax",
  "edge",
  "con",
  "hqmax",
];
const COMPOSITE_ATTRIBUTES: readonly string[] = ["pmin", "pmax", "epmin", "epmax", "con"];
const REGISTRATION: readonly string[] = ["lt", "b", "Q", "sms", "pid"];

/** What most rows share; each row says what is its own. */
const DOWN = {
  direction: "down",
  since: "1.0",
  target: "tree",
  depths: NONE,
  observe: undefined,
  parameters: [],
  formats: NONE,
  accepts: NONE,
  mayBeNon: false,
} as const;
const BOOTSTRAP = { ...DOWN, interface: "bootstrap" } as const;
const MANAGEMENT = { ...DOWN, interface: "management" } as const;
const REPORTING = { ...DOWN, interface: "reporting" } as const;
const UP = { ...DOWN, direction: "up", interface: "registration" } as const;

const CORE = "LwM2M Core 1.2.2 §";

export const OPERATION_TABLE: readonly OperationRow[] = [
  {
    ...BOOTSTRAP,
    name: "Bootstrap-Request",
    direction: "up",
    method: POST,
    target: "/bs",
    parameters: ["ep", "pct"],
    success: [CHANGED],
    errors: [BAD_REQUEST, UNSUPPORTED_CONTENT_FORMAT],
    clause: `${CORE}6.1.7.1`,
  },
  {
    ...BOOTSTRAP,
    name: "Bootstrap-Finish",
    method: POST,
    target: "/bs",
    success: [CHANGED],
    errors: [BAD_REQUEST, NOT_ACCEPTABLE],
    clause: `${CORE}6.1.7.2`,
  },
  {
    ...BOOTSTRAP,
    name: "Bootstrap-Discover",
    method: GET,
    depths: [0, 1],
    accepts: LINKS,
    success: [CONTENT],
    errors: [BAD_REQUEST, NOT_FOUND],
    clause: `${CORE}6.1.7.3`,
  },
  {
    ...BOOTSTRAP,
    name: "Bootstrap-Read",
    since: "1.1",
    method: GET,
    depths: [1, 2],
    accepts: TREES,
    success: [CONTENT],
    errors: READING,
    clause: `${CORE}6.1.7.4`,
  },
  {
    ...BOOTSTRAP,
    name: "Bootstrap-Write",
    method: PUT,
    depths: [1, 2, 3],
    formats: VALUES,
    success: [CHANGED],
    errors: [BAD_REQUEST, UNSUPPORTED_CONTENT_FORMAT],
    clause: `${CORE}6.1.7.5`,
  },
  {
    ...BOOTSTRAP,
    name: "Bootstrap-Delete",
    method: DELETE,
    depths: [0, 1, 2],
    success: [DELETED],
    errors: [BAD_REQUEST],
    clause: `${CORE}6.1.7.6`,
  },
  {
    ...BOOTSTRAP,
    name: "Bootstrap-Pack-Request",
    direction: "up",
    since: "1.2",
    method: GET,
    target: "/bspack",
    parameters: ["ep", "acc"],
    accepts: SENT,
    success: [CONTENT],
    errors: [...READING, NOT_IMPLEMENTED],
    clause: `${CORE}6.1.7.7`,
  },
  {
    ...UP,
    name: "Register",
    method: POST,
    target: "/rd",
    parameters: ["ep", "lwm2m", ...REGISTRATION],
    formats: LINKS,
    success: [CREATED],
    errors: [BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, CONFLICT, PRECONDITION_FAILED],
    clause: `${CORE}6.2.1`,
  },
  {
    ...UP,
    name: "Update",
    method: POST,
    target: "location",
    parameters: REGISTRATION,
    formats: LINKS,
    success: [CHANGED],
    errors: [BAD_REQUEST, NOT_FOUND],
    clause: `${CORE}6.2.2`,
  },
  {
    ...UP,
    name: "De-register",
    method: DELETE,
    target: "location",
    success: [DELETED],
    errors: [BAD_REQUEST, NOT_FOUND],
    clause: `${CORE}6.2.3`,
  },
  {
    ...MANAGEMENT,
    name: "Read",
    method: GET,
    depths: ANYWHERE,
    accepts: VALUES,
    success: [CONTENT],
    errors: READING,
    clause: `${CORE}6.3.1`,
  },
  {
    ...MANAGEMENT,
    name: "Discover",
    method: GET,
    depths: [1, 2, 3],
    parameters: ["depth"],
    accepts: LINKS,
    success: [CONTENT],
    errors: BASIC,
    clause: `${CORE}6.3.2`,
  },
  {
    ...MANAGEMENT,
    name: "Write (Replace)",
    method: PUT,
    depths: [2, 3, 4],
    formats: VALUES,
    success: [CHANGED],
    errors: WRITING,
    clause: `${CORE}6.3.3`,
  },
  {
    ...MANAGEMENT,
    name: "Write (Partial Update)",
    method: POST,
    depths: [2, 3],
    formats: INSTANCES,
    success: [CHANGED],
    errors: WRITING,
    clause: `${CORE}6.3.3`,
  },
  {
    ...MANAGEMENT,
    name: "Write-Attributes",
    method: PUT,
    depths: ANYWHERE,
    parameters: ATTRIBUTES,
    success: [CHANGED],
    errors: BASIC,
    clause: `${CORE}6.3.4`,
  },
  {
    ...MANAGEMENT,
    name: "Execute",
    method: POST,
    depths: [3],
    formats: [TEXT],
    success: [CHANGED],
    errors: BASIC,
    mayBeNon: true,
    clause: `${CORE}6.3.5`,
  },
  {
    ...MANAGEMENT,
    name: "Create",
    method: POST,
    depths: [1],
    formats: INSTANCES,
    success: [CREATED],
    errors: [...READING, UNSUPPORTED_CONTENT_FORMAT],
    clause: `${CORE}6.3.6`,
  },
  {
    ...MANAGEMENT,
    name: "Delete",
    method: DELETE,
    depths: [2, 4],
    success: [DELETED],
    errors: BASIC,
    clause: `${CORE}6.3.7`,
  },
  {
    ...MANAGEMENT,
    name: "Read-Composite",
    since: "1.1",
    method: FETCH,
    depths: ROOT,
    formats: PATHS,
    accepts: SENT,
    success: [CONTENT],
    errors: [...READING, UNSUPPORTED_CONTENT_FORMAT],
    clause: `${CORE}6.3.8`,
  },
  {
    ...MANAGEMENT,
    name: "Write-Composite",
    since: "1.1",
    method: IPATCH,
    depths: ROOT,
    formats: [...PATHS, LWM2M_CBOR],
    success: [CHANGED],
    errors: WRITING,
    clause: `${CORE}6.3.9`,
  },
  {
    ...REPORTING,
    name: "Observe",
    method: GET,
    depths: ANYWHERE,
    observe: 0,
    parameters: ATTRIBUTES,
    accepts: VALUES,
    success: [CONTENT],
    errors: READING,
    clause: `${CORE}6.4.1`,
  },
  {
    ...REPORTING,
    name: "Notify",
    direction: "up",
    method: 0,
    depths: [0, ...ANYWHERE],
    formats: VALUES,
    success: NONE,
    errors: NONE,
    mayBeNon: true,
    clause: `${CORE}6.4.2`,
  },
  {
    ...REPORTING,
    name: "Cancel Observation",
    method: GET,
    depths: ANYWHERE,
    observe: 1,
    accepts: VALUES,
    success: [CONTENT],
    errors: READING,
    clause: `${CORE}6.4.3`,
  },
  {
    ...REPORTING,
    name: "Observe-Composite",
    since: "1.1",
    method: FETCH,
    depths: ROOT,
    observe: 0,
    parameters: COMPOSITE_ATTRIBUTES,
    formats: PATHS,
    accepts: SENT,
    success: [CONTENT],
    errors: [...READING, UNSUPPORTED_CONTENT_FORMAT],
    clause: `${CORE}6.4.4`,
  },
  {
    ...REPORTING,
    name: "Cancel Observation-Composite",
    since: "1.1",
    method: FETCH,
    depths: ROOT,
    observe: 1,
    formats: PATHS,
    accepts: SENT,
    success: [CONTENT],
    errors: [...READING, UNSUPPORTED_CONTENT_FORMAT],
    clause: `${CORE}6.4.5`,
  },
  {
    ...REPORTING,
    name: "Send",
    direction: "up",
    since: "1.1",
    method: POST,
    target: "/dp",
    formats: SENT,
    success: [CHANGED],
    errors: [BAD_REQUEST, NOT_FOUND],
    mayBeNon: true,
    clause: `${CORE}6.4.6`,
  },
];

/** The row of an operation by its name, or undefined. */
export function operationRow(name: string): OperationRow | undefined {
  for (let i = 0; i < OPERATION_TABLE.length; i++) {
    if (OPERATION_TABLE[i].name === name) return OPERATION_TABLE[i];
  }
  return undefined;
}

/**
 * True when a code may answer an operation (LwM2M Transport 1.2.2 §6.7): one of its row, any of
 * class 5, and where there is a payload those of block-wise transfer (RFC 7959 §2.9).
 */
export function mayAnswer(row: OperationRow, code: number): boolean {
  if (row.method === 0) return false;
  if (row.formats.length > 0 && BLOCK_WISE.indexOf(code) >= 0) return true;
  return code >> 5 === 5 || row.success.indexOf(code) >= 0 || row.errors.indexOf(code) >= 0;
}

/**
 * Bootstrap configurations as the Leshan demo server has them, from and to the form that this connector has.
 *
 * Bytes are arrays of numbers there, signed or unsigned. What Leshan writes empty is left out here; a secret is shown as an empty array,
 * since nobody gets one back.
 */
import type { ConfigurationDocument, FormatName } from "../../bootstrap/document.ts";
import { FORMAT_NUMBERS } from "../../bootstrap/document.ts";
import { bad } from "./node-body.ts";

type Json = Readonly<Record<string, unknown>>;
/** How a member's value becomes a resource's, and back; undefined leaves it out. */
interface Form {
  read(value: unknown, at: string): unknown;
  show(value: unknown): unknown;
}
/** Leshan's name, resource id, form. */
type Row = readonly [name: string, resourceId: number, form: Form];

const AS_IT_IS: Form = { read: (value) => value, show: (value) => value };
const TEXT: Form = { read: (value) => (value === "" ? undefined : value), show: AS_IT_IS.show };
const BYTES: Form = { read: readBytes, show: showBytes };
const BINDING: Form = { read: readBinding, show: AS_IT_IS.show };

const SECURITY_MODE = named({ PSK: 0, RPK: 1, X509: 2, NO_SEC: 3, EST: 4 });
const SMS_SECURITY_MODE = named({ RESERVED: 0, DTLS: 1, SPS: 2, NO_SEC: 3 });
const MATCHING_TYPE = named({ EXACT_MATCH: 0, SHA256: 1, SHA384: 2, SHA512: 3 });
const CERTIFICATE_USAGE = named({
  CA_CONSTRAINT: 0,
  SERVICE_CERTIFICATE_CONSTRAINT: 1,
  TRUST_ANCHOR_ASSERTION: 2,
  DOMAIN_ISSUER_CERTIFICATE: 3,
});

const SERVER: readonly Row[] = [
  ["shortId", 0, AS_IT_IS],
  ["lifetime", 1, AS_IT_IS],
  ["defaultMinPeriod", 2, AS_IT_IS],
  ["defaultMaxPeriod", 3, AS_IT_IS],
  ["disableTimeout", 5, AS_IT_IS],
  ["notifIfDisabled", 6, AS_IT_IS],
  ["binding", 7, BINDING],
  ["apnLink", 10, linkTo(11)],
  ["registrationPriority", 13, AS_IT_IS],
  ["initialDelay", 14, AS_IT_IS],
  ["registrationFailure", 15, AS_IT_IS],
  ["bootstrapOnRegistrationFailure", 16, AS_IT_IS],
  ["communicationRetryCount", 17, AS_IT_IS],
  ["CommunicationRetryTimer", 18, AS_IT_IS],
  ["SequenceDelayTimer", 19, AS_IT_IS],
  ["SequenceRetryCount", 20, AS_IT_IS],
  ["trigger", 21, AS_IT_IS],
  ["preferredTransport", 22, AS_IT_IS],
  ["muteSend", 23, AS_IT_IS],
];
const SECURITY: readonly Row[] = [
  ["uri", 0, AS_IT_IS],
  ["bootstrapServer", 1, AS_IT_IS],
  ["securityMode", 2, SECURITY_MODE],
  ["publicKeyOrId", 3, BYTES],
  ["serverPublicKey", 4, BYTES],
  ["secretKey", 5, BYTES],
  ["smsSecurityMode", 6, SMS_SECURITY_MODE],
  ["smsBindingKeyParam", 7, BYTES],
  ["smsBindingKeySecret", 8, BYTES],
  ["serverSmsNumber", 9, TEXT],
  ["serverId", 10, AS_IT_IS],
  ["clientOldOffTime", 11, AS_IT_IS],
  ["bootstrapServerAccountTimeout", 12, AS_IT_IS],
  ["matchingType", 13, MATCHING_TYPE],
  ["sni", 14, TEXT],
  ["certificateUsage", 15, CERTIFICATE_USAGE],
  ["oscoreSecurityMode", 17, linkTo(21)],
];
const ACCESS_CONTROL: readonly Row[] = [
  ["objectId", 0, AS_IT_IS],
  ["objectInstanceId", 1, AS_IT_IS],
  ["acls", 2, AS_IT_IS],
  ["AccessControlOwner", 3, AS_IT_IS],
];
const OSCORE: readonly Row[] = [
  ["oscoreMasterSecret", 0, BYTES],
  ["oscoreSenderId", 1, BYTES],
  ["oscoreRecipientId", 2, BYTES],
  ["oscoreAeadAlgorithm", 3, AS_IT_IS],
  ["oscoreHmacAlgorithm", 4, AS_IT_IS],
  ["oscoreMasterSalt", 5, BYTES],
];
/** Leshan's name, object id, its members, and what those are that are left out. */
const PARTS: readonly [string, number, readonly Row[], Json][] = [
  [
    "security",
    0,
    SECURITY,
    { bootstrapServer: false, smsSecurityMode: "NO_SEC", clientOldOffTime: 1 },
  ],
  [
    "servers",
    1,
    SERVER,
    { lifetime: 86_400, defaultMinPeriod: 1, notifIfDisabled: true, binding: "U" },
  ],
  ["acls", 2, ACCESS_CONTROL, {}],
  ["oscore", 21, OSCORE, {}],
];
const OTHER_MEMBERS = ["autoIdForSecurityObject", "contentFormat", "toDelete"];

/** A configuration that a program of Leshan's writes. @throws Error with code `access/bad-value` */
export function readBootstrapConfig(value: unknown): ConfigurationDocument {
  const config = jsonOf(value, "the body");
  refuseUnknown(config, [...PARTS.map(([name]) => name), ...OTHER_MEMBERS], "the body");
  const objects: Record<string, Record<string, Record<string, unknown>>> = {};
  for (const [name, objectId, rows, usual] of PARTS) {
    const instances = Object.entries(jsonOf(config[name] ?? {}, name)).map(([id, instance]) => {
      const at = `${name}.${id}`;
      return [id, readInstance({ ...usual, ...withoutNulls(jsonOf(instance, at)) }, rows, at)];
    });
    if (instances.length > 0) objects[objectId] = Object.fromEntries(instances);
  }
  const format = formatOf(config["contentFormat"]);
  return {
    objects,
    delete: pathsOf(config["toDelete"]),
    ...(config["autoIdForSecurityObject"] === true && { placement: "discover" as const }),
    ...(format !== undefined && { format }),
  };
}

/** What a program of Leshan's is shown. */
export function bootstrapConfigJson(
  objects: ConfigurationDocument["objects"],
  more: {
    readonly deletes: readonly string[];
    readonly discovers: boolean;
    readonly format: FormatName | undefined;
  },
): object {
  const parts = PARTS.map(([name, objectId, rows]) => {
    const instances = Object.entries(objects?.[objectId] ?? {});
    return [
      name,
      Object.fromEntries(instances.map(([id, each]) => [id, showInstance(each, rows)])),
    ];
  });
  return {
    autoIdForSecurityObject: more.discovers,
    ...(more.format !== undefined && {
      contentFormat: more.format.toUpperCase().replace("-", "_"),
    }),
    toDelete: more.deletes,
    ...Object.fromEntries(parts),
  };
}

function readInstance(instance: Json, rows: readonly Row[], at: string): Record<string, unknown> {
  refuseUnknown(
    instance,
    rows.map(([name]) => name),
    at,
  );
  const resources: Record<string, unknown> = {};
  for (const [name, resourceId, form] of rows) {
    const value = instance[name];
    const read = value === undefined ? undefined : form.read(value, `${at}.${name}`);
    if (read !== undefined) resources[resourceId] = read;
  }
  return resources;
}

function showInstance(resources: Json, rows: readonly Row[]): object {
  const shown: Record<string, unknown> = {};
  for (const [name, resourceId, form] of rows) {
    const value = resources[resourceId];
    if (value !== undefined) shown[name] = form.show(value);
  }
  return shown;
}

function named(values: Readonly<Record<string, number>>): Form {
  const names = new Map(Object.entries(values).map(([name, value]) => [value, name]));
  return {
    read(value, at) {
      const number = typeof value === "string" ? values[value] : value;
      if (typeof number === "number" && names.has(number)) return number;
      throw bad(`${at} must be one of ${[...names.values()].join(", ")}.`);
    },
    show: (value) => names.get(value as number) ?? value,
  };
}

function linkTo(objectId: number): Form {
  return {
    read(value, at) {
      if (typeof value === "number") return `${objectId}:${value}`;
      throw bad(`${at} must be the id of an instance.`);
    },
    show: (value) => Number(String(value).slice(String(value).indexOf(":") + 1)),
  };
}

function readBinding(value: unknown, at: string): unknown {
  const letters = Array.isArray(value) ? value : [value];
  if (letters.every((one) => typeof one === "string")) return letters.join("");
  throw bad(`${at} must be a text, or an array of texts.`);
}

function readBytes(value: unknown, at: string): unknown {
  const isBytes =
    Array.isArray(value) &&
    value.every((byte) => Number.isInteger(byte) && byte >= -128 && byte <= 255);
  if (!isBytes) throw bad(`${at} must be an array of bytes.`);
  if (value.length === 0) return undefined;
  return { hex: Buffer.from(value.map((byte: number) => byte & 255)).toString("hex") };
}

function showBytes(value: unknown): number[] {
  const { hex, base64, text } = value as Readonly<Record<string, string | undefined>>;
  if (hex !== undefined) return [...Buffer.from(hex, "hex")];
  if (base64 !== undefined) return [...Buffer.from(base64, "base64")];
  return text === undefined ? [] : [...Buffer.from(text)];
}

function formatOf(value: unknown): FormatName | undefined {
  if (value === undefined || value === null) return undefined;
  const code = typeof value === "object" ? (value as { code?: unknown }).code : value;
  const spelled = typeof code === "string" ? code.toLowerCase().replace("_", "-") : "";
  for (const [name, number] of Object.entries(FORMAT_NUMBERS)) {
    if (code === number || spelled === name) return name as FormatName;
  }
  throw bad("contentFormat must be one of TLV, SENML_JSON, SENML_CBOR, LWM2M_CBOR.");
}

function pathsOf(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  const isList = Array.isArray(value) && value.every((path) => typeof path === "string");
  if (!isList) throw bad("toDelete must be an array of paths.");
  return value;
}

function refuseUnknown(json: Json, known: readonly string[], at: string): void {
  const unknown = Object.keys(json).find((name) => !known.includes(name));
  if (unknown !== undefined) throw bad(`there is no ${JSON.stringify(unknown)} in ${at}.`);
}

function withoutNulls(json: Json): Json {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}

function jsonOf(value: unknown, at: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw bad(`${at} must be a JSON object.`);
}

/**
 * A bootstrap configuration as people write it, in JSON: which accounts a device gets, and how it is given them.
 *
 * Two forms, freely mixed: `servers` for the usual case, `objects` for whatever LwM2M has. Read by `configuration.ts`, which also says
 * what is wrong with one.
 */
import { z } from "zod";
import { LWM2M_CBOR, SENML_CBOR, SENML_JSON, TLV } from "../../protocol/coap/content-formats.ts";

/** Names of the formats that a Bootstrap-Write may be in (LwM2M Core 1.2.2 §6.1.7.1). */
export const FORMAT_NUMBERS = {
  tlv: TLV,
  "senml-json": SENML_JSON,
  "senml-cbor": SENML_CBOR,
  "lwm2m-cbor": LWM2M_CBOR,
} as const;
export type FormatName = keyof typeof FORMAT_NUMBERS;

/** /0/x/2 (LwM2M Core 1.2.2 §E.1). */
export const SECURITY_MODES = { psk: 0, rpk: 1, x509: 2, nosec: 3, est: 4 } as const;
export type SecurityModeName = keyof typeof SECURITY_MODES;

export const MOST_SERVERS = 16;
export const MOST_DELETES = 32;
export const LONGEST_GENERATED = 64;

const BYTES =
  '{"hex": "00ff"}, {"base64": "AP8="}, {"text": "..."}, {"pem": "-----BEGIN ..."} or {"generate": 16}';

const formatNames = Object.keys(FORMAT_NUMBERS) as [FormatName, ...FormatName[]];
const modeNames = Object.keys(SECURITY_MODES) as [SecurityModeName, ...SecurityModeName[]];

const bytes = z.record(z.string(), z.unknown()).describe(BYTES);
const seconds = z.int().min(0);

export const SERVER = z.strictObject({
  uri: z.string().min(1).max(255).describe("coap://host:5683; {endpoint} is the device's name"),
  shortServerId: z.int().min(1).max(65534),
  lifetime: seconds.optional().describe("of the registration, seconds; 86400 when absent"),
  binding: z
    .string()
    .regex(/^[A-Z]{1,8}$/, "expected letters as U, UQ or UT")
    .optional()
    .describe("U when absent"),
  securityMode: z.enum(modeNames).optional().describe("nosec when absent"),
  identity: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe("of a pre-shared key; {endpoint} when absent"),
  secretKey: bytes
    .optional()
    .describe(`the pre-shared or private key, never shown again: ${BYTES}`),
  publicKey: bytes.optional().describe("the device's public key or certificate, DER"),
  serverPublicKey: bytes.optional().describe("the server's public key or certificate, DER"),
  storeNotifications: z.boolean().optional().describe("while it is offline; true when absent"),
  defaultMinimumPeriod: seconds.optional(),
  defaultMaximumPeriod: seconds.optional(),
  disableTimeout: seconds.optional(),
});

export const CONFIGURATION = z.strictObject({
  servers: z
    .array(SERVER)
    .max(MOST_SERVERS)
    .optional()
    .describe("accounts: the first is /0/1 and /1/0, the second /0/2 and /1/1 ..."),
  objects: z
    .record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown())))
    .optional()
    .describe("object id -> instance id -> resource id -> value; of a multiple one id -> value"),
  delete: z
    .array(z.string().max(16))
    .max(MOST_DELETES)
    .optional()
    .describe(
      "what is deleted first, as /0, /1/2 or /; the core objects that are written when absent",
    ),
  placement: z
    .enum(["as-written", "discover"])
    .optional()
    .describe("discover: asks the device first, and writes beside its bootstrap account"),
  read: z
    .array(z.enum(["/1", "/2"]))
    .max(2)
    .optional()
    .describe("what is read first and kept with the outcome"),
  format: z
    .enum(formatNames)
    .optional()
    .describe("what is written in; what the device asks for, else TLV, when absent"),
  partial: z
    .boolean()
    .optional()
    .describe("the device has the rest: resource by resource is written, and nothing checked"),
  pack: z.boolean().optional().describe("false: not to be had as a Bootstrap-Pack"),
});

export type ServerDocument = z.infer<typeof SERVER>;
export type ConfigurationDocument = z.infer<typeof CONFIGURATION>;

export const RULE_NAME = /^[\w.-]{1,64}$/;

export const RULE = z.strictObject({
  pattern: z
    .string()
    .min(1)
    .max(128)
    .describe("of endpoint names: * is any number of letters, ? is one"),
  order: z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe("the least is tried first; 1000 when absent"),
  configuration: CONFIGURATION,
});
export type RuleDocument = z.infer<typeof RULE>;

export const DEFAULT_ORDER = 1000;

/** What --bootstrap-file holds. */
export const BOOTSTRAP_FILE = z.strictObject({
  configurations: z.record(z.string(), CONFIGURATION).optional(),
  rules: z
    .array(RULE.extend({ name: z.string().regex(RULE_NAME, "expected letters, digits and _.-") }))
    .max(1000)
    .optional(),
});
export type BootstrapFileDocument = z.infer<typeof BOOTSTRAP_FILE>;

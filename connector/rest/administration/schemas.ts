/** What the bodies of administration hold: checked against when they come in, and shown as the API's description. */
import { z } from "zod";
import { LONGEST_TTL, USUAL_TTL } from "../../access/api-clients.ts";
import { OBJECTS, type Permission, VERBS } from "../../access/model.ts";
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from "../../access/passwords.ts";
import { CONFIGURATION, RULE } from "../../bootstrap/document.ts";

const PERMISSIONS = VERBS.flatMap((verb) =>
  OBJECTS.map((object): Permission => `${verb} ${object}`),
);
/** One user cannot be made to fill the store. */
const MOST_GROUPS_OF_USER = 100;
const LONGEST_NAME = 254;

const moment = z.iso.datetime({ offset: true }).describe("RFC 3339");
const name = z.string().min(1).max(LONGEST_NAME);
const permissions = z.array(z.enum(PERMISSIONS)).max(PERMISSIONS.length);
const groups = z.array(z.string().max(64)).max(MOST_GROUPS_OF_USER).describe("ids of groups");
const password = z
  .string()
  .min(SHORTEST_PASSWORD)
  .max(LONGEST_PASSWORD)
  .describe("never shown again");

export const PASSWORD = z.strictObject({ password });

export const NEW_USER = z.strictObject({
  name: name.describe("user name or email address, unique in all domains"),
  password: password.optional(),
  active: z.boolean().optional(),
  staff: z.boolean().optional(),
  superuser: z.boolean().optional(),
  permissions: permissions.optional(),
  groups: groups.optional(),
});

export const USER_CHANGE = NEW_USER.omit({ password: true }).partial();

export const USER = z.object({
  id: z.string(),
  name: z.string(),
  domain: z.string(),
  active: z.boolean(),
  staff: z.boolean(),
  superuser: z.boolean(),
  permissions,
  groups,
  hasPassword: z.boolean(),
  createdAt: moment,
  updatedAt: moment,
});

export const NEW_GROUP = z.strictObject({ name: z.string().min(1).max(100), permissions });
export const GROUP_CHANGE = NEW_GROUP.partial();
export const GROUP = z.object({
  id: z.string(),
  name: z.string(),
  domain: z.string(),
  permissions,
});

export const NEW_CUSTOMER = z.strictObject({
  email: name,
  password: password.optional(),
});
export const CUSTOMER_CHANGE = z.strictObject({ active: z.boolean() });
export const CUSTOMER = z.object({
  id: z.string(),
  email: z.string(),
  domain: z.string(),
  active: z.boolean(),
  hasPassword: z.boolean(),
  deviceCount: z.int(),
  createdAt: moment,
  updatedAt: moment,
});
export const CUSTOMER_KEY = z.object({ id: z.string(), customerKey: z.string() });

export const NEW_DEVICE = z.strictObject({
  endpointName: z.string().min(1).max(255),
  endpointType: z.string().min(1).max(255).optional(),
});
export const DEVICE_MOVE = z.strictObject({ domain: z.string().describe("its new domain") });
export const DEVICE = z.object({
  id: z.int(),
  endpointName: z.string(),
  endpointType: z.string().nullable(),
  domain: z.string(),
  registered: z.boolean(),
  queueMode: z.boolean().nullable().describe("null while it is not registered"),
  createdAt: moment,
  updatedAt: moment,
});
export const DEVICE_WITH_CUSTOMERS = DEVICE.extend({
  customers: z.array(z.string()).describe("ids of the customers who have claimed it"),
});
export const PUBLIC_KEY = z.object({ endpointName: z.string(), publicKey: z.string() });

export const QUEUED_REQUEST = z.object({
  id: z.string(),
  method: z.enum(["GET", "POST", "PUT", "DELETE", "FETCH", "IPATCH"]),
  path: z.string().describe("/ for a composite"),
  paths: z.array(z.string()).nullable().describe("of a composite that reads"),
  query: z.array(z.string()),
  priority: z.enum(["high", "normal", "low"]),
  bytes: z.int().describe("of its payload, which is not shown"),
  state: z.enum(["waiting", "sent"]).describe("sent: under way"),
  expiresIn: z.int().describe("seconds that it may still wait"),
});
export const QUEUE = z.object({
  items: z.array(QUEUED_REQUEST).describe("in the order in which they will be sent"),
});

export const BINDING = z.object({
  customerId: z.string(),
  endpointName: z.string(),
});

export const NEW_ACCESS_KEY = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  owner: z.string().optional().describe("id of a user; absent for oneself"),
  expiresAt: moment.optional().describe("absent for a key that does not expire"),
});
export const ACCESS_KEY = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string().describe("the first letters, to tell keys apart"),
  domain: z.string(),
  owner: z.string(),
  state: z.enum(["good", "expired", "revoked"]),
  createdAt: moment,
  expiresAt: moment.nullable(),
  revokedAt: moment.nullable(),
});
export const CREATED_ACCESS_KEY = ACCESS_KEY.extend({
  accessKey: z.string().describe("the key itself, shown this once"),
});

const ttl = z.int().min(1).max(LONGEST_TTL).describe("how long its tokens last, minutes");
export const NEW_API_CLIENT = z.strictObject({
  owner: z.string().describe("id of a user who is active and not staff"),
  ttl: ttl.default(USUAL_TTL),
  enabled: z.boolean().default(true),
});
export const API_CLIENT_CHANGE = z.strictObject({
  ttl: ttl.optional(),
  enabled: z.boolean().optional(),
});
export const API_CLIENT = z.object({
  clientKey: z.string(),
  domain: z.string(),
  owner: z.string(),
  ttl,
  enabled: z.boolean(),
  createdAt: moment,
  lastUsedAt: moment.nullable(),
  lastUsedFrom: z.string().nullable(),
});
export const API_CLIENT_WITH_SECRET = API_CLIENT.extend({
  secretKey: z.string().describe("shown this once"),
});

export const CERTIFICATE = z.object({
  serial: z.string(),
  endpointName: z.string(),
  domain: z.string(),
  issuedBy: z.string().describe("id of the credential that asked for it"),
  issuedAt: moment,
  notAfter: moment,
  revokedAt: moment.nullable(),
});

const domainSettings = {
  registration: z
    .enum(["open", "invite", "closed"])
    .describe("how customers come to be: by themselves, by invitation, by administrators only"),
  sharing: z
    .enum(["shared", "exclusive"])
    .describe("whether several customers may claim the same device"),
  customersUseRest: z.boolean().describe("whether CUSTOMER_KEYs are good for /v2"),
};
const domainName = z.string().min(1).max(64);
export const NEW_DOMAIN = z.strictObject({
  name: domainName,
  registration: domainSettings.registration.optional(),
  sharing: domainSettings.sharing.optional(),
  customersUseRest: domainSettings.customersUseRest.optional(),
});
export const DOMAIN_CHANGE = NEW_DOMAIN.partial();
export const DOMAIN = z.object({
  id: z.string(),
  name: z.string(),
  ...domainSettings,
  createdAt: moment,
});

export const AUDIT_ENTRY = z.object({
  sequence: z.int(),
  at: moment,
  actor: z.string(),
  address: z.string(),
  action: z.string(),
  object: z.string(),
});

export const BOOTSTRAP_CONFIGURATION = CONFIGURATION;
const writtenIn = z
  .enum(["api", "file"])
  .describe("file: in --bootstrap-file, and changed only there");
export const BOOTSTRAP_ACCOUNT = z.object({
  endpointName: z.string(),
  domain: z.string(),
  writtenIn,
  configuration: CONFIGURATION.describe('secrets are {"secret": true}'),
  updatedAt: moment.nullable().describe("null for the file"),
});
export const NEW_BOOTSTRAP_RULE = RULE;
export const BOOTSTRAP_RULE = z.object({
  name: z.string(),
  domain: z.string(),
  writtenIn,
  pattern: z.string(),
  order: z.int(),
  configuration: CONFIGURATION.describe('secrets are {"secret": true}'),
  updatedAt: moment.nullable().describe("null for the file"),
});
const outcome = z.object({
  outcome: z.enum(["finished", "failed"]),
  reason: z.string().nullable(),
  via: z
    .enum(["request", "pack", "push", "trigger"])
    .describe("push: not asked for; trigger: /1/x/9 was not executed"),
  endedAt: moment,
  took: z.int().describe("milliseconds"),
  address: z.string(),
  source: z.string().describe("configuration, or rule and its name"),
  steps: z.int().describe("how many requests the device answered"),
  found: z.record(z.string(), z.string()).describe("what was read of the device, by path"),
});
export const BOOTSTRAP_DEVICE = z.object({
  endpointName: z.string(),
  domain: z.string(),
  source: z.string().nullable().describe("where its configuration is; null without one"),
  requests: z.array(z.string()).describe("what it is sent, without Discover"),
  running: z
    .object({ startedAt: moment, via: z.string(), address: z.string(), source: z.string() })
    .nullable(),
  outcomes: z.array(outcome).describe("the latest first"),
});
export const BOOTSTRAP_OUTCOME = outcome.extend({ endpointName: z.string() });
export const BEGIN_BOOTSTRAP = z.strictObject({
  instance: z
    .int()
    .min(0)
    .max(65534)
    .optional()
    .describe("of object 1, where the device has several"),
});
export const BEGUN_BOOTSTRAP = z.object({
  how: z.enum(["trigger", "push"]).describe("push: LwM2M 1.0, which has no trigger"),
  path: z.string().nullable().describe("what is executed"),
});

export const WHO = z.object({
  domain: z.string(),
  operator: z.boolean().describe("whether it administrates other domains too"),
  user: z.string().nullable(),
  credential: z.string().describe("its kind and its id"),
  rights: z.union([z.literal("all"), permissions]),
});

const quota = z.object({
  quota: z.int().nullable().describe("null without one"),
  used: z.int(),
});
export const LIMITS = z.object({
  transactions: quota.describe("of the last 24 hours"),
  endpoints: quota.describe("registered now"),
  logins: z.array(z.string()).describe("the kinds of credential that this API takes"),
});

export const USERS = pageSchema(USER);
export const GROUPS = pageSchema(GROUP);
export const CUSTOMERS = pageSchema(CUSTOMER);
export const BINDINGS = pageSchema(BINDING);
export const DEVICES = pageSchema(DEVICE);
export const ACCESS_KEYS = pageSchema(ACCESS_KEY);
export const API_CLIENTS = pageSchema(API_CLIENT);
export const CERTIFICATES = pageSchema(CERTIFICATE);
export const DOMAINS = pageSchema(DOMAIN);
export const BOOTSTRAP_ACCOUNTS = pageSchema(BOOTSTRAP_ACCOUNT);
export const BOOTSTRAP_RULES = z.object({
  items: z.array(BOOTSTRAP_RULE).describe("in the order in which they are tried"),
});
export const BOOTSTRAP_OUTCOMES = pageSchema(BOOTSTRAP_OUTCOME);
export const AUDIT_ENTRIES = pageSchema(AUDIT_ENTRY);

/** A list in pages: `items`, and `next` for where the next page begins. */
function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next: z.string().optional().describe("give it as after to get the next page"),
  });
}

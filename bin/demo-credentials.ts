/**
 * Who may try the demo out: an access key, a customer and an API client, the same at each start. They are kept in a file in the data folder,
 * readable by its owner alone, since a demo shows again and again what a real connector shows once.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Access } from "../connector/access/access.ts";
import { type ClientKeys, drawKeys } from "../connector/access/api-clients.ts";
import { createCustomer } from "../connector/access/customers.ts";
import { randomAlphanumerics } from "../connector/access/key-crypto.ts";
import { DEFAULT_DOMAIN, OBJECTS, VERBS } from "../connector/access/model.ts";

export interface DemoCredentials {
  readonly accessKey: string;
  /** Of mDash's kind: `curl -u EMAIL:PASSWORD .../customer`. */
  readonly customer: { readonly email: string; readonly password: string };
  /** Of Device42's kind: `curl -X POST -u CLIENT_KEY:SECRET_KEY .../tauth/1.0/token/`. */
  readonly apiClient: ClientKeys;
}

const FILE = "demo-credentials.json";
const EMAIL = "demo@example.com";
const PASSWORD_LENGTH = 20;
/** The user on whose behalf the demo's API client acts. */
const API_USER = "demo-api";

/**
 * Reads the demo's credentials, and draws those that are not there yet.
 *
 * @throws Error fit for the user when the file cannot be read
 */
export function demoCredentials(folder: string): DemoCredentials {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, FILE);
  const known = readKnown(file);
  const credentials: DemoCredentials = {
    accessKey: known.accessKey ?? randomAlphanumerics(100),
    customer: known.customer ?? { email: EMAIL, password: randomAlphanumerics(PASSWORD_LENGTH) },
    apiClient: known.apiClient ?? drawKeys(),
  };
  const text = `${JSON.stringify(credentials)}\n`;
  // Never half a file under this name.
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  chmodSync(file, 0o600);
  return credentials;
}

/** Puts on record whom the credentials are for, as far as they are not there. */
export async function adoptDemo(access: Access, credentials: DemoCredentials): Promise<void> {
  const { accessKey, customer, apiClient } = credentials;
  access.adoptFirstKey(accessKey, "demo");
  const domain = access.domains.get(DEFAULT_DOMAIN);
  if (domain === undefined) return;
  if (access.users.named(customer.email) === undefined) {
    const hash = await access.passwords.hash(customer.password);
    createCustomer(access, domain, customer.email, hash);
    // Customers register themselves here: it is there to be tried.
    access.domains.put({ ...domain, registration: "open", customersUseRest: true });
  }
  if (access.clients.withKey(apiClient.clientKey) === undefined) {
    const now = access.calendarNow();
    access.clients.create({ ownerId: apiUser(access) }, now, apiClient);
  }
}

/** Lets the demo's customer have these devices, which must be on record. */
export function claimForDemo(
  access: Access,
  { customer }: DemoCredentials,
  endpointNames: readonly string[],
): void {
  const user = access.users.named(customer.email);
  if (user === undefined) return;
  for (const endpointName of endpointNames) {
    const device = access.devices.named(endpointName);
    if (device !== undefined) access.bindings.bind(user.id, device.id, access.calendarNow());
  }
}

/** The id of a user who may do everything and is neither staff nor superuser, as Device42 wants the owner of an API client. */
function apiUser(access: Access): string {
  const known = access.users.named(API_USER);
  if (known !== undefined) return known.id;
  const now = access.calendarNow();
  return access.users.put({
    id: randomAlphanumerics(16),
    domainId: DEFAULT_DOMAIN,
    name: API_USER,
    passwordHash: undefined,
    active: true,
    staff: false,
    superuser: false,
    role: "user",
    permissions: VERBS.flatMap((verb) => OBJECTS.map((object) => `${verb} ${object}` as const)),
    groups: [],
    keyVersion: 0,
    metadata: {},
    createdAt: now,
    updatedAt: now,
  }).id;
}

function readKnown(file: string): Partial<DemoCredentials> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  try {
    const { accessKey, customer, apiClient } = JSON.parse(text) as Partial<DemoCredentials>;
    if (typeof accessKey !== "string" || accessKey.length !== 100) throw new Error("no key");
    return { accessKey, customer, apiClient };
  } catch {
    throw new Error(`${file} cannot be read; remove it to get new credentials.`);
  }
}

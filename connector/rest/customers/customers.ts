/** The routes `/customer` and `/newcustomer`: a customer sees itself, claims devices, changes its password, and comes to be. */
import {
  createCustomer,
  customerJson,
  emailOf,
  METADATA_MEMBERS,
  mergedMetadata,
  requireMailAddress,
  requirePassword,
  setClaims,
  setCustomerPassword,
  setMetadata,
} from "../../access/customers.ts";
import { refusal } from "../../access/domains.ts";
import { passwordChangedMail } from "../../access/mail.ts";
import { DEFAULT_DOMAIN, type Domain, type User } from "../../access/model.ts";
import { BUSY } from "../../access/passwords.ts";
import { addressGroup } from "../../access/rate-limit.ts";
import type { RestContext, RestHost } from "../context.ts";
import {
  type Members,
  objectMember,
  readMembers,
  refuseForNow,
  refuseInJson,
  textMember,
} from "./answers.ts";

/** What an app that nobody has told its id says (Kegtron's). */
const NO_APP = "setme";

/** GET /customer */
export function showCustomer(host: RestHost, c: RestContext): Response {
  return c.json(customerJson(host.access, customerOf(host, c)));
}

/**
 * POST /customer: a customer as it was read, with what is to be another way; everything else is ignored. All of it is done, or nothing.
 */
export async function changeCustomer(host: RestHost, c: RestContext): Promise<Response> {
  const { access, customerSide } = host;
  const members = await readMembers(c);
  const password = textMember(members, "password");
  const pubkeys = objectMember(members, "pubkeys");
  const hash =
    password === undefined ? undefined : await newPasswordHash(host, c, password, members);
  if (hash instanceof Response) return hash;
  // From here on nothing is waited for. What can be refused comes before what cannot.
  const hasMetadata = METADATA_MEMBERS.some((name) => members[name] !== undefined);
  const metadata = hasMetadata ? mergedMetadata(customerOf(host, c), members) : undefined;
  if (pubkeys !== undefined) {
    const refused = claim(host, c, members, Object.keys(pubkeys));
    if (refused !== undefined) return refused;
  }
  if (metadata !== undefined) setMetadata(access, customerOf(host, c), metadata);
  if (hash !== undefined) {
    const rotatesKey = members["rotate_token"] === true;
    const changed = setCustomerPassword(access, customerOf(host, c), hash, rotatesKey);
    record(host, c, "customer.password-changed", changed.id);
    if (rotatesKey) customerSide.endChannel(changed.id);
    const email = emailOf(changed);
    if (email !== undefined) customerSide.mail(passwordChangedMail(email));
  }
  await host.commit();
  return c.json(customerJson(access, customerOf(host, c)));
}

/** GET /newcustomer: an anonymous customer, whose key is all there is of it. */
export async function createAnonymous(host: RestHost, c: RestContext): Promise<Response> {
  const domain = domainOfApp(host, c.req.query("app_id"));
  const refused = refuseNewCustomer(host, c, domain);
  if (refused !== undefined) return refused;
  return answerNew(host, c, createCustomer(host.access, domain as Domain, undefined, undefined));
}

/** POST /newcustomer: a customer with an e-mail address that nobody has proved to be his. */
export async function registerCustomer(host: RestHost, c: RestContext): Promise<Response> {
  const members = await readMembers(c);
  const domain = domainOfApp(host, textMember(members, "app_id"));
  const refused = refuseNewCustomer(host, c, domain);
  if (refused !== undefined) return refused;
  const email = textMember(members, "email");
  const password = textMember(members, "password");
  if (email === undefined || password === undefined) {
    throw refusal("access/bad-value", "An email and a password are needed.");
  }
  requireMailAddress(email);
  requirePassword(password);
  if (host.access.users.named(email) !== undefined) {
    throw refusal("access/name-taken", "There is an account with this e-mail address already.");
  }
  const hash = await host.access.passwords.hash(password);
  return answerNew(host, c, createCustomer(host.access, domain as Domain, email, hash));
}

/** The domain that an app's id means: its id or its name; the operator's for an app that names none. */
export function domainOfApp(host: RestHost, appId: string | undefined): Domain | undefined {
  const { domains } = host.access;
  if (appId === undefined || appId === "" || appId === NO_APP) return domains.get(DEFAULT_DOMAIN);
  return domains.get(appId) ?? domains.named(appId);
}

/** Refuses where customers do not register themselves, in the same words whether or not there is such a domain. */
function refuseNewCustomer(
  host: RestHost,
  c: RestContext,
  domain: Domain | undefined,
): Response | undefined {
  const { newOfAddress, newOfAll } = host.customerSide;
  const group = addressGroup(c.env.address);
  const now = host.now();
  const wait = Math.max(newOfAddress.refusedFor(now, group), newOfAll.refusedFor(now, ""));
  if (wait > 0) return refuseForNow(c, wait);
  newOfAddress.take(now, group);
  if (domain?.registration !== "open") {
    return refuseInJson(c, 403, "Customers cannot register themselves here.");
  }
  newOfAll.take(now, "");
  return undefined;
}

async function answerNew(host: RestHost, c: RestContext, customer: User): Promise<Response> {
  host.access.audit.append({
    at: host.access.calendarNow(),
    domainId: customer.domainId,
    actor: `customer:${customer.id}`,
    address: c.env.address,
    action: "customer.registered",
    object: customer.id,
  });
  await host.commit();
  return c.json({ token: host.access.customerKeyOf(customer) });
}

/** Makes these keys the customer's; a Response is the refusal. */
function claim(
  host: RestHost,
  c: RestContext,
  members: Members,
  keys: readonly string[],
): Response | undefined {
  const { access, customerSide } = host;
  const { wrongKeys, shadows } = customerSide;
  const customer = customerOf(host, c);
  const guessers = [customer.id, addressGroup(c.env.address)];
  const wait = Math.max(...guessers.map((guesser) => wrongKeys.refusedFor(host.now(), guesser)));
  if (wait > 0) return refuseForNow(c, wait);
  const now = customerJson(access, customer);
  const isStale =
    textMember(members, "updated_at") !== undefined && members["updated_at"] !== now.updated_at;
  const releases = Object.keys(now.pubkeys).some((key) => !keys.includes(key));
  if (isStale && releases) {
    // What another app has claimed meanwhile is missing in what this one read, and nobody wants it released.
    return refuseInJson(c, 409, "The customer has changed since it was read; read it again.");
  }
  try {
    const { claimed, released } = setClaims(access, customer, keys);
    for (const device of claimed) {
      shadows.begin(device);
      record(host, c, "binding.added", device.endpointName);
    }
    for (const device of released) record(host, c, "binding.removed", device.endpointName);
    if (released.length > 0) customerSide.recheck([customer.id]);
  } catch (error) {
    if ((error as { code?: string }).code === "access/not-found") {
      for (const guesser of guessers) wrongKeys.take(host.now(), guesser);
      record(host, c, "binding.refused", customer.id);
    }
    throw error;
  }
  return undefined;
}

/** The hash of a new password, if this request may set one; a Response is the refusal. */
async function newPasswordHash(
  host: RestHost,
  c: RestContext,
  password: string,
  members: Members,
): Promise<string | Response> {
  requirePassword(password);
  const { access } = host;
  const customer = customerOf(host, c);
  const former = textMember(members, "old_password");
  const hasLoggedIn = c.get("principal").kind === "customer-password";
  const mustProve = host.customerSide.settings.passwordChange === "by-password" && !hasLoggedIn;
  if (former !== undefined || (mustProve && customer.passwordHash !== undefined)) {
    const { address } = c.env;
    const wait = access.backoff.refusedFor(host.now(), customer.name, address);
    if (wait > 0) return refuseForNow(c, wait);
    const isRight = await access.passwords.verify(host.now(), customer, former ?? "");
    if (isRight === BUSY) return refuseForNow(c, 1000);
    if (!isRight) {
      access.backoff.handleFailure(host.now(), customer.name, address);
      record(host, c, "customer.password-refused", customer.id);
      return refuseInJson(c, 403, "old_password must be the password as it is now.");
    }
  }
  return access.passwords.hash(password);
}

/** The customer who asks, as it is on record now. */
function customerOf(host: RestHost, c: RestContext): User {
  const { user } = c.get("principal");
  const customer = user && host.access.users.get(user.id);
  if (customer === undefined)
    throw refusal("access/not-found", "The customer is not there any more.");
  return customer;
}

function record(host: RestHost, c: RestContext, action: string, object: string): void {
  host.access.record(c.get("principal"), c.env.address, action, object);
}

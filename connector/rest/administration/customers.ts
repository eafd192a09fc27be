/** Administration of customers, and of the devices that are bound to them. */
import { createCustomer } from "../../access/customers.ts";
import { PUBLIC_KEY_RIGHTS } from "../../access/decision.ts";
import { bindDevice, deviceFor, removeCustomer } from "../../access/device-administration.ts";
import { refusal } from "../../access/domains.ts";
import { requireRights, requireRightsOf } from "../../access/escalation.ts";
import type { DeviceRecord, User } from "../../access/model.ts";
import { setPassword, userFor } from "../../access/user-administration.ts";
import type { RestContext, RestHost } from "../context.ts";
import type { Route } from "../route.ts";
import { changed, domainOf, noted, PAGED, pageOf, readValid, segment } from "./request.ts";
import * as schemas from "./schemas.ts";
import { customerView, mapPage } from "./views.ts";

const NO_CUSTOMER = "There is no such customer.";
const BAD_BODY = "The body does not hold what is expected: the problem says where.";

const BEYOND = "The caller lacks what a customer may do with its devices.";

export const CUSTOMER_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/admin/customers",
    allows: { verb: "view", object: "customer" },
    summary: "The customers of a domain.",
    query: { ...PAGED, email: "only those whose email begins so" },
    returns: schemas.CUSTOMERS,
    answers: { 200: "A page of customers, sorted by email." },
    handle: listCustomers,
  },
  {
    method: "POST",
    path: "/admin/customers",
    allows: { verb: "add", object: "customer" },
    summary: "Makes a customer.",
    query: { domain: PAGED.domain },
    body: schemas.NEW_CUSTOMER,
    returns: schemas.CUSTOMER,
    answers: { 201: "The customer.", 400: BAD_BODY, 409: "The email is taken." },
    handle: addCustomer,
  },
  {
    method: "GET",
    path: "/admin/customers/:customerId",
    allows: { verb: "view", object: "customer" },
    summary: "Shows a customer, without its key.",
    returns: schemas.CUSTOMER,
    answers: { 200: "The customer.", 404: NO_CUSTOMER },
    handle: (host, c) => c.json(customerView(host.access, theCustomer(host, c))),
  },
  {
    method: "PATCH",
    path: "/admin/customers/:customerId",
    allows: { verb: "change", object: "customer" },
    summary: "Deactivates a customer, which ends what it does at once, or activates it again.",
    body: schemas.CUSTOMER_CHANGE,
    returns: schemas.CUSTOMER,
    answers: { 200: "The customer.", 400: BAD_BODY, 404: NO_CUSTOMER },
    handle: patchCustomer,
  },
  {
    method: "PUT",
    path: "/admin/customers/:customerId/password",
    allows: { verb: "change", object: "customer" },
    summary: "Gives a customer another password.",
    body: schemas.PASSWORD,
    answers: { 204: "Set.", 400: BAD_BODY, 403: BEYOND, 404: NO_CUSTOMER },
    handle: putCustomerPassword,
  },
  {
    method: "GET",
    path: "/admin/customers/:customerId/key",
    allows: { verb: "change", object: "customer" },
    summary: "Shows the CUSTOMER_KEY. That it was shown is written down.",
    returns: schemas.CUSTOMER_KEY,
    answers: { 200: "The key.", 403: BEYOND, 404: NO_CUSTOMER },
    handle: showCustomerKey,
  },
  {
    method: "POST",
    path: "/admin/customers/:customerId/key",
    allows: { verb: "change", object: "customer" },
    summary: "Makes another CUSTOMER_KEY; the former one is worthless at once.",
    returns: schemas.CUSTOMER_KEY,
    answers: { 200: "The new key.", 403: BEYOND, 404: NO_CUSTOMER },
    handle: rotateCustomerKey,
  },
  {
    method: "DELETE",
    path: "/admin/customers/:customerId",
    allows: { verb: "delete", object: "customer" },
    summary: "Removes a customer; its devices are free again.",
    answers: { 204: "Removed.", 404: NO_CUSTOMER },
    handle: deleteCustomer,
  },
  {
    method: "GET",
    path: "/admin/customers/:customerId/devices",
    allows: { verb: "view", object: "customer" },
    summary: "The devices that are bound to a customer.",
    query: { limit: PAGED.limit, after: PAGED.after },
    returns: schemas.BINDINGS,
    answers: { 200: "A page of bindings, sorted by endpoint name.", 404: NO_CUSTOMER },
    handle: listBindings,
  },
  {
    method: "PUT",
    path: "/admin/customers/:customerId/devices/:endpointName",
    allows: { verb: "change", object: "customer" },
    summary: "Binds a device to a customer.",
    answers: {
      204: "It is bound.",
      403: BEYOND,
      404: "There is no such customer, or device in its domain.",
      409: "Another customer has it, and the domain's devices are exclusive.",
    },
    handle: putBinding,
  },
  {
    method: "DELETE",
    path: "/admin/customers/:customerId/devices/:endpointName",
    allows: { verb: "change", object: "customer" },
    summary: "Releases a device; its PUBLIC_KEY changes with that.",
    answers: { 204: "Released.", 404: "The device is not bound to such a customer." },
    handle: deleteBinding,
  },
];

function listCustomers(host: RestHost, c: RestContext): Response {
  const domain = domainOf(host, c);
  const email = (c.req.query("email") ?? "").toLowerCase();
  const customers = [...host.access.users.all()].filter(
    (user) =>
      user.domainId === domain.id && user.role === "customer" && user.name.startsWith(email),
  );
  const page = pageOf(c, customers, (customer) => customer.name);
  return c.json(mapPage(page, (customer) => customerView(host.access, customer)));
}

async function addCustomer(host: RestHost, c: RestContext): Promise<Response> {
  const { email, password } = await readValid(c, schemas.NEW_CUSTOMER);
  const domain = domainOf(host, c);
  const passwordHash =
    password === undefined ? undefined : await host.access.passwords.hash(password);
  const customer = createCustomer(host.access, domain, email, passwordHash);
  await noted(host, c, "customer.created", customer.id);
  return c.json(customerView(host.access, customer), 201);
}

async function patchCustomer(host: RestHost, c: RestContext): Promise<Response> {
  const { active } = await readValid(c, schemas.CUSTOMER_CHANGE);
  const former = theCustomer(host, c);
  const updatedAt = host.access.calendarNow();
  const customer = host.access.users.put({ ...former, active, updatedAt });
  await changed(host, c, active ? "customer.activated" : "customer.deactivated", customer.id);
  return c.json(customerView(host.access, customer));
}

async function putCustomerPassword(host: RestHost, c: RestContext): Promise<Response> {
  const { password } = await readValid(c, schemas.PASSWORD);
  theCustomer(host, c);
  const passwordHash = await host.access.passwords.hash(password);
  // Looked up again: the hash took its time.
  const customer = theCustomer(host, c);
  setPassword(host.access, c.get("principal"), customer, passwordHash);
  await noted(host, c, "customer.password-set", customer.id);
  return c.body(null, 204);
}

async function showCustomerKey(host: RestHost, c: RestContext): Promise<Response> {
  const customer = equalCustomer(host, c);
  await noted(host, c, "customer-key.shown", customer.id);
  return c.json({ id: customer.id, customerKey: host.access.customerKeyOf(customer) });
}

async function rotateCustomerKey(host: RestHost, c: RestContext): Promise<Response> {
  const { id, keyVersion, ...rest } = equalCustomer(host, c);
  const updatedAt = host.access.calendarNow();
  const customer = host.access.users.put({ ...rest, id, keyVersion: keyVersion + 1, updatedAt });
  await changed(host, c, "customer-key.rotated", id);
  return c.json({ id, customerKey: host.access.customerKeyOf(customer) });
}

async function deleteCustomer(host: RestHost, c: RestContext): Promise<Response> {
  const customer = theCustomer(host, c);
  removeCustomer(host.access, customer);
  await changed(host, c, "customer.removed", customer.id);
  return c.body(null, 204);
}

function listBindings(host: RestHost, c: RestContext): Response {
  const customer = theCustomer(host, c);
  const devices: DeviceRecord[] = [];
  for (const id of host.access.bindings.devicesOf(customer.id)) {
    const device = host.access.devices.get(id);
    if (device !== undefined) devices.push(device);
  }
  const page = pageOf(c, devices, (device) => device.endpointName);
  return c.json(mapPage(page, ({ endpointName }) => ({ customerId: customer.id, endpointName })));
}

async function putBinding(host: RestHost, c: RestContext): Promise<Response> {
  const customer = theCustomer(host, c);
  const device = theDevice(host, c);
  requireRights(c.get("principal"), PUBLIC_KEY_RIGHTS);
  bindDevice(host.access, customer, device);
  await changed(host, c, "binding.added", `${customer.id} ${device.endpointName}`);
  return c.body(null, 204);
}

async function deleteBinding(host: RestHost, c: RestContext): Promise<Response> {
  const customer = theCustomer(host, c);
  const device = theDevice(host, c);
  if (!host.access.bindings.unbind(customer.id, device.id)) {
    throw refusal("access/not-found", `${device.endpointName} is not bound to this customer.`);
  }
  // Who has released it knows the key that it had.
  host.access.devices.rotatePublicKey(device, host.access.calendarNow());
  await changed(host, c, "binding.removed", `${customer.id} ${device.endpointName}`);
  return c.body(null, 204);
}

/** The customer of the path, for somebody who may do all that a customer may: else its key would be more than he has. */
function equalCustomer(host: RestHost, c: RestContext): User {
  const customer = theCustomer(host, c);
  requireRightsOf(host.access, c.get("principal"), customer);
  return customer;
}

function theCustomer(host: RestHost, c: RestContext): User {
  return userFor(host.access, c.get("principal"), segment(c, 2), "customer");
}

function theDevice(host: RestHost, c: RestContext): DeviceRecord {
  return deviceFor(host.access, c.get("principal"), segment(c, 4));
}

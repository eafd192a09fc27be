/** Changing what is on record of devices by hand: whose they are, and who has claimed them. */
import { isEndpointName } from "../registry/registration-interface.ts";
import type { Access } from "./access.ts";
import type { Principal } from "./decision.ts";
import { refusal } from "./domains.ts";
import { reaches } from "./escalation.ts";
import type { DeviceRecord, Domain, User } from "./model.ts";

/** The device of this name. @throws Error with code `access/not-found`, also for one of another domain */
export function deviceFor(access: Access, actor: Principal, endpointName: string): DeviceRecord {
  const device = access.devices.named(endpointName);
  if (device === undefined || !reaches(actor, device.domainId)) {
    throw refusal("access/not-found", `There is no device ${endpointName}.`);
  }
  return device;
}

/**
 * Puts a device on record before it registers, so that it can be claimed, and belongs to this domain whatever it says then.
 *
 * @throws Error with code `access/bad-name`, `access/name-taken` or `access/too-many`
 */
export function createDevice(
  access: Access,
  domain: Domain,
  endpointName: string,
  endpointType: string | undefined,
): DeviceRecord {
  if (!isEndpointName(endpointName)) {
    throw refusal(
      "access/bad-name",
      "An endpoint name consists of what stands in a URL path as it is: letters, digits and -._~!$&'()*+,;=:@.",
    );
  }
  if (access.devices.named(endpointName) !== undefined) {
    throw refusal("access/name-taken", `The endpoint name ${endpointName} is taken.`);
  }
  const now = access.calendarNow();
  const device = access.devices.create(domain.id, endpointName, endpointType, now);
  if (device === undefined) throw refusal("access/too-many", "There are too many devices.");
  return device;
}

/**
 * Gives a device to another domain. It is another device on record then, with another number and another PUBLIC_KEY: whatever is filed under
 * the number (claims, notes, its shadow, its history) was the former domain's business.
 */
export function moveDevice(access: Access, device: DeviceRecord, domain: Domain): DeviceRecord {
  if (device.domainId === domain.id) return device;
  forgetDevice(access, device);
  return createDevice(access, domain, device.endpointName, device.endpointType);
}

/** Takes a device off the record, and its claims with it. It is put there anew, in the domain it names, when it registers again. */
export function forgetDevice(access: Access, device: DeviceRecord): void {
  unbindAll(access, device);
  access.devices.remove(device.id);
}

/**
 * Binds a device to a customer of its domain; harmless when it is.
 *
 * @throws Error with code `access/not-found` for a device of another domain, `access/conflict` when the domain's devices are exclusive and
 *   another customer has it, `access/too-many`
 */
export function bindDevice(access: Access, customer: User, device: DeviceRecord): void {
  if (customer.domainId !== device.domainId) {
    throw refusal("access/not-found", `There is no device ${device.endpointName}.`);
  }
  const isExclusive = access.domains.get(device.domainId)?.sharing === "exclusive";
  const holders = [...access.bindings.customersOf(device.id)].filter((id) => id !== customer.id);
  if (isExclusive && holders.length > 0) {
    throw refusal(
      "access/conflict",
      "Another customer has this device, and devices are exclusive.",
    );
  }
  access.bindings.bind(customer.id, device.id, access.calendarNow());
}

/** Ends all claims of a customer and takes it off the record. */
export function removeCustomer(access: Access, customer: User): void {
  for (const deviceId of [...access.bindings.devicesOf(customer.id)]) {
    access.bindings.unbind(customer.id, deviceId);
  }
  access.users.remove(customer.id);
}

function unbindAll(access: Access, device: DeviceRecord): void {
  for (const customerId of [...access.bindings.customersOf(device.id)]) {
    access.bindings.unbind(customerId, device.id);
  }
}

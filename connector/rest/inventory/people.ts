/** Users and customers as Device42's API shows them (its "Admin Users" and "End Users"). They are changed in the administration. */

import type { User } from "../../access/model.ts";
import { permissionNames } from "../../access/permission-names.ts";
import { timeText } from "../../inventory/values.ts";
import type { RestContext, RestHost } from "../context.ts";
import { taken, windowOf } from "./request.ts";

export function listEndUsers(host: RestHost, c: RestContext): Response {
  const window = windowOf(c);
  const { total, page } = taken(peopleOf(host, c, "customer"), window);
  const values = page.map(({ id, name }) => ({
    id,
    name,
    email: name,
    domain: "",
    contact: "",
    location: "",
    adusername: "",
    notes: "",
    tags: [],
    custom_fields: [],
  }));
  return c.json({ values, total_count: total, limit: window.limit, offset: window.offset });
}

export function listUsers(host: RestHost, c: RestContext): Response {
  const window = windowOf(c);
  const { total, page } = taken(peopleOf(host, c, "user"), window);
  const adminusers = page.map((user) => ({
    id: user.id,
    username: user.name,
    active: user.active ? "yes" : "no",
    staff: user.staff ? "yes" : "no",
    superuser: user.superuser ? "yes" : "no",
    groups: user.groups.map((id) => host.access.users.group(id)?.name ?? id),
    permissions: permissionNames(user.permissions),
    last_updated: timeText(user.updatedAt),
  }));
  return c.json({ total_count: total, adminusers, limit: window.limit, offset: window.offset });
}

/** The people of the domain, in an order that stays. */
function peopleOf(host: RestHost, c: RestContext, role: User["role"]): User[] {
  const domainId = c.get("principal").domain.id;
  const people: User[] = [];
  for (const user of host.access.users.all()) {
    if (user.role === role && user.domainId === domainId) people.push(user);
  }
  return people.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * Who may give and take what, beyond what a route asks for: nobody gives rights that he has not, and nobody changes somebody who has more
 * than he. Else "may change users" would mean "may become anybody".
 */
import type { Access } from "./access.ts";
import { type Principal, type Rights, rightsOf } from "./decision.ts";
import { refusal } from "./domains.ts";
import { DEFAULT_DOMAIN, type Domain, type User } from "./model.ts";

/** Whether somebody is over the domains: a superuser of the operator's. */
export function isOperator(actor: Principal): boolean {
  return actor.domain.id === DEFAULT_DOMAIN && isSuperuser(actor);
}

export function isSuperuser(actor: Principal): boolean {
  return actor.user?.superuser === true && actor.rights === "all";
}

/** Whether somebody administrates a domain: his own, and the operator each. What lies in another is as if it were not there. */
export function reaches(actor: Principal, domainId: string): boolean {
  return actor.domain.id === domainId || isOperator(actor);
}

/**
 * The domain that somebody means.
 *
 * @param name undefined for his own
 * @throws Error with code `access/not-found` when there is none of this name for him
 */
export function domainFor(access: Access, actor: Principal, name: string | undefined): Domain {
  if (name === undefined || name === actor.domain.name) return actor.domain;
  const domain = access.domains.named(name);
  if (domain === undefined || !reaches(actor, domain.id)) {
    throw refusal("access/not-found", `There is no domain ${name}.`);
  }
  return domain;
}

/** @throws Error with code `access/not-allowed` for anybody but the operator */
export function requireOperator(actor: Principal): void {
  if (isOperator(actor)) return;
  throw refusal("access/not-allowed", "Only a superuser of the operator's domain may do this.");
}

/** @throws Error with code `access/not-allowed` when the actor lacks some of these rights */
export function requireRights(actor: Principal, rights: Rights): void {
  if (actor.rights === "all") return;
  if (rights === "all") {
    throw refusal("access/not-allowed", "Only a superuser may do this for a superuser.");
  }
  const missing = rights.filter((right) => !actor.rights.includes(right));
  if (missing.length === 0) return;
  throw refusal("access/not-allowed", `You lack what you would give: ${missing.join(", ")}.`);
}

/** @throws Error with code `access/not-allowed` when a user may do more than the actor */
export function requireRightsOf(access: Access, actor: Principal, user: User): void {
  requireRights(
    actor,
    rightsOf(user, (id) => access.users.group(id)),
  );
}

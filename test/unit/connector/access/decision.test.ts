import { describe, expect, test } from "vitest";
import {
  CUSTOMER_RIGHTS,
  may,
  type Principal,
  rightsOf,
  sees,
} from "../../../../connector/access/decision.ts";
import type { Domain, Group, User } from "../../../../connector/access/model.ts";
import { ADMINISTRATOR } from "../../../../connector/access/users.ts";

const ACME: Domain = {
  id: "acme",
  name: "acme",
  createdAt: 0,
  registration: "invite",
  sharing: "shared",
  customersUseRest: false,
};
const OWN = { domainId: "acme", endpointName: "d" };

function principal(change: Partial<Principal> = {}): Principal {
  return {
    kind: "access-key",
    domain: ACME,
    user: undefined,
    credentialId: "k",
    channelId: "k",
    scope: "domain",
    rights: "all",
    ...change,
  };
}

describe("who may do what", () => {
  test("all rights are all rights, to one's own domain", () => {
    expect(may(principal(), "delete", "device")).toBe(true);
    expect(may(principal(), "delete", "device", OWN)).toBe(true);
    expect(may(principal(), "delete", "device", { ...OWN, domainId: "rival" })).toBe(false);
  });

  test("a permission is for its verb and its object alone", () => {
    const reader = principal({ rights: ["view device"] });
    expect(may(reader, "view", "device")).toBe(true);
    expect(may(reader, "change", "device")).toBe(false);
    expect(may(reader, "view", "resource")).toBe(false);
  });

  test("whoever sees some devices may do nothing to others, in the same domain or with the same name in another", () => {
    const customer = principal({ scope: new Set(["d"]), rights: CUSTOMER_RIGHTS });
    expect(may(customer, "change", "resource", OWN)).toBe(true);
    expect(may(customer, "change", "resource", { ...OWN, endpointName: "e" })).toBe(false);
    expect(sees(customer, { domainId: "rival", endpointName: "d" })).toBe(false);
  });
});

describe("the rights of a user", () => {
  const user: User = { ...ADMINISTRATOR, superuser: false, permissions: ["view device"] };
  const groups: Record<string, Group> = {
    g: { id: "g", domainId: "default", name: "g", permissions: ["add tag"] },
  };

  test("are its own and those of its groups; a group that is gone gives none", () => {
    const member = { ...user, groups: ["g", "gone"] };
    expect(rightsOf(member, (id) => groups[id])).toEqual(["view device", "add tag"]);
  });

  test("are all for a superuser, and a customer's for a customer, whatever else is on record", () => {
    expect(rightsOf({ ...user, superuser: true }, () => undefined)).toBe("all");
    const customer: User = { ...user, role: "customer", superuser: true, groups: ["g"] };
    expect(rightsOf(customer, (id) => groups[id])).toBe(CUSTOMER_RIGHTS);
  });
});

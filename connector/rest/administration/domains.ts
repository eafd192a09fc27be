/** Administration of the whole: domains, the audit, what is used of what is allowed. */
import { type Rights, rightsOf } from "../../access/decision.ts";
import { refusal } from "../../access/domains.ts";
import { isOperator, reaches, requireOperator } from "../../access/escalation.ts";
import { randomAlphanumerics } from "../../access/key-crypto.ts";
import type { Domain } from "../../access/model.ts";
import { type RestContext, type RestHost, visibleRegistrations } from "../context.ts";
import type { Route } from "../route.ts";
import {
  afterNumber,
  changed,
  domainOf,
  noted,
  PAGED,
  pageOf,
  pageOfSorted,
  readValid,
  segment,
} from "./request.ts";
import * as schemas from "./schemas.ts";
import { auditView, domainView, mapPage } from "./views.ts";

const NO_DOMAIN = "There is no such domain.";
const BAD_BODY = "The body does not hold what is expected: the problem says where.";
const OPERATOR_ONLY = "Only a superuser of the operator's domain may.";
const ID_LENGTH = 16;

export const DOMAIN_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/admin/me",
    allows: { verb: "view", object: "device" },
    summary: "Who the caller is, and what it may do.",
    returns: schemas.WHO,
    answers: { 200: "The caller." },
    handle: showCaller,
  },
  {
    method: "GET",
    path: "/admin/limits",
    allows: { verb: "view", object: "domain" },
    summary: "What of the quotas is used, and how one can log in.",
    returns: schemas.LIMITS,
    answers: { 200: "The limits." },
    handle: showLimits,
  },
  {
    method: "GET",
    path: "/admin/domains",
    allows: { verb: "view", object: "domain" },
    summary: "The domains: all of them for superusers of the operator's, for others their own.",
    query: { limit: PAGED.limit, after: PAGED.after },
    returns: schemas.DOMAINS,
    answers: { 200: "A page of domains, sorted by name." },
    handle: listDomains,
  },
  {
    method: "POST",
    path: "/admin/domains",
    allows: { verb: "add", object: "domain" },
    summary: "Makes a domain: a tenant with users, customers and devices of its own.",
    body: schemas.NEW_DOMAIN,
    returns: schemas.DOMAIN,
    answers: { 201: "The domain.", 400: BAD_BODY, 403: OPERATOR_ONLY, 409: "The name is taken." },
    handle: addDomain,
  },
  {
    method: "GET",
    path: "/admin/domains/:domainName",
    allows: { verb: "view", object: "domain" },
    summary: "Shows a domain.",
    returns: schemas.DOMAIN,
    answers: { 200: "The domain.", 404: NO_DOMAIN },
    handle: (host, c) => c.json(domainView(theDomain(host, c))),
  },
  {
    method: "PATCH",
    path: "/admin/domains/:domainName",
    allows: { verb: "change", object: "domain" },
    summary: "Changes what is given of a domain.",
    body: schemas.DOMAIN_CHANGE,
    returns: schemas.DOMAIN,
    answers: {
      200: "The domain.",
      400: BAD_BODY,
      403: OPERATOR_ONLY,
      404: NO_DOMAIN,
      409: "The name is taken.",
    },
    handle: patchDomain,
  },
  {
    method: "GET",
    path: "/admin/audit",
    allows: { verb: "view", object: "audit" },
    summary: "Who did what, and who was refused; the newest first.",
    query: {
      ...PAGED,
      action: "only this action, or those that begin so: `access-key.`",
      actor: "only by whom begins so: `access-key:ID`",
    },
    returns: schemas.AUDIT_ENTRIES,
    answers: { 200: "A page of entries." },
    handle: listAudit,
  },
];

function showCaller(host: RestHost, c: RestContext): Response {
  const principal = c.get("principal");
  const { kind, credentialId, domain, user } = principal;
  const rights: Rights =
    user === undefined ? principal.rights : rightsOf(user, (id) => host.access.users.group(id));
  return c.json({
    domain: domain.name,
    operator: isOperator(principal),
    user: user?.name ?? null,
    credential: `${kind}:${credentialId}`,
    rights: rights === "all" ? rights : [...new Set(rights)],
  });
}

function showLimits(host: RestHost, c: RestContext): Response {
  const { traffic } = host.gateway;
  let used = 0;
  for (const _ of visibleRegistrations(host, c)) used++;
  return c.json({
    transactions: {
      quota: quotaOf(traffic.quotas.transactions),
      used: traffic.transactions(host.now(), c.get("principal").domain.id),
    },
    endpoints: { quota: quotaOf(traffic.quotas.endpoints), used },
    logins: ["access-key", "user-password"],
  });
}

/** JSON has no infinity. */
function quotaOf(quota: number): number | null {
  return quota === Infinity ? null : quota;
}

function listDomains(host: RestHost, c: RestContext): Response {
  const principal = c.get("principal");
  const domains = isOperator(principal) ? host.access.domains.all() : [principal.domain];
  return c.json(
    mapPage(
      pageOf(c, domains, (domain) => domain.name),
      domainView,
    ),
  );
}

async function addDomain(host: RestHost, c: RestContext): Promise<Response> {
  const given = await readValid(c, schemas.NEW_DOMAIN);
  requireOperator(c.get("principal"));
  const domain: Domain = {
    id: randomAlphanumerics(ID_LENGTH),
    name: given.name,
    createdAt: host.access.calendarNow(),
    registration: given.registration ?? "invite",
    sharing: given.sharing ?? "shared",
    customersUseRest: given.customersUseRest ?? false,
  };
  host.access.domains.put(domain);
  await noted(host, c, "domain.created", domain.name);
  return c.json(domainView(domain), 201);
}

async function patchDomain(host: RestHost, c: RestContext): Promise<Response> {
  const change = await readValid(c, schemas.DOMAIN_CHANGE);
  const former = theDomain(host, c);
  requireOperator(c.get("principal"));
  const domain: Domain = {
    ...former,
    name: change.name ?? former.name,
    registration: change.registration ?? former.registration,
    sharing: change.sharing ?? former.sharing,
    customersUseRest: change.customersUseRest ?? former.customersUseRest,
  };
  host.access.domains.put(domain);
  await changed(host, c, "domain.changed", `${domain.name} ${Object.keys(change).join(",")}`);
  return c.json(domainView(domain));
}

function listAudit(host: RestHost, c: RestContext): Response {
  const domain = domainOf(host, c);
  const action = c.req.query("action") ?? "";
  const actor = c.req.query("actor") ?? "";
  const entries = host.access.audit.newest(domain.id, {
    before: afterNumber(c, Number.MAX_SAFE_INTEGER),
    accepts: (entry) => entry.action.startsWith(action) && entry.actor.startsWith(actor),
  });
  return c.json(
    mapPage(
      pageOfSorted(c, entries, (entry) => `${entry.sequence}`),
      auditView,
    ),
  );
}

function theDomain(host: RestHost, c: RestContext): Domain {
  const name = segment(c, 2);
  const domain = host.access.domains.named(name);
  if (domain === undefined || !reaches(c.get("principal"), domain.id)) {
    throw refusal("access/not-found", `There is no domain ${name}.`);
  }
  return domain;
}

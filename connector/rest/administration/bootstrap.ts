/** Administration of bootstrap: what devices are given, what became of it, and that they are bootstrapped now. */
import { refusal } from "../../access/domains.ts";
import { reaches } from "../../access/escalation.ts";
import type { ConfigurationRow, RuleRow } from "../../bootstrap/accounts.ts";
import { RULE_NAME } from "../../bootstrap/document.ts";
import { hidden } from "../../bootstrap/hidden.ts";
import type { Outcome, Running } from "../../bootstrap/outcomes.ts";
import { laterSteps, nameOf } from "../../bootstrap/plan.ts";
import { isEndpointName } from "../../registry/registration-interface.ts";
import type { RestContext, RestHost } from "../context.ts";
import type { Route } from "../route.ts";
import { domainOf, noted, PAGED, pageOf, readValid, segment } from "./request.ts";
import * as schemas from "./schemas.ts";
import { mapPage, nameOfDomain, timeText } from "./views.ts";

const BAD_BODY = "The configuration cannot be used: the problem says where, and what was expected.";
const NO_CONFIGURATION = "There is no such configuration.";
const NO_RULE = "There is no such rule.";
const IN_FILE = "It is written in --bootstrap-file.";
const CONFIGURATIONS = "/admin/bootstrap/configurations";
const RULES = "/admin/bootstrap/rules";
const DEVICES = "/admin/bootstrap/devices";

export const BOOTSTRAP_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: CONFIGURATIONS,
    allows: { verb: "view", object: "bootstrap" },
    summary: "The bootstrap configurations of single devices, without their secrets.",
    query: PAGED,
    returns: schemas.BOOTSTRAP_ACCOUNTS,
    answers: { 200: "A page of configurations, sorted by endpoint name." },
    handle: listConfigurations,
  },
  {
    method: "GET",
    path: `${CONFIGURATIONS}/:endpointName`,
    allows: { verb: "view", object: "bootstrap" },
    summary: "Shows the bootstrap configuration of a device, without its secrets.",
    returns: schemas.BOOTSTRAP_ACCOUNT,
    answers: { 200: "The configuration.", 404: NO_CONFIGURATION },
    handle: showConfiguration,
  },
  {
    method: "PUT",
    path: `${CONFIGURATIONS}/:endpointName`,
    allows: { verb: "change", object: "bootstrap" },
    summary:
      'Writes the bootstrap configuration of a device. `{"secret": true}` leaves the secret that is there. A device of another domain than the operator\'s has to be on record (POST /admin/devices).',
    body: schemas.BOOTSTRAP_CONFIGURATION,
    returns: schemas.BOOTSTRAP_ACCOUNT,
    answers: { 200: "The configuration.", 400: BAD_BODY, 404: "There is no such device." },
    handle: putConfiguration,
  },
  {
    method: "DELETE",
    path: `${CONFIGURATIONS}/:endpointName`,
    allows: { verb: "delete", object: "bootstrap" },
    summary: "Removes the bootstrap configuration of a device; rules are for it again.",
    answers: { 204: "Removed.", 404: NO_CONFIGURATION, 409: IN_FILE },
    handle: deleteConfiguration,
  },
  {
    method: "GET",
    path: RULES,
    allows: { verb: "view", object: "bootstrap" },
    summary: "The rules for devices without a configuration of their own, without their secrets.",
    query: { domain: PAGED.domain },
    returns: schemas.BOOTSTRAP_RULES,
    answers: { 200: "The rules, in the order in which they are tried." },
    handle: listRules,
  },
  {
    method: "GET",
    path: `${RULES}/:ruleName`,
    allows: { verb: "view", object: "bootstrap" },
    summary: "Shows a rule, without its secrets.",
    query: { domain: PAGED.domain },
    returns: schemas.BOOTSTRAP_RULE,
    answers: { 200: "The rule.", 404: NO_RULE },
    handle: showRule,
  },
  {
    method: "PUT",
    path: `${RULES}/:ruleName`,
    allows: { verb: "change", object: "bootstrap" },
    summary: 'Writes a rule. `{"secret": true}` leaves the secret that is there.',
    query: { domain: PAGED.domain },
    body: schemas.NEW_BOOTSTRAP_RULE,
    returns: schemas.BOOTSTRAP_RULE,
    answers: { 200: "The rule.", 400: BAD_BODY },
    handle: putRule,
  },
  {
    method: "DELETE",
    path: `${RULES}/:ruleName`,
    allows: { verb: "delete", object: "bootstrap" },
    summary: "Removes a rule.",
    query: { domain: PAGED.domain },
    answers: { 204: "Removed.", 404: NO_RULE, 409: IN_FILE },
    handle: deleteRule,
  },
  {
    method: "GET",
    path: DEVICES,
    allows: { verb: "view", object: "bootstrap" },
    summary: "The last outcome of each device that was bootstrapped.",
    query: { ...PAGED, outcome: "finished or failed: only those" },
    returns: schemas.BOOTSTRAP_OUTCOMES,
    answers: { 200: "A page of outcomes, sorted by endpoint name." },
    handle: listOutcomes,
  },
  {
    method: "GET",
    path: `${DEVICES}/:endpointName`,
    allows: { verb: "view", object: "bootstrap" },
    summary:
      "Shows what a device would be sent, what is under way, and what became of the last few.",
    returns: schemas.BOOTSTRAP_DEVICE,
    answers: { 200: "What is known.", 404: "There is no such device." },
    handle: showDevice,
  },
  {
    method: "POST",
    path: `${DEVICES}/:endpointName`,
    allows: { verb: "change", object: "bootstrap" },
    summary:
      "Bootstraps a registered device now: executes its Bootstrap-Request Trigger, when it is awake; one of LwM2M 1.0 is sent its configuration.",
    body: schemas.BEGIN_BOOTSTRAP,
    returns: schemas.BEGUN_BOOTSTRAP,
    answers: {
      202: "Accepted; GET shows what became of it.",
      404: "There is no such device.",
      409: "It cannot be bootstrapped now: the problem says why.",
    },
    handle: beginBootstrap,
  },
];

// Configurations of devices.

function listConfigurations(host: RestHost, c: RestContext): Response {
  const { accounts } = host.bootstrap;
  const domain = domainOf(host, c);
  const rows = new Map<string, ConfigurationRow>();
  for (const row of accounts.fileConfigurationsOf(domain.id)) rows.set(row.endpointName, row);
  for (const row of accounts.configurationsOf(domain.id)) rows.set(row.endpointName, row);
  const page = pageOf(c, rows.values(), ({ endpointName }) => endpointName);
  return c.json(mapPage(page, (row) => configurationView(host, row)));
}

function showConfiguration(host: RestHost, c: RestContext): Response {
  const row = theConfiguration(host, theName(host, c));
  return c.json(configurationView(host, row));
}

async function putConfiguration(host: RestHost, c: RestContext): Promise<Response> {
  const endpointName = theName(host, c);
  const document = await readValid(c, schemas.BOOTSTRAP_CONFIGURATION);
  const row = host.bootstrap.accounts.putConfiguration(endpointName, document);
  await noted(host, c, "bootstrap.configured", endpointName);
  return c.json(configurationView(host, row));
}

async function deleteConfiguration(host: RestHost, c: RestContext): Promise<Response> {
  const endpointName = theName(host, c);
  if (!host.bootstrap.accounts.removeConfiguration(endpointName)) {
    theConfiguration(host, endpointName);
    throw refusal("access/conflict", IN_FILE);
  }
  await noted(host, c, "bootstrap.unconfigured", endpointName);
  return c.body(null, 204);
}

function theConfiguration({ bootstrap }: RestHost, endpointName: string): ConfigurationRow {
  const { accounts } = bootstrap;
  const row = accounts.configuration(endpointName) ?? accounts.fileConfiguration(endpointName);
  if (row !== undefined) return row;
  throw refusal("access/not-found", `There is no bootstrap configuration of ${endpointName}.`);
}

/** The endpoint name in the path, if it is the caller's. @throws Error with code `access/not-found` */
export function theName(host: RestHost, c: RestContext): string {
  const endpointName = segment(c, 3);
  const isOwn = reaches(c.get("principal"), host.bootstrap.accounts.domainOf(endpointName));
  if (isOwn && isEndpointName(endpointName)) return endpointName;
  throw refusal("access/not-found", `There is no device ${endpointName}.`);
}

// Rules.

function listRules(host: RestHost, c: RestContext): Response {
  const { accounts } = host.bootstrap;
  const { id } = domainOf(host, c);
  const rows = [...accounts.rulesOf(id), ...accounts.fileRulesOf(id)];
  return c.json({ items: rows.map((row) => ruleView(host, row)) });
}

function showRule(host: RestHost, c: RestContext): Response {
  return c.json(ruleView(host, theRule(host, c)));
}

async function putRule(host: RestHost, c: RestContext): Promise<Response> {
  const { id } = domainOf(host, c);
  const name = segment(c, 3);
  if (!RULE_NAME.test(name)) {
    throw refusal("access/bad-value", "A rule's name is 1 to 64 letters, digits and _.-");
  }
  const rule = await readValid(c, schemas.NEW_BOOTSTRAP_RULE);
  const row = host.bootstrap.accounts.putRule(id, name, rule);
  await noted(host, c, "bootstrap-rule.written", name);
  return c.json(ruleView(host, row));
}

async function deleteRule(host: RestHost, c: RestContext): Promise<Response> {
  const { id } = domainOf(host, c);
  const { name } = theRule(host, c);
  if (!host.bootstrap.accounts.removeRule(id, name)) throw refusal("access/conflict", IN_FILE);
  await noted(host, c, "bootstrap-rule.removed", name);
  return c.body(null, 204);
}

function theRule(host: RestHost, c: RestContext): RuleRow {
  const { accounts } = host.bootstrap;
  const { id } = domainOf(host, c);
  const name = segment(c, 3);
  const rows = [...accounts.rulesOf(id), ...accounts.fileRulesOf(id)];
  const row = rows.find((each) => each.name === name);
  if (row !== undefined) return row;
  throw refusal("access/not-found", `There is no bootstrap rule ${name}.`);
}

// Devices.

function listOutcomes(host: RestHost, c: RestContext): Response {
  const { outcomes } = host.bootstrap;
  const wanted = c.req.query("outcome");
  if (wanted !== undefined && wanted !== "finished" && wanted !== "failed") {
    throw refusal("access/bad-value", "outcome: expected finished or failed.");
  }
  const rows: { endpointName: string; last: Outcome }[] = [];
  for (const endpointName of outcomes.devicesOf(domainOf(host, c).id)) {
    const [last] = outcomes.of(endpointName);
    if (wanted === undefined || last.outcome === wanted) rows.push({ endpointName, last });
  }
  const page = pageOf(c, rows, ({ endpointName }) => endpointName);
  return c.json(
    mapPage(page, ({ endpointName, last }) => ({ endpointName, ...outcomeView(last) })),
  );
}

function showDevice(host: RestHost, c: RestContext): Response {
  const endpointName = theName(host, c);
  const { accounts, outcomes } = host.bootstrap;
  const found = accounts.find(endpointName);
  const running = outcomes.runningOf(endpointName);
  return c.json({
    endpointName,
    domain: nameOfDomain(host.access, accounts.domainOf(endpointName)),
    source: found?.source ?? null,
    requests:
      found === undefined
        ? []
        : laterSteps(found.configuration, found.configuration.entries).map(nameOf),
    running: running === undefined ? null : runningView(running),
    outcomes: outcomes.of(endpointName).map(outcomeView),
  });
}

async function beginBootstrap(host: RestHost, c: RestContext): Promise<Response> {
  const endpointName = theName(host, c);
  const { instance } = await readValid(c, schemas.BEGIN_BOOTSTRAP);
  const begun = host.bootstrap.begin(endpointName, instance, host.requestExpiry);
  await noted(host, c, "bootstrap.begun", endpointName);
  return c.json({ how: begun.how, path: begun.how === "trigger" ? begun.path : null }, 202);
}

// What is shown.

function configurationView(host: RestHost, row: ConfigurationRow) {
  return {
    endpointName: row.endpointName,
    domain: nameOfDomain(host.access, row.domainId),
    ...writtenIn(row.updatedAt),
    configuration: hidden(row.document),
  };
}

function ruleView(host: RestHost, row: RuleRow) {
  const { name, pattern, order } = row;
  return {
    name,
    domain: nameOfDomain(host.access, row.domainId),
    ...writtenIn(row.updatedAt),
    pattern,
    order,
    configuration: hidden(row.document),
  };
}

function writtenIn(updatedAt: number | undefined) {
  return updatedAt === undefined
    ? { writtenIn: "file", updatedAt: null }
    : { writtenIn: "api", updatedAt: timeText(updatedAt) };
}

function runningView({ startedAt, ...rest }: Running) {
  return { ...rest, startedAt: timeText(startedAt) };
}

function outcomeView({ endedAt, reason, ...rest }: Outcome) {
  return { ...rest, reason: reason ?? null, endedAt: timeText(endedAt) };
}

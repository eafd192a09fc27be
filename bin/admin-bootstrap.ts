/** `dormouse admin bootstrap`: what devices are given in bootstrap, what became of it, and that they are bootstrapped now. */
import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { AdminFailure, type Row } from "./admin-client.ts";
import { at, type Session, within } from "./admin-session.ts";

const CONFIGURATION_COLUMNS = ["endpointName", "writtenIn", "servers", "updatedAt"];
const RULE_COLUMNS = ["order", "name", "pattern", "writtenIn", "servers", "updatedAt"];
const OUTCOME_COLUMNS = ["endpointName", "outcome", "via", "endedAt", "source", "reason"];

const HELP = `
A configuration is JSON, in a file or - for stdin. The usual case:

  {"servers": [{"uri": "coap://192.0.2.1:5683", "shortServerId": 1, "lifetime": 300}]}

with {"securityMode": "psk", "identity": "{endpoint}", "secretKey": {"generate": 16}} in it
for a key of each device's own. docs/bootstrap.md has all of it. Secrets are never shown
again: where one was is {"secret": true}, which leaves it as it is when written back.

Examples:
  dormouse admin bootstrap set node-001 node-001.json
  dormouse admin bootstrap rules set meters meter.json --pattern 'meter-*' --order 10
  dormouse admin bootstrap rules set others default.json --pattern '*'
  dormouse admin bootstrap show node-001 --json > node-001.json
  dormouse admin bootstrap now node-001
  dormouse admin bootstrap outcomes --outcome failed
`;

export function bootstrapCommands(bootstrap: Command): void {
  bootstrap.addHelpText("after", HELP);
  const command = (name: string, description: string) =>
    bootstrap.command(name).argument("<device>", "endpoint name").description(description);
  bootstrap
    .command("list")
    .description("list the configurations of single devices")
    .action(
      within(async (session) => {
        const rows = await session.client.list("/bootstrap/configurations", session.domain);
        session.showRows(rows.map(withServers), CONFIGURATION_COLUMNS);
      }),
    );
  command("show", "print the configuration of a device as JSON, without its secrets").action(
    within(async (session, [device]) => {
      const row = await session.client.get(`/bootstrap/configurations/${at(device)}`);
      showConfiguration(row);
    }),
  );
  command("set", "write the configuration of a device")
    .argument("<file>", "with the configuration as JSON, - for stdin")
    .action(
      within(async (session, [device, file]) => {
        const path = `/bootstrap/configurations/${at(device)}`;
        await session.client.ask("PUT", path, readDocument(file));
        session.say("Written.");
      }),
    );
  command("remove", "remove the configuration of a device; rules are for it again").action(
    within(async (session, [device]) => {
      await session.client.ask("DELETE", `/bootstrap/configurations/${at(device)}`);
      session.say("Removed.");
    }),
  );
  command("status", "show what a device would be sent, and what became of the last few").action(
    within(async (session, [device]) => {
      showStatus(session, await session.client.get(`/bootstrap/devices/${at(device)}`));
    }),
  );
  command("now", "bootstrap a registered device now")
    .option("--instance <id>", "of object 1, where the device has several", idOption)
    .action(
      within(async (session, [device], { instance }) => {
        const path = `/bootstrap/devices/${at(device)}`;
        session.showRow(await session.client.ask("POST", path, { instance }));
      }),
    );
  bootstrap
    .command("outcomes")
    .description("list the last outcome of each device that was bootstrapped")
    .option("--outcome <finished|failed>", "only those")
    .action(
      within(async (session, _, { outcome }) => {
        const query = { ...session.domain, outcome } as Record<string, string>;
        session.showRows(await session.client.list("/bootstrap/devices", query), OUTCOME_COLUMNS);
      }),
    );
  ruleCommands(bootstrap.command("rules").description("rules for devices without their own"));
}

function ruleCommands(rules: Command): void {
  const command = (name: string, description: string) =>
    rules.command(name).argument("<rule>", "its name").description(description);
  rules
    .command("list")
    .description("list the rules, in the order in which they are tried")
    .action(
      within(async (session) => {
        const { items } = await session.client.get("/bootstrap/rules", session.domain);
        session.showRows((items as Row[]).map(withServers), RULE_COLUMNS);
      }),
    );
  command("show", "print the configuration of a rule as JSON, without its secrets").action(
    within(async (session, [rule]) => {
      showConfiguration(await session.client.get(`/bootstrap/rules/${at(rule)}`, session.domain));
    }),
  );
  command("set", "write a rule")
    .argument("<file>", "with the configuration as JSON, - for stdin")
    .requiredOption("--pattern <names>", "of endpoint names: * is any number of letters, ? is one")
    .option("--order <n>", "the least is tried first; 1000 without it", orderOption)
    .action(
      within(async (session, [rule, file], { pattern, order }) => {
        const body = { pattern, order, configuration: readDocument(file) };
        await session.client.ask("PUT", `/bootstrap/rules/${at(rule)}`, body, session.domain);
        session.say("Written.");
      }),
    );
  command("remove", "remove a rule").action(
    within(async (session, [rule]) => {
      const path = `/bootstrap/rules/${at(rule)}`;
      await session.client.ask("DELETE", path, undefined, session.domain);
      session.say("Removed.");
    }),
  );
}

/** As `set` takes it, with and without --json: it is to be edited and written back. */
function showConfiguration(row: Row): void {
  console.log(JSON.stringify(row.configuration, undefined, 2));
}

function showStatus(session: Session, row: Row): void {
  const { outcomes, requests, running, ...rest } = row;
  const under = running === null ? "nothing" : (running as Row).via;
  session.showRow({ ...rest, requests: (requests as string[]).join(", "), running: under });
  session.showRows(outcomes as Row[], OUTCOME_COLUMNS.slice(1));
}

/** A row with the servers of its configuration, for a table. */
function withServers(row: Row): Row {
  const { servers = [], objects } = row.configuration as { servers?: Row[]; objects?: object };
  const uris = servers.map(({ uri }) => `${uri}`);
  if (objects !== undefined) uris.push(`objects ${Object.keys(objects).join(" ")}`);
  return { ...row, servers: uris.join(", ") };
}

function readDocument(file: string): Row {
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new AdminFailure(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}.`);
  }
  try {
    return JSON.parse(text) as Row;
  } catch {
    throw new AdminFailure(`${file} is not JSON.`);
  }
}

function idOption(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65535) return Number(text);
  throw new InvalidArgumentError("It must be the id of an instance, 0 to 65534.");
}

function orderOption(text: string): number {
  if (/^\d{1,7}$/.test(text) && Number(text) <= 1_000_000) return Number(text);
  throw new InvalidArgumentError("It must be a whole number from 0 to 1000000.");
}

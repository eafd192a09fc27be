/** `dormouse admin devices`, `keys`, `clients`, `ca`, `domains`, `audit` and `limits`. */
import { type Command, InvalidArgumentError } from "commander";
import type { Row } from "./admin-client.ts";
import { at, within } from "./admin-session.ts";

const KEY_COLUMNS = ["id", "prefix", "name", "owner", "state", "createdAt", "expiresAt"];
const DEVICE_COLUMNS = ["id", "endpointName", "endpointType", "registered", "queueMode"];
const QUEUE_COLUMNS = ["id", "method", "path", "priority", "state", "bytes", "expiresIn"];
const CLIENT_COLUMNS = ["clientKey", "owner", "ttl", "enabled", "lastUsedAt", "lastUsedFrom"];
const CERTIFICATE_COLUMNS = ["serial", "endpointName", "issuedAt", "notAfter", "revokedAt"];
const DOMAIN_COLUMNS = ["name", "registration", "sharing", "customersUseRest"];
const AUDIT_COLUMNS = ["at", "actor", "address", "action", "object"];
const DAY = 24 * 3600 * 1000;

export function thingCommands(admin: Command): void {
  deviceCommands(admin.command("devices").description("the devices on record"));
  keyCommands(admin.command("keys").description("the access keys of applications"));
  clientCommands(admin.command("clients").description("the API clients, whose keys make tokens"));
  certificateCommands(admin.command("ca").description("the certificates issued for devices"));
  domainCommands(admin.command("domains").description("the tenants of this connector"));
  admin
    .command("audit")
    .description("who did what, and who was refused; the newest first")
    .option("--limit <n>", "how many at most", countOption, 50)
    .option("--action <start>", "only actions that begin so, as access-key.")
    .option("--actor <start>", "only by whom begins so, as access-key:ID")
    .action(
      within(async (session, _, { limit, action, actor }) => {
        const query = { ...session.domain, action, actor } as Record<string, string>;
        const rows = await session.client.list("/audit", query, limit as number);
        session.showRows(rows, AUDIT_COLUMNS);
      }),
    );
  admin
    .command("me")
    .description("who asks, and what it may do")
    .action(within(async (session) => session.showRow(await session.client.get("/me"))));
  admin
    .command("limits")
    .description("the quotas, and what of them is used")
    .action(within(async (session) => session.showRow(await session.client.get("/limits"))));
}

function deviceCommands(devices: Command): void {
  const command = (name: string, description: string) =>
    devices.command(name).argument("<device>", "endpoint name").description(description);
  devices
    .command("list")
    .description("list the devices on record, registered or not")
    .option("--type <type>", "only those of this endpoint type")
    .option("--registered <true|false>", "only those that are, or are not, registered")
    .option("--name <start>", "only those whose endpoint name begins so")
    .action(
      within(async (session, _, { type, registered, name }) => {
        const query = { ...session.domain, type, registered, name } as Record<string, string>;
        session.showRows(await session.client.list("/devices", query), DEVICE_COLUMNS);
      }),
    );
  command("show", "show a device and who has claimed it").action(
    within(async (session, [device]) => {
      session.showRow(await session.client.get(`/devices/${at(device)}`));
    }),
  );
  command("add", "put a device on record before it registers")
    .option("--type <type>", "its endpoint type")
    .action(
      within(async (session, [endpointName], { type }) => {
        const body: Row = { endpointName, endpointType: type };
        session.showRow(await session.client.ask("POST", "/devices", body, session.domain));
      }),
    );
  command("move", "give a device to another domain; claims, notes and PUBLIC_KEY end")
    .argument("<to>", "name of the domain")
    .action(
      within(async (session, [device, domain]) => {
        session.showRow(await session.client.ask("PATCH", `/devices/${at(device)}`, { domain }));
      }),
    );
  command("public-key", "show the PUBLIC_KEY; that it was shown is written down").action(
    within(async (session, [device]) => {
      session.showRow(await session.client.get(`/devices/${at(device)}/public-key`));
    }),
  );
  command("rotate-key", "make another PUBLIC_KEY; the former one is worthless at once").action(
    within(async (session, [device]) => {
      session.showRow(await session.client.ask("POST", `/devices/${at(device)}/public-key`));
    }),
  );
  command("queue", "list the requests that wait for a device, in their order").action(
    within(async (session, [device]) => {
      const { items } = await session.client.get(`/devices/${at(device)}/queue`);
      session.showRows(items as readonly Row[], QUEUE_COLUMNS);
    }),
  );
  command("cancel", "take back a request that waits; whoever asked is told 410")
    .argument("<id>", "of the request, as devices queue shows it")
    .action(
      within(async (session, [device, id]) => {
        await session.client.ask("DELETE", `/devices/${at(device)}/queue/${at(id)}`);
        session.say("Taken back.");
      }),
    );
  command("forget", "forget a device that is not registered, and its claims").action(
    within(async (session, [device]) => {
      await session.client.ask("DELETE", `/devices/${at(device)}`);
      session.say("Forgotten.");
    }),
  );
}

function keyCommands(keys: Command): void {
  keys
    .command("list")
    .description("list the access keys, without the keys themselves")
    .option("--prefix <letters>", "only those that begin so")
    .option("--owner <user>", "only those of this user, name or id")
    .action(
      within(async (session, _, { prefix, owner }) => {
        const ownerId = owner === undefined ? undefined : await session.userId(owner as string);
        const query = { ...session.domain, prefix: prefix as string | undefined, owner: ownerId };
        session.showRows(await session.client.list("/access-keys", query), KEY_COLUMNS);
      }),
    );
  keys
    .command("create")
    .argument("[name]", "to tell it apart")
    .option("--owner <user>", "whose rights it has, name or id; oneself without it")
    .option("--expires <days>", "good for so many days; for ever without it", countOption)
    .description("make an access key; the key itself is on stdout, this once")
    .addHelpText("after", KEY_EXAMPLES)
    .action(
      within(async (session, [name], { owner, expires }) => {
        const body: Row = {
          name,
          owner: owner === undefined ? undefined : await session.userId(owner as string),
          expiresAt:
            expires === undefined
              ? undefined
              : new Date(Date.now() + (expires as number) * DAY).toISOString(),
        };
        const made = await session.client.ask("POST", "/access-keys", body);
        session.showSecret(made, "accessKey", "The key, shown only now:");
      }),
    );
  keys
    .command("revoke")
    .argument("<id>", "of the key, as keys list shows it")
    .description("end an access key for good, its channel and subscriptions with it")
    .action(
      within(async (session, [id]) => {
        await session.client.ask("DELETE", `/access-keys/${at(id)}`);
        session.say("Revoked.");
      }),
    );
}

function clientCommands(clients: Command): void {
  const command = (name: string, description: string) =>
    clients.command(name).argument("<client>", "its client key").description(description);
  clients
    .command("list")
    .description("list the API clients, without their secrets")
    .action(
      within(async (session) => {
        session.showRows(await session.client.list("/api-clients", session.domain), CLIENT_COLUMNS);
      }),
    );
  clients
    .command("create")
    .argument("<owner>", "name or id of a user who is active and not staff")
    .option("--ttl <minutes>", "how long its tokens last, 1 to 60", countOption)
    .description("make an API client; its secret is on stdout, this once")
    .action(
      within(async (session, [owner], { ttl }) => {
        const body: Row = { owner: await session.userId(owner), ttl };
        const made = await session.client.ask("POST", "/api-clients", body);
        session.showSecret(made, "secretKey", "The secret key, shown only now:");
      }),
    );
  for (const [name, enabled] of [
    ["enable", true],
    ["disable", false],
  ] as const) {
    command(name, enabled ? "let a client in again" : "end its tokens, and make no more").action(
      within(async (session, [client]) => {
        const path = `/api-clients/${at(client)}`;
        session.showRow(await session.client.ask("PATCH", path, { enabled }));
      }),
    );
  }
  command("rotate-secret", "make another secret; the former one stays good for a day").action(
    within(async (session, [client]) => {
      const made = await session.client.ask("POST", `/api-clients/${at(client)}/secret`);
      session.showSecret(made, "secretKey", "The secret key, shown only now:");
    }),
  );
  command("end-tokens", "end all tokens of a client at once").action(
    within(async (session, [client]) => {
      await session.client.ask("DELETE", `/api-clients/${at(client)}/tokens`);
      session.say("Ended.");
    }),
  );
  clients
    .command("rotate-keys")
    .description("make another key pair that signs tokens; tokens stay good until they expire")
    .action(
      within(async (session) => {
        await session.client.ask("POST", "/token-keys");
        session.say("It signs from now on.");
      }),
    );
  command("remove", "remove a client; its tokens end at once").action(
    within(async (session, [client]) => {
      await session.client.ask("DELETE", `/api-clients/${at(client)}`);
      session.say("Removed.");
    }),
  );
}

function certificateCommands(ca: Command): void {
  ca.command("list")
    .description("list the certificates that have not ended")
    .action(
      within(async (session) => {
        const rows = await session.client.list("/certificates", session.domain);
        session.showRows(rows, CERTIFICATE_COLUMNS);
      }),
    );
  ca.command("revoke")
    .argument("<serial>", "as ca list shows it")
    .description("revoke a certificate for good")
    .action(
      within(async (session, [serial]) => {
        session.showRow(await session.client.ask("DELETE", `/certificates/${at(serial)}`));
      }),
    );
  for (const [name, path, description] of [
    ["certificate", "/api/ca.pem", "print the certificate of the connector's authority, in PEM"],
    ["crl", "/admin/ca.crl", "print the list of revoked certificates, in PEM"],
  ]) {
    ca.command(name)
      .description(description)
      .action(within(async (session) => console.log((await session.client.text(path)).trimEnd())));
  }
}

function domainCommands(domains: Command): void {
  domains
    .command("list")
    .description("list the domains")
    .action(
      within(async (session) => {
        session.showRows(await session.client.list("/domains"), DOMAIN_COLUMNS);
      }),
    );
  withSettings(domains.command("create").argument("<name>").description("make a domain")).action(
    within(async (session, [name], options) => {
      const body: Row = { name, ...settingsIn(options) };
      session.showRow(await session.client.ask("POST", "/domains", body));
    }),
  );
  withSettings(domains.command("change").argument("<name>").description("change a domain"))
    .option("--rename <name>", "its new name")
    .action(
      within(async (session, [name], options) => {
        const body: Row = { name: options.rename, ...settingsIn(options) };
        session.showRow(await session.client.ask("PATCH", `/domains/${at(name)}`, body));
      }),
    );
}

function withSettings(command: Command): Command {
  return command
    .option("--registration <mode>", "open, invite or closed: how customers come to be")
    .option("--sharing <mode>", "shared or exclusive: who may claim a device")
    .option("--customers-use-rest <yes|no>", "whether CUSTOMER_KEYs are good for /v2");
}

function settingsIn(options: Readonly<Record<string, unknown>>): Row {
  const { registration, sharing, customersUseRest } = options;
  const isAllowed = customersUseRest === undefined ? undefined : customersUseRest === "yes";
  return { registration, sharing, customersUseRest: isAllowed };
}

function countOption(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number from 1 to 999999.");
}

const KEY_EXAMPLES = `
Examples:
  dormouse admin keys create ci --expires 90
  KEY=$(dormouse admin keys create dashboard --owner dashboard)
`;

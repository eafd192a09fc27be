/** `dormouse admin users`, `groups`, `customers` and `bindings`. */
import { type Command, InvalidArgumentError } from "commander";
import { permissionNamed } from "../connector/access/permission-names.ts";
import type { Row } from "./admin-client.ts";
import { at, within } from "./admin-session.ts";
import { readNewPassword } from "./admin-terminal.ts";
import { repeated } from "./daemon.ts";

const USER_COLUMNS = ["id", "name", "active", "staff", "superuser", "permissions", "groups"];
const CUSTOMER_COLUMNS = ["id", "email", "active", "hasPassword", "deviceCount"];

export function peopleCommands(admin: Command): void {
  userCommands(admin.command("users").description("who may administrate, and who owns keys"));
  groupCommands(admin.command("groups").description("permissions that several users share"));
  customerCommands(admin.command("customers").description("who has claimed devices"));
  bindingCommands(admin.command("bindings").description("which customer has which devices"));
}

function userCommands(users: Command): void {
  users
    .command("list")
    .description("list the users")
    .action(
      within(async (session) => {
        session.showRows(await session.client.list("/users", session.domain), USER_COLUMNS);
      }),
    );
  users
    .command("show")
    .argument("<user>", "name or id")
    .description("show a user")
    .action(
      within(async (session, [user]) => {
        session.showRow(await session.client.get(`/users/${at(await session.userId(user))}`));
      }),
    );
  withRights(users.command("create").argument("<name>", "user name or email address"))
    .option("--password", "ask for a password, or read it from stdin")
    .description("make a user")
    .addHelpText("after", USER_EXAMPLES)
    .action(
      within(async (session, [name], options) => {
        const password = options.password === true ? await readNewPassword() : undefined;
        const groups = await session.groupIds(options.group as string[]);
        const body: Row = { name, password, ...rightsIn(options), groups };
        session.showRow(await session.client.ask("POST", "/users", body, session.domain));
      }),
    );
  withRights(users.command("change").argument("<user>", "name or id"))
    .option("--no-staff", "is staff no more")
    .option("--no-superuser", "is superuser no more")
    .option("--active <yes|no>", "may do anything at all", yesOrNo)
    .description("change a user; permissions and groups that are given replace the former ones")
    .action(
      within(async (session, [user], options) => {
        const groups = options.group as string[];
        const body: Row = {
          ...rightsIn(options),
          active: options.active,
          groups: groups.length === 0 ? undefined : await session.groupIds(groups),
        };
        const path = `/users/${at(await session.userId(user))}`;
        session.showRow(await session.client.ask("PATCH", path, body));
      }),
    );
  users
    .command("password")
    .argument("<user>", "name or id")
    .description("give a user another password, typed or from stdin")
    .action(
      within(async (session, [user]) => {
        const path = `/users/${at(await session.userId(user))}/password`;
        await session.client.ask("PUT", path, { password: await readNewPassword() });
        session.say("The password is set.");
      }),
    );
  users
    .command("remove")
    .argument("<user>", "name or id")
    .description("remove a user and end its access keys")
    .action(
      within(async (session, [user]) => {
        await session.client.ask("DELETE", `/users/${at(await session.userId(user))}`);
        session.say("Removed.");
      }),
    );
}

function groupCommands(groups: Command): void {
  const columns = ["id", "name", "permissions"];
  groups
    .command("list")
    .description("list the groups")
    .action(
      within(async (session) => {
        session.showRows(await session.client.list("/groups", session.domain), columns);
      }),
    );
  groups
    .command("create")
    .argument("<name>")
    .option("--permission <verb object>", "can be repeated", repeatedPermission, [])
    .description("make a group")
    .action(
      within(async (session, [name], options) => {
        const body: Row = { name, permissions: options.permission };
        session.showRow(await session.client.ask("POST", "/groups", body, session.domain));
      }),
    );
  groups
    .command("change")
    .argument("<group>", "name or id")
    .option(
      "--permission <verb object>",
      "replaces the former ones; can be repeated",
      repeatedPermission,
      [],
    )
    .description("change what the members of a group may do")
    .action(
      within(async (session, [group], options) => {
        const [id] = await session.groupIds([group]);
        const body: Row = { permissions: options.permission };
        session.showRow(await session.client.ask("PATCH", `/groups/${at(id)}`, body));
      }),
    );
  groups
    .command("remove")
    .argument("<group>", "name or id")
    .description("remove a group, also from its members")
    .action(
      within(async (session, [group]) => {
        const [id] = await session.groupIds([group]);
        await session.client.ask("DELETE", `/groups/${at(id)}`);
        session.say("Removed.");
      }),
    );
}

function customerCommands(customers: Command): void {
  const command = (name: string, description: string) =>
    customers.command(name).argument("<customer>", "email or id").description(description);
  customers
    .command("list")
    .description("list the customers")
    .action(
      within(async (session) => {
        const rows = await session.client.list("/customers", session.domain);
        session.showRows(rows, CUSTOMER_COLUMNS);
      }),
    );
  command("show", "show a customer, without its key").action(
    within(async (session, [customer]) => {
      session.showRow(
        await session.client.get(`/customers/${at(await session.customerId(customer))}`),
      );
    }),
  );
  customers
    .command("create")
    .argument("<email>")
    .option("--password", "ask for a password, or read it from stdin")
    .description("make a customer")
    .action(
      within(async (session, [email], options) => {
        const password = options.password === true ? await readNewPassword() : undefined;
        const body: Row = { email, password };
        session.showRow(await session.client.ask("POST", "/customers", body, session.domain));
      }),
    );
  for (const [name, active] of [
    ["activate", true],
    ["deactivate", false],
  ] as const) {
    command(name, active ? "let a customer in again" : "end what a customer does, at once").action(
      within(async (session, [customer]) => {
        const path = `/customers/${at(await session.customerId(customer))}`;
        session.showRow(await session.client.ask("PATCH", path, { active }));
      }),
    );
  }
  command("password", "give a customer another password, typed or from stdin").action(
    within(async (session, [customer]) => {
      const path = `/customers/${at(await session.customerId(customer))}/password`;
      await session.client.ask("PUT", path, { password: await readNewPassword() });
      session.say("The password is set.");
    }),
  );
  command("key", "show the CUSTOMER_KEY; that it was shown is written down").action(
    within(async (session, [customer]) => {
      const path = `/customers/${at(await session.customerId(customer))}/key`;
      session.showRow(await session.client.get(path));
    }),
  );
  command("rotate-key", "make another CUSTOMER_KEY; the former one is worthless at once").action(
    within(async (session, [customer]) => {
      const path = `/customers/${at(await session.customerId(customer))}/key`;
      session.showRow(await session.client.ask("POST", path));
    }),
  );
  command("remove", "remove a customer; its devices are free again").action(
    within(async (session, [customer]) => {
      await session.client.ask("DELETE", `/customers/${at(await session.customerId(customer))}`);
      session.say("Removed.");
    }),
  );
}

function bindingCommands(bindings: Command): void {
  bindings
    .command("list")
    .argument("<customer>", "email or id")
    .description("list the devices of a customer")
    .action(
      within(async (session, [customer]) => {
        const id = await session.customerId(customer);
        const rows = await session.client.list(`/customers/${at(id)}/devices`);
        session.showRows(rows, ["endpointName"]);
      }),
    );
  for (const [name, method, done, description] of [
    ["add", "PUT", "Bound.", "bind a device to a customer"],
    ["remove", "DELETE", "Released; its PUBLIC_KEY is another one now.", "release a device"],
  ] as const) {
    bindings
      .command(name)
      .argument("<customer>", "email or id")
      .argument("<device>", "endpoint name")
      .description(description)
      .action(
        within(async (session, [customer, device]) => {
          const id = await session.customerId(customer);
          await session.client.ask(method, `/customers/${at(id)}/devices/${at(device)}`);
          session.say(done);
        }),
      );
  }
}

function withRights(command: Command): Command {
  return command
    .option(
      "--permission <verb object>",
      "as 'view device', or Device42's view_device; can be repeated",
      repeatedPermission,
      [],
    )
    .option("--group <group>", "name or id; can be repeated", repeated, [])
    .option("--staff", "may use pages made for people; may own no API client")
    .option("--superuser", "may do everything");
}

function rightsIn(options: Readonly<Record<string, unknown>>): Row {
  const permissions = options.permission as string[];
  return {
    permissions: permissions.length === 0 ? undefined : permissions,
    staff: options.staff,
    superuser: options.superuser,
  };
}

function yesOrNo(text: string): boolean {
  if (text === "yes") return true;
  if (text === "no") return false;
  throw new InvalidArgumentError("It must be yes or no.");
}

const USER_EXAMPLES = `
Permissions are a verb (view, add, change, delete) and an object (device, resource,
access-key, api-client, certificate, user, customer, building, tag, audit, domain).

Examples:
  dormouse admin users create ann@example.com --superuser --staff --password
  dormouse admin users create dashboard --permission 'view device' --permission 'view resource'
  echo "$PASSWORD" | dormouse admin users create ci --permission 'view device' --password
`;

/** A permission by our name or by Device42's, `view_device`; the server says so if it is neither. */
function repeatedPermission(text: string, before: readonly string[]): string[] {
  return [...before, permissionNamed(text) ?? text];
}

/** `dormouse admin`: what the originals did in their web pages, from the command line. */
import type { Command } from "commander";
import { bootstrapCommands } from "./admin-bootstrap.ts";
import { peopleCommands } from "./admin-people.ts";
import { recoverCommand } from "./admin-recover.ts";
import { thingCommands } from "./admin-things.ts";

const HELP = `
Who asks is an access key in DORMOUSE_KEY, or one given with --key, which others on this
machine can see; a user with --user, whose password is typed or comes on stdin; or the demo's
key, with the data folder of npm start in --data.

Examples:
  export DORMOUSE_KEY=...
  dormouse admin devices list --registered false
  dormouse admin customers create ann@example.com --password
  dormouse admin bindings add ann@example.com node-001
  dormouse admin bootstrap set node-001 node-001.json
  dormouse admin --data .dormouse audit --action access-key.
  dormouse admin recover --data /var/lib/dormouse
`;

export function adminCommand(program: Command): void {
  const admin = program
    .command("admin")
    .description("administrate a running connector: users, customers, keys, devices, domains")
    .option("--url <url>", "the connector; DORMOUSE_URL, else http://127.0.0.1:8080")
    .option("--key <key>", "an access key; better in DORMOUSE_KEY")
    .option("--user <name>", "log in as this user instead; the password is asked for")
    .option("--data <folder>", "the data folder of npm start, for its key")
    .option("--ca <file>", "certificate of the authority to trust, in PEM")
    .option("--domain <name>", "act in another domain; for superusers of the operator's")
    .option("--json", "print JSON")
    .addHelpText("after", HELP);
  thingCommands(admin);
  peopleCommands(admin);
  bootstrapCommands(
    admin
      .command("bootstrap")
      .description("what devices are given in bootstrap, and what became of it"),
  );
  recoverCommand(admin);
}

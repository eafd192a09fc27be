/** `dormouse admin recover`: the way back in when all access keys are lost. Needs the data folder, and nothing else. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { Access } from "../connector/access/access.ts";
import { serverSecret } from "../connector/access/secret-file.ts";
import { ADMINISTRATOR } from "../connector/access/users.ts";
import { LmdbStore } from "../connector/store/lmdb-store.ts";
import { fail } from "./daemon.ts";

const HELP = `
For whoever may read and write the data folder of a stopped connector. The first user,
admin, becomes an active superuser again if it was not, and gets a new access key, which
is printed on stdout this once. Nothing else changes: other keys stay as they are.

Example:
  dormouse admin recover --data /var/lib/dormouse
`;

export function recoverCommand(admin: Command): void {
  admin
    .command("recover")
    .description("make a new first access key in the data folder of a stopped connector")
    .addHelpText("after", HELP)
    .action(async (_, command: Command) => {
      const { data, json } = command.optsWithGlobals<{ data?: string; json?: boolean }>();
      if (data === undefined) fail("Which data folder? Name it with --data.");
      if (!existsSync(join(data, "store"))) {
        fail(`${data} is not the data folder of a connector: there is no store in it.`);
      }
      try {
        const key = await recover(data);
        if (json === true) console.log(JSON.stringify({ accessKey: key }));
        else {
          console.error("A new access key of admin, shown only now:");
          console.log(key);
        }
      } catch (error) {
        fail((error as Error).message);
      }
    });
}

async function recover(data: string): Promise<string> {
  const store = new LmdbStore(join(data, "store"));
  try {
    const calendarNow = () => Date.now();
    const secret = serverSecret(join(data, "secrets"));
    const access = new Access({ store, secret, calendarNow });
    const admin = access.users.get(ADMINISTRATOR.id) ?? ADMINISTRATOR;
    if (!admin.active || !admin.superuser) {
      access.users.put({ ...admin, active: true, superuser: true, updatedAt: calendarNow() });
    }
    const created = access.createFirstKey("recovered");
    access.record(undefined, "", "access-key.recovered", created.id);
    await store.commit();
    return created.key;
  } finally {
    await store.close();
  }
}

/** What each command of `dormouse admin` runs in: a client, and a way to show what came of it. */
import type { Command } from "commander";
import { AdminClient, AdminFailure, type AdminOptions, type Row } from "./admin-client.ts";
import { card, readPassword, table } from "./admin-terminal.ts";
import { fail } from "./daemon.ts";

interface SessionOptions extends AdminOptions {
  readonly domain?: string;
  readonly json?: boolean;
}

export class Session {
  readonly client: AdminClient;
  /** The `domain` parameter of those requests that take one. */
  readonly domain: { readonly domain?: string };
  private readonly asJson: boolean;

  constructor(client: AdminClient, options: SessionOptions) {
    this.client = client;
    this.domain = options.domain === undefined ? {} : { domain: options.domain };
    this.asJson = options.json === true;
  }

  showRows(rows: readonly Row[], columns: readonly string[]): void {
    console.log(this.asJson ? JSON.stringify(rows) : table(rows, columns));
  }

  showRow(row: Row): void {
    console.log(this.asJson ? JSON.stringify(row) : card(row));
  }

  /** Shows what is never shown again: the secret alone on stdout, so that it can be piped on. */
  showSecret(row: Row, member: string, remark: string): void {
    if (this.asJson) {
      console.log(JSON.stringify(row));
      return;
    }
    const { [member]: secret, ...rest } = row;
    console.error(card(rest));
    console.error(remark);
    console.log(`${secret}`);
  }

  /** Says that something is done. */
  say(text: string): void {
    if (this.asJson) console.log(JSON.stringify({ ok: true }));
    else console.log(text);
  }

  /** The id of a user, by its name or its id. */
  async userId(given: string): Promise<string> {
    const users = await this.client.list("/users", { ...this.domain, name: given }, 50);
    const named = users.find((user) => user.name === given.toLowerCase());
    return named === undefined ? given : `${named.id}`;
  }

  /** The id of a customer, by its email or its id. */
  async customerId(given: string): Promise<string> {
    const customers = await this.client.list("/customers", { ...this.domain, email: given }, 50);
    const named = customers.find((customer) => customer.email === given.toLowerCase());
    return named === undefined ? given : `${named.id}`;
  }

  /** The ids of groups, by their names or ids. */
  async groupIds(given: readonly string[]): Promise<string[]> {
    if (given.length === 0) return [];
    const groups = await this.client.list("/groups", this.domain);
    return given.map((each) => `${groups.find((group) => group.name === each)?.id ?? each}`);
  }
}

/** What a command does; the arguments are commander's: those of the command, its options. */
type Work = (
  session: Session,
  args: string[],
  options: Readonly<Record<string, unknown>>,
) => Promise<void>;

/** Makes an action of a command: opens a session, and turns failures into one line and exit code 1. */
export function within(work: Work) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given[given.length - 1] as Command;
    const options = command.optsWithGlobals<SessionOptions>();
    try {
      const asksPassword = options.user !== undefined && options.key === undefined;
      const password = asksPassword
        ? await readPassword(`Password of ${options.user}: `)
        : undefined;
      const session = new Session(new AdminClient(options, password), options);
      await work(session, command.processedArgs as string[], command.opts());
    } catch (error) {
      if (error instanceof AdminFailure) fail(error.message);
      fail((error as Error).message);
    }
  };
}

/** A segment of a path. */
export function at(text: string): string {
  return encodeURIComponent(text);
}

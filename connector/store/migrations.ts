/**
 * The steps from each schema of the store to the next.
 *
 * The schema is what rows mean; how bytes are framed is the journal's format. A store of an older schema is taken through every step
 * that it lacks when it is opened, and the result is written in one transaction before anything else is; when that fails the store is
 * as it was. A step stays here for good. Whoever changes the rows of a table adds one.
 */
import type { Journal } from "./store.ts";

/** The tables as the steps before have left them. */
export type MigratingTables = Journal;

export interface Migration {
  /** The schema that it leads to: one more than the step before. */
  readonly to: number;
  /** What has changed, as a sentence for the operator. */
  readonly why: string;
  /** Changes the rows. A throw leaves the store as it was and the connector does not start. */
  migrate(tables: MigratingTables): void;
}

/** In order. Schema 1 is what version 0.1 wrote. */
export const MIGRATIONS: readonly Migration[] = [
  {
    to: 2,
    why: "Every access key belongs to a domain.",
    migrate(tables) {
      const keys = tables.table<object>("access-keys");
      for (const [id, key] of keys.entries()) {
        if (!("domainId" in key)) keys.put(id, { ...key, domainId: "default" });
      }
    },
  },
  {
    to: 3,
    why: "Requests to devices have a priority, observations may be of several places.",
    migrate(tables) {
      const requests = tables.table<object>("requests");
      for (const [id, row] of requests.entries()) {
        const added = { paths: undefined, query: undefined };
        requests.put(id, { ...added, ...row, priority: "normal", mayBeSuperseded: false });
      }
      const observations = tables.table<object>("observations");
      for (const [key, observation] of observations.entries()) {
        const { insists, ...row } = observation as { readonly insists?: boolean };
        const added = { paths: undefined, accept: undefined, query: undefined };
        const attempt = insists === false ? 1 : 0;
        observations.put(key, { ...row, ...added, attempt, isWanted: true, isOurs: false });
      }
    },
  },
];

/** The schema after all steps. */
export function schemaAfter(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.to ?? 1;
}

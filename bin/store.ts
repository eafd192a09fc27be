/** `dormouse store`: look after what the connector keeps. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { backup } from "../connector/store/backup.ts";
import { exportLines } from "../connector/store/export.ts";
import { importRows } from "../connector/store/import.ts";
import { readSnapshot, type Snapshot } from "../connector/store/snapshot.ts";
import { fail } from "./daemon.ts";

interface DataOption {
  data: string;
}

/** Damaged parts that are named. */
const MOST_NAMED = 20;
/** An export larger than this cannot be one text, bytes. */
const LARGEST_IMPORT = 500_000_000;

const HELP = `
backup, export and check read a store as it is at one moment; the connector may run.
import makes a new one.

Examples:
  dormouse store backup --data .dormouse /backups/monday
  dormouse connector --data /backups/monday            runs on the backup
  dormouse store check --data /backups/monday
  dormouse store export --data .dormouse dormouse.jsonl
  dormouse store import --data elsewhere dormouse.jsonl
`;

const BACKUP_HELP = `
The copy is a data folder of its own: the store, the secrets beside it (the CA's and
the server's keys) and the demo's credentials. It is for its owner alone; keep it as
safe as the original. To restore it, stop the connector and point --data at the copy.

Example, each night from cron:
  dormouse store backup --data /var/lib/dormouse /backups/dormouse-$(date +%F)
`;

const EXPORT_HELP = `
One line of JSON for each row. There are secrets in it: the file is made readable for
its owner alone. What lies in DATA/secrets is not in it; dormouse store backup has both.

Examples:
  dormouse store export --data .dormouse dormouse.jsonl
  dormouse store export --data .dormouse | grep '"table":"registrations"' | wc -l
`;

const IMPORT_HELP = `
The whole file is checked before anything is written. The folder must hold no store, or
an empty one. Copy DATA/secrets of the old folder too, or what was encrypted or signed
with its keys is of no use.

Example:
  dormouse store import --data elsewhere dormouse.jsonl
`;

const CHECK_HELP = `
Verifies the checksum of every record, and counts the rows of each table. Ends with 1
when something is damaged; the connector leaves that out when it starts, and keeps it
aside.

Example:
  dormouse store check --data .dormouse
`;

export function storeCommand(program: Command): void {
  const store = program
    .command("store")
    .description("back up, check, export and import what the connector keeps")
    .addHelpText("after", HELP);
  const command = (usage: string, description: string, help: string) =>
    store
      .command(usage)
      .description(description)
      .option("--data <folder>", "the connector's data folder", ".dormouse")
      .addHelpText("after", help);
  command("backup <destination>", "copy the data folder, also while in use", BACKUP_HELP).action(
    (destination: string, { data }: DataOption) => orFail(() => runBackup(data, destination)),
  );
  command("check", "verify all checksums and count the rows", CHECK_HELP).action(
    ({ data }: DataOption) => orFail(() => runCheck(data)),
  );
  command("export [file]", "write all rows as lines of JSON", EXPORT_HELP).action(
    (file: string | undefined, { data }: DataOption) => orFail(() => runExport(data, file)),
  );
  command("import <file>", "make a new store of an export", IMPORT_HELP).action(
    (file: string, { data }: DataOption) => orFail(() => runImport(data, file)),
  );
}

async function runBackup(data: string, destination: string): Promise<void> {
  const { snapshot, files } = await backup(data, destination);
  const beside = files === 0 ? "" : ` and ${files} files with secrets`;
  console.log(`Backed up ${rowsOf(snapshot)} rows${beside} to ${destination}.`);
  failIfDamaged(snapshot, join(destination, "store"));
}

async function runCheck(data: string): Promise<void> {
  const folder = join(data, "store");
  const snapshot = await readSnapshot(folder);
  const tables = [...snapshot.tables.all()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const width = Math.max(8, ...tables.map(({ name }) => name.length));
  for (const { name, size } of tables) console.log(`${name.padEnd(width)}  ${size}`);
  const { bytes, first, next, format, schema, quarantined } = snapshot;
  console.log(`${next - first} batches, ${bytes} bytes, format ${format}, schema ${schema}`);
  if (quarantined > 0) console.log(`${quarantined} damaged parts of earlier times are kept aside.`);
  failIfDamaged(snapshot, folder);
  console.log("Every checksum is right.");
}

async function runExport(data: string, file: string | undefined): Promise<void> {
  const folder = join(data, "store");
  const snapshot = await readSnapshot(folder);
  failIfDamaged(snapshot, folder);
  console.error("There are secrets in an export: keep it as safe as the data folder.");
  if (file === undefined) {
    for (const line of exportLines(snapshot, new Date())) await writeOut(line);
    return;
  }
  if (existsSync(file)) fail(`${file} is there already: name a file that is not, or remove it.`);
  const output = await open(file, "wx", 0o600);
  try {
    for (const line of exportLines(snapshot, new Date())) await output.write(line);
    await output.sync();
  } finally {
    await output.close();
  }
  console.error(`Exported ${rowsOf(snapshot)} rows to ${file}.`);
}

async function runImport(data: string, file: string): Promise<void> {
  if (statSync(file).size > LARGEST_IMPORT) {
    fail(`${file} is larger than ${LARGEST_IMPORT} bytes: use dormouse store backup instead.`);
  }
  const rows = await importRows(join(data, "store"), readFileSync(file, "utf8"));
  console.log(`Imported ${rows} rows into ${data}. Start it: dormouse connector --data ${data}`);
}

function rowsOf({ tables }: Snapshot): number {
  let rows = 0;
  for (const table of tables.all()) rows += table.size;
  return rows;
}

/** Names what is damaged and ends the process, when something is. */
function failIfDamaged({ lost, harmless, damages }: Snapshot, folder: string): void {
  if (lost + harmless === 0) return;
  for (const { what } of damages.slice(0, MOST_NAMED)) console.error(`Damaged: ${what}`);
  fail(
    `The store in ${folder} has ${lost} damaged records, and ${harmless} damaged places whose copy is whole. ` +
      "The connector leaves out the damaged records when it starts, and keeps them aside; or restore a backup.",
  );
}

/** Writes as fast as the reader reads; one that goes away ends the process. */
function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

async function orFail(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    fail((error as Error).message);
  }
}

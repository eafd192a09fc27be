/** The terminal of `dormouse admin`: tables for people, JSON for programs, passwords that nobody sees. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { AdminFailure, type Row } from "./admin-client.ts";

/** A terminal shows more of a cell only by breaking the line. */
const WIDEST_CELL = 60;
const MOST_PIPED = 4096;

/** Prints rows as a table with these columns. */
export function table(rows: readonly Row[], columns: readonly string[]): string {
  if (rows.length === 0) return "(none)";
  const lines = [
    columns.map(heading),
    ...rows.map((row) => columns.map((name) => cell(row[name]))),
  ];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines
    .map((line) =>
      line
        .map((text, i) => text.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Prints one row, a member on each line. */
export function card(row: Row): string {
  const names = Object.keys(row);
  const width = Math.max(0, ...names.map((name) => heading(name).length));
  return names.map((name) => `${heading(name).padEnd(width)}  ${full(row[name])}`).join("\n");
}

/**
 * Asks for a password: without echo at a terminal, else the next line of what is piped in.
 *
 * @param prompt shown at a terminal, on stderr
 */
export async function readPassword(prompt: string): Promise<string> {
  if (process.stdin.isTTY !== true) return nextPipedLine();
  process.stderr.write(prompt);
  const silence = new Writable({ write: (_chunk, _encoding, next) => next() });
  const reader = createInterface({ input: process.stdin, output: silence, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      reader.once("line", resolve);
      reader.once("SIGINT", () => reject(new AdminFailure("Interrupted.")));
      reader.once("close", () => reject(new AdminFailure("No password was given.")));
    });
  } finally {
    reader.close();
    process.stderr.write("\n");
  }
}

/** Asks twice at a terminal, since what is typed cannot be seen. */
export async function readNewPassword(): Promise<string> {
  const password = await readPassword("New password: ");
  if (process.stdin.isTTY !== true) return password;
  if ((await readPassword("Once more: ")) === password) return password;
  throw new AdminFailure("The two differ; nothing was changed.");
}

let piped: string[] | undefined;

/** The next line of what is piped in: a login's password, then perhaps a new one. */
async function nextPipedLine(): Promise<string> {
  piped ??= (await pipedText()).split(/\r?\n/);
  const line = piped.shift();
  if (line === undefined || line === "") {
    throw new AdminFailure("No password came in on stdin.");
  }
  return line;
}

async function pipedText(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) {
    text += (chunk as Buffer).toString("utf8");
    if (text.length > MOST_PIPED) break;
  }
  return text;
}

/** `endpointName` -> `endpoint name` */
function heading(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function cell(value: unknown): string {
  const text = full(value);
  return text.length > WIDEST_CELL ? `${text.slice(0, WIDEST_CELL - 3)}...` : text;
}

function full(value: unknown): string {
  if (value === null || value === undefined || value === "") return "-";
  if (value === true) return "yes";
  if (value === false) return "no";
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.map(full).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([name, member]) => `${name} ${full(member)}`)
      .join(", ");
  }
  return printable(`${value}`);
}

/** Names come from devices and strangers: what would move the cursor is not printed. */
function printable(text: string): string {
  let seen = "";
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    seen += code < 32 || (code >= 127 && code < 160) ? "?" : character;
  }
  return seen;
}

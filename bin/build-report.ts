/** What `dormouse build` and `dormouse boards` print, and the report as JSON. */
import type { BoardModel, EspruinoBoard, KalumaBoard } from "../firmware/flash/boards.ts";
import { storedSize } from "../firmware/flash/boards.ts";
import type { BuildReport } from "../firmware/flash/build.ts";
import { refusalLine } from "../firmware/flash/refusal.ts";

const BAR_WIDTH = 24;
/** Modules that are worth a line. */
const MODULES = 5;

/** For people; without what is refused. */
export function reportText(report: BuildReport, board: BoardModel): string {
  const { bytes, functions, features, modules, warnings } = report;
  const lines = [`${report.entry} for ${board.title} (${board.name})`, ""];
  if (board.engine === "espruino") lines.push(...boardLines(report, board));
  else if (board.engine === "kaluma") lines.push(...kalumaLines(report, board));
  else lines.push(`  size       ${whole(bytes)} bytes`);
  lines.push(`  functions  ${whole(functions)}`, "", "  What costs what, about:");
  const hasVariables = board.engine === "espruino";
  for (const { feature, bytes, functions, variables } of features) {
    const more = hasVariables
      ? `${right(functions, 6)} functions ${right(variables, 6)} variables`
      : "";
    lines.push(`  ${feature.padEnd(36)}${right(bytes, 9)} bytes${more}`);
  }
  lines.push("", "  The largest modules:");
  for (const { path, bytes } of modules.slice(0, MODULES)) {
    lines.push(`  ${path.padEnd(50)}${right(bytes, 9)} bytes`);
  }
  if (warnings.length > 0) lines.push("", ...warnings.map(refusalLine));
  return lines.join("\n");
}

function boardLines({ bytes, variables }: BuildReport, board: EspruinoBoard): string[] {
  const stored = storedSize(bytes);
  const lines = [
    `  flash      ${usage(stored, board.storage, "bytes of Storage")}, ${whole(bytes)} of them the program`,
  ];
  if (variables === undefined) return lines;
  const { loaded, running, answering } = variables;
  const free = Number.isFinite(board.variables)
    ? `, ${whole(Math.max(board.variables - running, 0))} free`
    : "";
  lines.push(
    `  variables  ${usage(running, board.variables, "variables")}${free}`,
    `             about: ${whole(loaded)} once loaded, ${whole(running)} running, ${whole(answering)} while it answers`,
  );
  return lines;
}

function kalumaLines({ bytes, heap }: BuildReport, board: KalumaBoard): string[] {
  const lines = [`  flash      ${usage(bytes, board.storage, "bytes for the program")}`];
  if (heap === undefined) return lines;
  const { loaded, answering } = heap;
  lines.push(
    `  heap       ${usage(answering, board.heap, "bytes of JerryScript's heap")}, ${whole(Math.max(board.heap - answering, 0))} free`,
    `             about: ${whole(loaded)} once loaded, ${whole(answering)} while it answers, with Kaluma's own modules`,
  );
  return lines;
}

function usage(used: number, of: number, unit: string): string {
  if (!Number.isFinite(of)) return `${whole(used)} ${unit}; there is no limit`;
  const percent = Math.round((100 * used) / of);
  return `${bar(used / of)} ${percent} %: ${whole(used)} of ${whole(of)} ${unit}`;
}

function bar(share: number): string {
  const filled = Math.min(BAR_WIDTH, Math.max(share > 0 ? 1 : 0, Math.round(share * BAR_WIDTH)));
  return "█".repeat(filled) + "·".repeat(BAR_WIDTH - filled);
}

/** The report for programs: what has no value there is null. */
export function reportJson(report: BuildReport, file: string | undefined): object {
  const { board, entry, bytes, functions, variables, heap, refused, warnings, features, modules } =
    report;
  return {
    bytes,
    functions,
    variables: variables?.loaded ?? null,
    board,
    refused,
    variablesRunning: variables?.running ?? null,
    variablesAnswering: variables?.answering ?? null,
    heap: heap?.loaded ?? null,
    heapAnswering: heap?.answering ?? null,
    entry,
    file: file ?? null,
    warnings,
    features,
    modules,
  };
}

/** One line for each thing that is refused, and how many there are. */
export function refusedText({ refused, board }: BuildReport): string {
  const count = refused.length === 1 ? "One thing stands" : `${refused.length} things stand`;
  return [...refused.map(refusalLine), "", `${count} against the board ${board}.`].join("\n");
}

/** The boards as a table. */
export function boardsTable(boards: readonly BoardModel[]): string {
  const rows = [
    ["board", "", "variables", "block", "Storage", "network", "hashes, TLS", "console"],
    ...boards.map((board) => {
      if (board.engine === "espruino") return espruinoRow(board);
      if (board.engine === "kaluma") return kalumaRow(board);
      return [board.name, board.title, "", "", "", "Node's", "yes", ""];
    }),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const NETWORKS = { own: "own", driver: "by a driver", host: "the machine's" } as const;

function espruinoRow(board: EspruinoBoard): string[] {
  const { name, title, variables, mostVariables, blockSize, storage, modules } = board;
  const most = mostVariables > variables ? `-${whole(mostVariables)}` : "";
  return [
    name,
    title,
    Number.isFinite(variables) ? `${whole(variables)}${most}` : "growing",
    `${blockSize} B`,
    `${storage / 1024} KiB`,
    NETWORKS[board.network],
    modules.includes("tls") ? "yes" : "no",
    board.console.join(", "),
  ];
}

/** It has bytes of heap in place of variables, and Kaluma's own command line as its console. */
function kalumaRow({ name, title, heap, storage }: KalumaBoard): string[] {
  const [size, room] = [`${heap / 1024} KiB heap`, `${storage / 1024} KiB`];
  return [name, title, size, "", room, NETWORKS.own, "no", "Kaluma's"];
}

function whole(count: number): string {
  return count.toLocaleString("en-US");
}

function right(count: number, width: number): string {
  return whole(count).padStart(width);
}

/**
 * Refuses imports against the arrows of `docs/architecture.md`: which room may know which, and where Node's own modules and npm
 * packages may be used. Circles between files of portable code are refused too, since a board does not hoist.
 */
import { posix } from "node:path";
import ts from "typescript";
import {
  isMain,
  isPortable,
  type Refusal,
  report,
  repositorySources,
  type Source,
} from "./support/sources.ts";

interface Room {
  /** A folder ("connector/"), or one file. A file belongs to the longest that it begins with. */
  readonly path: string;
  /** What it may import beside itself. Absent means anything. */
  readonly imports?: readonly string[];
  /** Whether it may import `node:` modules. */
  readonly node?: boolean;
  /** npm packages it may import. Absent means none in a room without `node`, else any. */
  readonly packages?: readonly string[];
}

const BYTES = ["protocol/bytes/", "protocol/malformed.ts", "protocol/ports.ts"];
const AGENT = [
  "firmware/ports.ts",
  "firmware/loop.ts",
  "firmware/kept-loop.ts",
  "firmware/sleeping-loop.ts",
  "firmware/watched-alarm.ts",
  "firmware/agent/",
  "firmware/objects/",
  "firmware/update/",
];
const CONNECTOR = ["protocol/", "host/", "connector/"];
const SIMULATOR = [
  "protocol/",
  "host/",
  "simulator/",
  "firmware/ports.ts",
  "firmware/agent/",
  "firmware/objects/",
  "firmware/update/",
];

const ROOMS: readonly Room[] = [
  { path: "protocol/", imports: ["protocol/"] },
  { path: "protocol/malformed.ts", imports: [] },
  { path: "protocol/ports.ts", imports: [] },
  { path: "protocol/bytes/", imports: BYTES },
  { path: "protocol/time/", imports: [] },
  { path: "protocol/coap/", imports: [...BYTES, "protocol/time/"] },
  { path: "protocol/crypto/", imports: BYTES },
  {
    path: "protocol/oscore/",
    imports: [...BYTES, "protocol/crypto/", "protocol/time/", "protocol/coap/"],
  },
  { path: "protocol/dtls/", imports: [...BYTES, "protocol/crypto/", "protocol/time/"] },
  { path: "protocol/model/", imports: BYTES },
  // The Content-Format numbers are a registry as data; nothing else of CoAP is known to the codecs.
  {
    path: "protocol/content/",
    imports: [...BYTES, "protocol/model/", "protocol/coap/content-formats.ts"],
  },
  { path: "protocol/resources/", imports: [...BYTES, "protocol/time/", "protocol/coap/"] },

  { path: "host/", imports: ["protocol/"], node: true },

  ...AGENT.map((path) => ({ path, imports: ["protocol/", ...AGENT] })),
  { path: "firmware/gateway/", imports: ["protocol/", ...AGENT, "firmware/gateway/"] },
  { path: "firmware/portable.ts", imports: ["protocol/", ...AGENT] },
  { path: "firmware/index.ts", imports: ["firmware/"] },
  { path: "firmware/boards/espruino/", imports: ["protocol/", ...AGENT] },
  { path: "firmware/boards/kaluma/", imports: ["protocol/", ...AGENT] },
  {
    path: "firmware/boards/node/",
    imports: ["protocol/", "host/", ...AGENT, "firmware/gateway/"],
    node: true,
  },
  { path: "firmware/flash/", imports: ["protocol/", "host/", ...AGENT], node: true },

  { path: "connector/", imports: CONNECTOR, packages: ["hono", "zod"] },
  { path: "connector/adapters/", imports: CONNECTOR, node: true },
  { path: "connector/store/", imports: CONNECTOR, node: true },
  { path: "connector/access/", imports: CONNECTOR, node: true },
  { path: "connector/certificates/", imports: CONNECTOR, node: true },

  { path: "simulator/", imports: SIMULATOR },
  { path: "simulator/udp-fleet.ts", imports: SIMULATOR, node: true },
  { path: "simulator/worker.ts", imports: SIMULATOR, node: true },
  { path: "simulator/worker-fleet.ts", imports: SIMULATOR, node: true },
  { path: "simulator/report/", imports: SIMULATOR, node: true },

  {
    path: "test/conformance/",
    imports: ["protocol/", "host/", "firmware/", "simulator/", "test/support/", "test/vectors/"],
    node: true,
  },
  { path: "bin/", node: true },
  { path: "test/", node: true },
  { path: "scripts/", node: true },
  { path: "examples/", node: true },
];

interface Import {
  /** `protocol/malformed.ts`, `node:fs` or `hono`. */
  readonly target: string;
  readonly line: number;
  /** Gone after compilation. */
  readonly typeOnly: boolean;
}

/** The imports in these files that the arrows forbid. */
export function arrowRefusals(sources: readonly Source[]): Refusal[] {
  const refusals: Refusal[] = [];
  const graph = new Map<string, string[]>();
  for (const source of sources) {
    const imports = importsOf(source);
    const refuse = (line: number, message: string) =>
      refusals.push({ path: source.path, line, message });
    const room = roomOf(source.path);
    if (room !== undefined) {
      for (const { target, line } of imports) {
        const reason = forbidden(room, target);
        if (reason !== undefined) refuse(line, reason);
      }
    } else if (!source.path.endsWith(".config.ts")) {
      refuse(1, "belongs to no room: name its room in scripts/arrows.ts");
    }
    if (!isPortable(source.path)) continue;
    graph.set(
      source.path,
      imports.filter((found) => !found.typeOnly).map((found) => found.target),
    );
  }
  return refusals.concat(circles(graph));
}

function roomOf(path: string): Room | undefined {
  let longest: Room | undefined;
  for (const room of ROOMS) {
    if (path.startsWith(room.path) && room.path.length > (longest?.path.length ?? 0))
      longest = room;
  }
  return longest;
}

function forbidden(room: Room, target: string): string | undefined {
  if (target.startsWith("node:")) {
    return room.node
      ? undefined
      : `${room.path} may not import ${target}: Node's modules stay at the edge`;
  }
  if (roomOf(target) === undefined) {
    const packageName = target
      .split("/")
      .slice(0, target.startsWith("@") ? 2 : 1)
      .join("/");
    const allowed = room.packages?.includes(packageName) ?? room.node === true;
    return allowed ? undefined : `${room.path} may not import the package ${packageName}`;
  }
  if (room.imports === undefined || target.startsWith(room.path)) return undefined;
  if (room.imports.some((path) => target.startsWith(path))) return undefined;
  const known = room.imports.length === 0 ? "nothing" : room.imports.join(", ");
  return `${room.path} may not import ${target}: beside itself it knows ${known}`;
}

/** All static and dynamic imports and re-exports, relative ones resolved from the repository's root. */
function importsOf(source: Source): Import[] {
  const file = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const { text } = specifier;
    const target = text.startsWith(".") ? posix.join(posix.dirname(source.path), text) : text;
    const line = file.getLineAndCharacterOfPosition(specifier.getStart()).line + 1;
    found.push({ target, line, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** One refusal per circle of imports that remain after compilation, at the file where it was entered. */
function circles(graph: ReadonlyMap<string, readonly string[]>): Refusal[] {
  const refusals: Refusal[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const circle = [...trail.slice(start), path].join(" -> ");
      refusals.push({ path, line: 1, message: `imports itself in a circle: ${circle}` });
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return refusals;
}

if (isMain(import.meta.filename)) report(arrowRefusals(repositorySources()));

/**
 * docs/api, made from the table of routes that the running connector answers by.
 *
 *   npx tsx scripts/api-docs.ts            writes it
 *   npx tsx scripts/api-docs.ts --check    says what is stale, and fails
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { openApiOf } from "../connector/rest/administration/openapi.ts";
import { routeFamilies } from "../connector/rest/rest-api.ts";
import { ANYBODY, type Route, type RouteFamily } from "../connector/rest/route.ts";
import { isMain } from "./support/sources.ts";

const FOLDER = "docs/api";
const COMMAND = "npx tsx scripts/api-docs.ts";

const CREDENTIALS: Readonly<Record<string, string>> = {
  "access-key": "an access key (Bearer)",
  token: "a token of an API client (Bearer)",
  "user-password": "name and password of a user (Basic)",
  "customer-key": "a CUSTOMER_KEY (Bearer)",
  "customer-password": "email and password of a customer (Basic)",
  "public-key": "a device's PUBLIC_KEY (Bearer)",
  "client-secret": "client key and secret key of an API client (Basic)",
};

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** The files of docs/api: name -> contents. */
export function apiDocs(
  families: readonly RouteFamily[],
  version: string,
): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  files.set("README.md", indexOf(families));
  for (const family of families) files.set(`${family.name}.md`, pageOf(family));
  const administration = families.find(({ name }) => name === "administration");
  if (administration !== undefined) {
    const api = openApiOf(administration, `Dormouse Device Connector ${version}`);
    files.set("openapi.json", formatted(JSON.stringify(api)));
  }
  return files;
}

function indexOf(families: readonly RouteFamily[]): string {
  const rows = families.map(
    ({ name, title, routes }) => `| [${title}](${name}.md) | ${routes.length} |`,
  );
  return `# The HTTP API

Every route of the connector, made from the table that it answers by (\`${COMMAND}\`).

| family | routes |
| --- | --- |
${rows.join("\n")}

Administration is described as [OpenAPI 3.1](openapi.json), too; a running connector has it at \`/admin/openapi.json\`.

Where you come from another service: [migration](../migration.md).

On all routes:

- A path that there is not answers 404 and a method that a path has not 405, before anybody is asked who they are.
- Who is not known gets 401, with the same words whatever the cause; who may not gets 403. What belongs to another tenant is answered as if
  it were not there.
- 429 says in \`Retry-After\`, in seconds, when to come again: after too many requests of one credential or address, too many wrong
  passwords, or when a quota is used up.
- 507 and 503 say that the disk is full or cannot be written; nothing was accepted then.
- A trailing slash makes no difference, and nothing redirects. Pages of other origins may call (CORS).
`;
}

function pageOf(family: RouteFamily): string {
  const ways = family.credentials.map((kind) => CREDENTIALS[kind] ?? kind).join(", ");
  const query = family.takesQueryToken
    ? " A bearer's credential may come as `?access_token=` instead; one that differs from the header's is refused."
    : "";
  const versions = family.versioned
    ? "\nPaths begin with `/v2`, with `/v1`, or with neither; that makes no difference.\n"
    : "";
  return `# ${family.title}

Takes ${ways}, unless a route says otherwise.${query}
${versions}
${family.routes.map(sectionOf).join("\n")}`;
}

function sectionOf(route: Route): string {
  const parts = [`## \`${route.method} ${pathOf(route)}\``, "", route.summary, "", whoOf(route)];
  const query = Object.entries(route.query ?? {});
  if (query.length > 0) {
    parts.push("", "| query | |", "| --- | --- |");
    for (const [name, text] of query) parts.push(`| \`${name}\` | ${cell(text)} |`);
  }
  if (route.body !== undefined) parts.push("", `Body: ${shapeOf(route.body)}`);
  parts.push("", "| answer | |", "| --- | --- |");
  for (const [status, text] of Object.entries(route.answers)) {
    parts.push(`| ${status} | ${cell(text)} |`);
  }
  if (route.returns !== undefined) parts.push("", `Returns: ${shapeOf(route.returns)}`);
  return `${parts.join("\n")}\n`;
}

function whoOf(route: Route): string {
  if (route.allows === ANYBODY) return "For anybody.";
  const { verb, object, by } = route.allows;
  const kinds = by === undefined ? "" : `, by ${by.map((kind) => CREDENTIALS[kind]).join(" or ")}`;
  return `Needs \`${verb} ${object}\`${kinds}.`;
}

/** `/endpoints/{endpointName}/{resourcePath}` */
function pathOf({ path }: Route): string {
  return path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}");
}

function shapeOf(shape: string | z.ZodType): string {
  if (typeof shape === "string") return shape;
  const schema = z.toJSONSchema(shape, { io: "input" }) as JsonSchema;
  return `JSON\n\n${membersOf(schema, "").join("\n")}`;
}

function membersOf({ properties = {}, required = [] }: JsonSchema, indent: string): string[] {
  return Object.entries(properties).flatMap(([name, member]) => {
    const optional = required.includes(name) ? "" : ", may be absent";
    const meaning = member.description === undefined ? "" : `: ${member.description}`;
    const line = `${indent}- \`${name}\` ${typeOf(member)}${optional}${meaning}`;
    const inner = member.items?.properties === undefined ? member : member.items;
    return [line, ...membersOf(inner, `${indent}  `)];
  });
}

function typeOf(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) {
    // Permissions are many: their form says more than their list.
    return schema.enum.length > 12
      ? "`verb object`"
      : schema.enum.map((each) => `\`${each}\``).join(" ");
  }
  if (schema.type === "array") return `array of ${typeOf(schema.items ?? {})}`;
  return schema.format === "date-time" ? "time" : `${schema.type ?? "anything"}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** As `npm run format` would leave it. */
function formatted(json: string): string {
  const command = ["format", "--stdin-file-path", join(FOLDER, "openapi.json")];
  const run = spawnSync("node_modules/.bin/biome", command, { input: json, encoding: "utf8" });
  if (run.status !== 0) throw new Error(`biome cannot format it: ${run.stderr}`);
  return run.stdout;
}

function packageVersion(): string {
  return (JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version;
}

/** What of docs/api is not as it would be made now. */
function staleFiles(docs: ReadonlyMap<string, string>): string[] {
  const stale = [...docs].filter(([name, text]) => contentsOf(name) !== text);
  const left = readdirSync(FOLDER).filter((name) => !docs.has(name));
  return [...stale.map(([name]) => name), ...left];
}

function contentsOf(name: string): string | undefined {
  try {
    return readFileSync(join(FOLDER, name), "utf8");
  } catch {
    return undefined;
  }
}

if (isMain(import.meta.filename)) {
  mkdirSync(FOLDER, { recursive: true });
  const docs = apiDocs(routeFamilies(), packageVersion());
  const stale = staleFiles(docs);
  if (process.argv.includes("--check")) {
    for (const name of stale) console.error(`${join(FOLDER, name)} is stale: run ${COMMAND}`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else {
    for (const name of stale) {
      const text = docs.get(name);
      if (text === undefined) rmSync(join(FOLDER, name));
      else writeFileSync(join(FOLDER, name), text);
    }
    console.log(
      stale.length === 0 ? "docs/api is as it should be" : `written: ${stale.join(", ")}`,
    );
  }
}

/** The description of a family of routes as OpenAPI 3.1, made from its rows. */
import { z } from "zod";
import { ANYBODY, type Route, type RouteFamily } from "../route.ts";
import * as schemas from "./schemas.ts";

type Json = Record<string, unknown>;

const PROBLEM: Json = {
  type: "object",
  description: "RFC 9457",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
  },
  required: ["type", "title", "status", "detail"],
};

/** What the front answers on any route that asks who it is. */
const OF_THE_FRONT: Readonly<Record<number, string>> = {
  401: "Who asks is not known.",
  403: "Who asks may not.",
  429: "Too many requests or logins; Retry-After says when to come again.",
};

/**
 * Describes a family.
 *
 * @param product name and version, separated by the last blank
 */
export function openApiOf(family: RouteFamily, product: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of family.routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operationOf(route);
  }
  const [, title, version] = /^(.*) (\S+)$/.exec(product) ?? [undefined, product, "0"];
  return {
    openapi: "3.1.0",
    info: { title: `${title}: ${family.title}`, version },
    paths,
    components: {
      schemas: { Problem: PROBLEM, ...components() },
      securitySchemes: {
        accessKey: { type: "http", scheme: "bearer", description: "An access key." },
        login: { type: "http", scheme: "basic", description: "Name and password of a user." },
      },
    },
  };
}

function operationOf(route: Route): Json {
  const isOpen = route.allows === ANYBODY;
  const answers = isOpen ? route.answers : { ...OF_THE_FRONT, ...route.answers };
  const operation: Json = {
    operationId: operationId(route),
    tags: [route.path.split("/")[2]],
    summary: route.summary,
    parameters: parametersOf(route),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, description]) => [
        status,
        responseOf(route, Number(status), description),
      ]),
    ),
    security: isOpen ? [] : [{ accessKey: [] }, { login: [] }],
  };
  if (route.allows !== ANYBODY) {
    operation["x-permission"] = `${route.allows.verb} ${route.allows.object}`;
  }
  if (route.body !== undefined) {
    operation.requestBody = {
      required: true,
      content: { "application/json": { schema: schemaOf(route.body) } },
    };
  }
  return operation;
}

function parametersOf(route: Route): Json[] {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(route.query ?? {}).map(([name, description]) => ({
    name,
    in: "query",
    description,
    schema: { type: "string" },
  }));
  return [...inPath, ...inQuery];
}

function responseOf(route: Route, status: number, description: string): Json {
  if (status >= 400) {
    const schema = { $ref: "#/components/schemas/Problem" };
    return { description, content: { "application/problem+json": { schema } } };
  }
  if (route.returns === undefined) return { description };
  return { description, content: { "application/json": { schema: schemaOf(route.returns) } } };
}

function schemaOf(shape: string | z.ZodType): Json {
  if (typeof shape === "string") return { description: shape };
  const name = NAMES.get(shape);
  return name === undefined ? jsonSchemaOf(shape) : { $ref: `#/components/schemas/${name}` };
}

/** `AccessKeys` for `ACCESS_KEYS`: what the schemas are called where they are made. */
const NAMES: ReadonlyMap<z.ZodType, string> = new Map(
  Object.entries(schemas).map(([constant, schema]) => [schema, pascalCase(constant)]),
);

function components(): Json {
  return Object.fromEntries([...NAMES].map(([schema, name]) => [name, jsonSchemaOf(schema)]));
}

function jsonSchemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: "draft-2020-12",
    // A member with a default may be left out; answers have none.
    io: "input",
  });
  return rest;
}

/** `getAdminUsersUserId` */
function operationId({ method, path }: Route): string {
  const words = path.split(/[/:.-]+/).filter((word) => word !== "");
  return method.toLowerCase() + words.map((word) => word[0].toUpperCase() + word.slice(1)).join("");
}

function pascalCase(constant: string): string {
  return constant
    .split("_")
    .map((word) => word[0] + word.slice(1).toLowerCase())
    .join("");
}

/**
 * The examples of seed 001, as printed but for the host, against a connector with the device that they speak of. Where the answer
 * differs from the printed one, the row of test/vectors/seeds says how and why.
 */
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  DELETE_ALLOWED,
  NamedResource,
  POST_ALLOWED,
  PUT_ALLOWED,
} from "../../protocol/resources/named-resource.ts";
import { House } from "./support/house.ts";

interface Example {
  readonly section: string;
  readonly request: readonly string[];
  readonly response?: readonly string[];
  readonly notification?: readonly string[];
  readonly status?: number;
  readonly free?: readonly string[];
  readonly replace?: readonly (readonly [string, string])[];
  readonly verbatim?: number;
  readonly before?: string;
  readonly drop?: readonly string[];
}

interface Message {
  readonly startLine: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const { examples } = JSON.parse(
  readFileSync("test/vectors/seeds/001-device-connector.json", "utf8"),
) as { examples: Example[] };
const CERTIFICATE = "Create a certificate";
/** Members whose values no two runs share. */
const ALWAYS_FREE = ["async-response-id", "id"];
const NAMED = { observable: true, format: 0 };

const house = new House();
let key: string;
let receiver: Server;
/** What reached the callback. */
const received: Record<string, unknown[]>[] = [];
const heads: IncomingHttpHeaders[] = [];

beforeAll(async () => {
  await house.start();
  key = house.newKey();
  receiver = createServer((incoming, outgoing) => {
    let body = "";
    incoming.on("data", (chunk) => {
      body += chunk;
    });
    incoming.on("end", () => {
      heads.push(incoming.headers);
      received.push(JSON.parse(body));
      outgoing.end("OK");
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  await house.device({
    endpointName: "node-001",
    endpointType: "Light",
    plain: true,
    resources: [
      new NamedResource("/actuator/0/speed", { ...NAMED, type: "5851", value: 12 }),
      new NamedResource("/led/1/state", { type: "5850", value: 0 }),
      new NamedResource("/actuator/0/drive", { allowed: POST_ALLOWED }),
      new NamedResource("/logs/0/debug", { value: "", allowed: PUT_ALLOWED | DELETE_ALLOWED }),
      new NamedResource("/piezo/0/heart-rate", { ...NAMED, value: 72 }),
      new NamedResource("/dev/temp", { ...NAMED, value: 21 }),
      new NamedResource("/dev/power", { ...NAMED, value: 4 }),
    ],
  });
  await house.device({
    endpointName: "node-003",
    endpointType: "QueueModeNode",
    plain: true,
    queueMode: true,
    resources: [new NamedResource("/dev/temp", { ...NAMED, value: 4 })],
  });
  // Responses need a channel before the example that sets one, and some examples speak of subscriptions that exist.
  await send(rowOf("Registering a callback URL"));
  for (const path of ["/dev/temp", "/dev/power"]) {
    await ask({ startLine: `PUT /v2/subscriptions/node-001${path}`, headers: {}, body: "" });
  }
});

afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await house.stop();
});

function rowOf(section: string): Example {
  return examples.find((example) => example.section === section)!;
}

/** Reads a printed request or response. */
function parse(lines: readonly string[]): Message {
  const blank = lines.indexOf("");
  const head = lines.slice(1, blank < 0 ? undefined : blank);
  const headers: Record<string, string> = {};
  for (const line of head) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return {
    startLine: lines[0],
    headers,
    body: blank < 0 ? "" : lines.slice(blank + 1).join("\n"),
  };
}

function send(example: Example, isVerbatim = false): Promise<Answer> {
  let text = example.request.join("\n");
  for (const [from, to] of isVerbatim ? [] : (example.replace ?? [])) {
    text = text.replaceAll(from, to);
  }
  const { port } = receiver.address() as AddressInfo;
  text = text.replaceAll("{receiver}", `http://127.0.0.1:${port}`);
  text = text.replaceAll("{domain}", "default");
  const message = parse(text.split("\n"));
  const headers = Object.fromEntries(
    Object.entries(message.headers).filter(([name]) => !example.drop?.includes(name)),
  );
  return ask({ ...message, headers });
}

function ask({ startLine, headers, body }: Message): Promise<Answer> {
  const [method, path] = startLine.split(" ");
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${house.connector.httpUrl}${path}`,
      { method, headers: { ...headers, authorization: `Bearer ${key}` } },
      (incoming) => {
        let text = "";
        incoming.on("data", (chunk) => {
          text += chunk;
        });
        incoming.on("end", () => {
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** A printed value as it has to be found: free members of the printed type, flags as booleans, more members and elements allowed. */
function like(printed: unknown, free: readonly string[]): unknown {
  if (Array.isArray(printed)) {
    return expect.arrayContaining(printed.map((element) => like(element, free)));
  }
  if (typeof printed !== "object" || printed === null) {
    if (printed === "true" || printed === "false") return printed === "true";
    return printed;
  }
  const members = Object.entries(printed).map(([name, value]) => {
    const isFree = free.includes(name) || ALWAYS_FREE.includes(name);
    return [name, isFree ? expect.any(Object(value).constructor) : like(value, free)];
  });
  return expect.objectContaining(Object.fromEntries(members));
}

function expectBody(example: Example, answer: Answer, printed: Message): void {
  const type = printed.headers["content-type"] ?? "";
  expect(answer.headers["content-type"] ?? "").toBe(type);
  if (type === "application/json") {
    expect(JSON.parse(answer.body)).toEqual(like(JSON.parse(printed.body), example.free ?? []));
  } else expect(answer.body).toBe(printed.body);
}

for (const example of examples) {
  if (example.section === CERTIFICATE) continue;
  test(`${example.section}: ${example.request[0].trim()}`, async () => {
    if (example.before !== undefined) {
      const before = { startLine: example.before, headers: {}, body: "" };
      expect((await ask(before)).status).toBe(204);
    }
    if (example.verbatim !== undefined) {
      expect((await send(example, true)).status).toBe(example.verbatim);
    }
    const printed = parse(example.response ?? []);
    const answer = await send(example);
    const status = example.status ?? Number(printed.startLine.split(" ")[1]);
    expect([answer.status, answer.status < 400 ? "" : answer.body]).toEqual([status, ""]);
    if (printed.body !== "" || status === 204) expectBody(example, answer, printed);
    if (example.notification === undefined) return;

    const { "async-response-id": id } = JSON.parse(answer.body);
    const [expected] = JSON.parse(example.notification.join("\n"))["async-responses"];
    const responses = () => received.flatMap((message) => message["async-responses"] ?? []);
    await expect.poll(responses).toContainEqual(expect.objectContaining({ id }));
    const response = responses().find((each) => (each as { id: string }).id === id);
    expect(response).toEqual(like(expected, example.free ?? []));
  });
}

test("Create a certificate: POST /api/cert", async () => {
  const example = rowOf(CERTIFICATE);
  const refused = await send(example);
  expect([refused.status, refused.body]).toEqual([400, expect.stringContaining("P-256")]);

  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString().trim();
  const printedKey = /-----BEGIN[^"]*/.exec(example.request.join("\n"))?.[0] ?? "";
  const swapped = {
    ...example,
    request: example.request.join("\n").replace(printedKey, pem).split("\n"),
  };
  const answer = await send(swapped);
  const printed = parse(example.response ?? []);
  expect([answer.status, answer.headers["content-type"]]).toEqual([201, "application/json"]);
  const names = [...printed.body.matchAll(/^\s*"(\w+)":/gm)].map(([, name]) => name);
  expect(Object.keys(JSON.parse(answer.body)).sort()).toEqual(names.sort());
});

test("the callback's headers come with every delivery", () => {
  expect(heads.length).toBeGreaterThan(2);
  for (const head of heads) {
    expect([head["authorization"], head["test-header"]]).toEqual(["auth", "test"]);
  }
});

test("the rows hold the printed text of the seed: each printed example of a request is there", () => {
  expect(examples.map(({ request: [line] }) => line.trim())).toEqual([
    "GET /rest-versions",
    "GET /v2/endpoints",
    "GET /v2/endpoints/node-001",
    "GET /v2/endpoints/node-001/actuator/0/speed",
    "PUT /v2/endpoints/node-001/actuator/0/speed",
    "POST /v2/endpoints/node-001/actuator/0/drive",
    "DELETE /v2/endpoints/node-001/logs/0/debug",
    "PUT /v2/notification/callback HTTP/1.1",
    "GET /v2/notification/callback",
    "PUT /v2/subscriptions/node-001/piezo/0/heart-rate",
    "GET /v2/subscriptions/node-001/dev/power",
    "GET /v2/subscriptions/node-001",
    "PUT /v2/subscriptions",
    "GET /v2/limits",
    "POST /api/cert",
    "POST /api/api_tokens",
    "POST /api/api_tokens",
  ]);
});

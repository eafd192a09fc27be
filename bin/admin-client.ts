/** Talking to a running connector's administration: one request at a time, and errors as one line that says what to do. */
import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";

/** How to reach a connector and who asks, as options and the environment say it. */
export interface AdminOptions {
  readonly url?: string;
  readonly key?: string;
  readonly user?: string;
  readonly data?: string;
  readonly ca?: string;
}

export type Row = Readonly<Record<string, unknown>>;

/** Something that the person at the terminal can put right; the message is for it. */
export class AdminFailure extends Error {}

const DEFAULT_URL = "http://127.0.0.1:8080";
const TIMEOUT = 30_000;
/** Rows of one page, and of all pages together: a terminal is no place for a million. */
const PAGE = 1000;
const MOST_ROWS = 100_000;
const LONGEST_ANSWER = 64 * 1024 * 1024;

export class AdminClient {
  private readonly url: URL;
  private readonly authorization: string;
  private readonly ca: Buffer | undefined;

  /** @param password of the user, where `options.user` says so instead of a key */
  constructor(options: AdminOptions, password?: string) {
    const text = options.url ?? (process.env.DORMOUSE_URL || DEFAULT_URL);
    this.url = urlOf(text);
    this.authorization = authorizationOf(options, password);
    this.ca = options.ca === undefined ? undefined : readFileSync(options.ca);
  }

  get(path: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<Row> {
    return this.ask("GET", path, undefined, query);
  }

  /** All rows of a list, page after page, or `most` of them. */
  async list(
    path: string,
    query: Readonly<Record<string, string | undefined>> = {},
    most = MOST_ROWS,
  ): Promise<Row[]> {
    const rows: Row[] = [];
    let after: string | undefined;
    do {
      const limit = `${Math.min(PAGE, most - rows.length)}`;
      const page = await this.get(path, { ...query, limit, after });
      rows.push(...(page.items as Row[]));
      after = page.next as string | undefined;
    } while (after !== undefined && rows.length < most);
    return rows;
  }

  /** Sends a request; the answer is empty where there is no body. Rejects with an AdminFailure for anything but success. */
  async ask(
    method: string,
    path: string,
    body?: Row,
    query: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Row> {
    const url = new URL(`/admin${path}`, this.url);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const { status, text } = await this.send(method, url, body);
    if (status >= 200 && status < 300) return text === "" ? {} : parse(text, url);
    throw new AdminFailure(complaint(status, text, url));
  }

  /** What is at a path, as text. */
  async text(path: string): Promise<string> {
    const url = new URL(path, this.url);
    const { status, text } = await this.send("GET", url, undefined);
    if (status === 200) return text;
    throw new AdminFailure(complaint(status, text, url));
  }

  private send(
    method: string,
    url: URL,
    body: Row | undefined,
  ): Promise<{ status: number; text: string }> {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers: Record<string, string> = {
      authorization: this.authorization,
      accept: "application/json",
    };
    if (payload !== undefined) {
      headers["content-type"] = "application/json";
      headers["content-length"] = `${payload.length}`;
    }
    return new Promise((resolve, reject) => {
      const options = { method, headers, timeout: TIMEOUT, ca: this.ca };
      const take = (response: IncomingMessage) => {
        readAll(response).then(
          (text) => resolve({ status: response.statusCode ?? 0, text }),
          reject,
        );
      };
      const outgoing =
        url.protocol === "https:"
          ? httpsRequest(url, options, take)
          : httpRequest(url, options, take);
      outgoing.on("timeout", () =>
        outgoing.destroy(new Error(`no answer within ${TIMEOUT / 1000} s`)),
      );
      outgoing.on("error", (error) => reject(new AdminFailure(unreachable(error, url))));
      outgoing.end(payload);
    });
  }
}

/** The Authorization header, from what is given first: a key, a user with a password, the demo's data folder. */
function authorizationOf(options: AdminOptions, password: string | undefined): string {
  if (options.user !== undefined && options.key === undefined) {
    return `Basic ${Buffer.from(`${options.user}:${password ?? ""}`).toString("base64")}`;
  }
  const key =
    options.key ?? (options.data === undefined ? process.env.DORMOUSE_KEY || undefined : undefined);
  return `Bearer ${key ?? demoKey(options.data)}`;
}

function demoKey(folder: string | undefined): string {
  if (folder === undefined) {
    throw new AdminFailure(
      "Who asks? Give an access key in DORMOUSE_KEY or with --key, a user with --user, " +
        "or with --data the data folder of npm start.",
    );
  }
  const file = join(folder, "demo-credentials.json");
  try {
    const { accessKey } = JSON.parse(readFileSync(file, "utf8")) as { accessKey?: unknown };
    if (typeof accessKey === "string") return accessKey;
  } catch {
    // Whatever is wrong with it, the advice is the same.
  }
  throw new AdminFailure(
    `${file} holds no key: only npm start keeps one there. Give the key with --key or DORMOUSE_KEY.`,
  );
}

function urlOf(text: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  } catch {
    // Said below.
  }
  throw new AdminFailure(`${text} is not the URL of a connector, as ${DEFAULT_URL} is.`);
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LONGEST_ANSWER) throw new AdminFailure("The answer is too long.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string, url: URL): Row {
  try {
    return JSON.parse(text) as Row;
  } catch {
    throw new AdminFailure(`${url.origin} does not answer as a Dormouse connector does.`);
  }
}

function complaint(status: number, text: string, url: URL): string {
  let detail = text.slice(0, 300);
  try {
    detail = (JSON.parse(text) as { detail?: string }).detail ?? detail;
  } catch {
    // Not a problem of RFC 9457: shown as it is.
  }
  if (status === 401) return `${url.origin} does not know this key or login.`;
  if (status === 301) return `${url.origin} redirects to HTTPS: give its https URL with --url.`;
  return detail === "" ? `${url.origin} answered ${status}.` : detail;
}

function unreachable(error: Error, url: URL): string {
  const { code } = error as { code?: string };
  if (code === "ECONNREFUSED") {
    return (
      `Nothing listens at ${url.origin}: start it with "dormouse connector" or "npm start", ` +
      "or name another with --url."
    );
  }
  if (code === "ENOTFOUND") return `There is no host ${url.hostname}.`;
  if (code?.includes("CERT") === true || code?.includes("SIGNED") === true) {
    return `The certificate of ${url.origin} is not trusted: give its authority's with --ca (dormouse's own is at /api/ca.pem).`;
  }
  return `${url.origin} cannot be reached: ${error.message}.`;
}

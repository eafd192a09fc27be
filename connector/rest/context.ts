/** What the routes share: the machine behind them, what they need from their host, and how they answer. */
import type { Context, Hono } from "hono";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { Access } from "../access/access.ts";
import { type Principal, sees } from "../access/decision.ts";
import type { BootstrapSide } from "../bootstrap/bootstrap-side.ts";
import type { DeviceCertificates } from "../certificates/device-certificates.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Callback } from "../notifications/callback.ts";
import type { Registration } from "../registry/registration.ts";
import type { CustomerSide } from "./customers/customer-side.ts";
import type { Listener } from "./customers/notify-listeners.ts";
import type { Gateway } from "./device-connector/gateway.ts";
import type { HttpExchange, NotificationDriver } from "./device-connector/notification-driver.ts";
import { isJsonRefusal, parseJson } from "./json.ts";
import type { LeshanSide } from "./leshan/leshan-side.ts";
import type { RequestRates } from "./request-rates.ts";

/** What the routes need. */
export interface RestHost {
  readonly gateway: Gateway;
  readonly access: Access;
  readonly certificates: DeviceCertificates;
  readonly inventory: Inventory;
  readonly driver: NotificationDriver;
  readonly customerSide: CustomerSide;
  readonly leshan: LeshanSide;
  readonly bootstrap: BootstrapSide;
  /** Bounds on requests a second; none when absent. */
  readonly rates?: RequestRates;
  /** Shown at `/`. */
  readonly product: string;
  /** How long a request may wait for a sleeping device. */
  readonly requestExpiry: Milliseconds;
  now(): Milliseconds;
  /** Resolves when all that was accepted so far survives a kill. */
  commit(): Promise<void>;
  /** Takes one line for the operator. */
  log(line: string): void;
  /** Sends a test message to a callback. Returns why it cannot be used, as a sentence for its owner. */
  probe(callback: Callback): Promise<string | undefined>;
}

export interface RestEnv {
  Bindings: {
    readonly exchange: HttpExchange;
    /** Where the request came from: an IP address. */
    readonly address: string;
    /** There when a WebSocket is asked for: takes who listens from then on, instead of an answer. */
    readonly upgrade?: (listener: Omit<Listener, "socket">) => void;
  };
  Variables: {
    /** Who asks. Not there on a route for anybody. */
    principal: Principal;
    /** The principal's notification channel, in families that need one. */
    channelId: string;
    /** Without a version, still percent-encoded. Hono's own parameters come half decoded and are not used. */
    path: string;
    /** The path began with a version. */
    isVersioned: boolean;
  };
}

export type RestApp = Hono<RestEnv>;
export type RestContext = Context<RestEnv>;

/** A JSON body may be this long. */
const LONGEST_JSON = 1024 * 1024;

/** The body was longer than it may be. */
export const TOO_LONG = "too-long";

/** Refuses a request: one line of plain text that says why. */
export function refuse(
  c: RestContext,
  status: RefusalStatus,
  reason: string,
  headers?: Record<string, string>,
): Response {
  return c.text(reason, status, headers);
}

export type RefusalStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 409
  | 410
  | 412
  | 413
  | 415
  | 422
  | 426
  | 429
  | 500
  | 501
  | 502
  | 503
  | 504
  | 507;

/** Reads a body of at most `limit` bytes. Reading stops there, so that a longer one costs nothing. */
export async function readBody(
  c: RestContext,
  limit: number,
): Promise<Uint8Array | typeof TOO_LONG> {
  const length = c.req.header("content-length");
  if (length !== undefined) {
    // The server hands on exactly as many bytes as the header says.
    if (Number(length) > limit) return TOO_LONG;
    return new Uint8Array(await c.req.arrayBuffer());
  }
  if (c.req.header("transfer-encoding") === undefined || c.req.raw.body === null) {
    return new Uint8Array(0);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of c.req.raw.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limit) return TOO_LONG;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Reads a JSON body; a Response is the refusal. An empty body is undefined. */
export async function readJson(c: RestContext): Promise<{ value: unknown } | Response> {
  const body = await readBody(c, LONGEST_JSON);
  if (body === TOO_LONG) return refuse(c, 413, `The body is longer than ${LONGEST_JSON} bytes.`);
  if (body.length === 0) return { value: undefined };
  const parsed = parseJson(Buffer.from(body.buffer).toString("utf8"));
  return isJsonRefusal(parsed) ? refuse(c, 400, parsed.refusal) : parsed;
}

/**
 * Answers 202, durable by then, and lets the response to a request go when that has been written.
 *
 * @param body the id of the request, unless something else is said
 */
export async function accept(
  host: RestHost,
  c: RestContext,
  id: string,
  body: object | null = { "async-response-id": id },
): Promise<Response> {
  const keyId = c.get("channelId");
  try {
    await host.commit();
  } catch (error) {
    host.gateway.channels.handleAnswered(host.now(), keyId, id);
    throw error;
  }
  c.env.exchange.onEnd(() => {
    host.gateway.channels.handleAnswered(host.now(), keyId, id);
    host.driver.wake();
  });
  return body === null ? c.body(null, 202) : c.json(body, 202);
}

/** Refuses a request that would go beyond the day's transactions; undefined when it may go on. */
export function refuseOverQuota(host: RestHost, c: RestContext): Response | undefined {
  const refusedFor = host.gateway.traffic.refusedFor(host.now(), c.get("principal").domain.id);
  if (refusedFor === 0) return undefined;
  return refuse(c, 429, "The transaction quota of 24 hours is used up.", {
    "retry-after": String(Math.ceil(refusedFor / 1000)),
  });
}

/** Whether a query parameter is `true`. */
export function isSet(c: RestContext, name: string): boolean {
  return c.req.query(name)?.toLowerCase() === "true";
}

/** A registered device, if whoever asks can see it. Who cannot is answered as if it were not there. */
export function visibleRegistration(
  host: RestHost,
  c: RestContext,
  endpointName: string,
): Registration | undefined {
  const domainId = host.access.domainOf(endpointName);
  return sees(c.get("principal"), { domainId, endpointName })
    ? host.gateway.registration(endpointName)
    : undefined;
}

/** The registered devices that whoever asks can see. */
export function* visibleRegistrations(host: RestHost, c: RestContext): Iterable<Registration> {
  const principal = c.get("principal");
  if (principal.scope !== "domain") {
    for (const endpointName of principal.scope) {
      const registration = host.gateway.registration(endpointName);
      if (registration !== undefined) yield registration;
    }
    return;
  }
  for (const registration of host.gateway.registrations()) {
    const { endpointName } = registration;
    const domainId = host.access.domainOf(endpointName);
    if (domainId === principal.domain.id) yield registration;
  }
}

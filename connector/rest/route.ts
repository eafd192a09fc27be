/**
 * What a route is: one row that says at once what it answers, who may ask, and what the page about it prints. There is no other list: the
 * server, the API description and the matrix of access tests are all made from these rows.
 */
import type { ZodType } from "zod";
import type { CredentialKind, Principal } from "../access/decision.ts";
import type { ObjectKind, Verb } from "../access/model.ts";
import type { RefusalStatus, RestContext, RestHost } from "./context.ts";

export const METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH"] as const;
export type Method = (typeof METHODS)[number];

export type Handler = (host: RestHost, c: RestContext) => Promise<Response> | Response;

/** Who may use a route: somebody with such a credential, who may do this. */
export interface Allows {
  readonly verb: Verb;
  readonly object: ObjectKind;
  /** Kinds of credential; absent means those of the family. */
  readonly by?: readonly CredentialKind[];
}

/** Anybody, without a credential: only what nobody's secrets and no device depend on. */
export const ANYBODY = "anybody";

export interface Route {
  readonly method: Method;
  /** Hono's pattern, `/endpoints/:endpointName`; without a version and without a trailing slash. */
  readonly path: string;
  readonly allows: Allows | typeof ANYBODY;
  /** One sentence for people. */
  readonly summary: string;
  /** Status -> what it means, all that the route itself answers. 401, 403 and 429 of the front are added. */
  readonly answers: Readonly<Record<number, string>>;
  /** Query parameters -> what they mean. */
  readonly query?: Readonly<Record<string, string>>;
  /** What the body holds: in words, or as a schema. */
  readonly body?: string | ZodType;
  /** What a successful answer holds. */
  readonly returns?: string | ZodType;
  readonly handle: Handler;
}

/** Routes that belong together: one service that was, with its credentials and its way of saying no. */
export interface RouteFamily {
  /** `device-connector`, `customers`, `inventory`, `administration` ... */
  readonly name: string;
  readonly title: string;
  readonly routes: readonly Route[];
  /** What identifies somebody here, tried in this order. */
  readonly credentials: readonly CredentialKind[];
  /** `/v1/...` and `/v2/...` are the same routes. */
  readonly versioned: boolean;
  /** Takes `?access_token=` as well. */
  readonly takesQueryToken: boolean;
  /** Whoever asks needs a notification channel of his own; others are not known here. */
  readonly needsChannel: boolean;
  /** The WWW-Authenticate header of a 401; absent where a browser would ask the person. */
  readonly challenge?: string;
  /** Who asks without any credential, where the operator lets such in; absent, and undefined, are nobody. */
  stranger?(host: RestHost, c: RestContext): Principal | undefined;
  /** Whether a path that no route has is this family's to refuse. */
  owns(path: string): boolean;
  /** The family's form of an error. */
  refuse(
    c: RestContext,
    status: RefusalStatus,
    reason: string,
    headers?: Record<string, string>,
  ): Response;
}

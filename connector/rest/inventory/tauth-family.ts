/** API tokens (Device42, "API Token Authentication"): made from an API client's keys, renewed and ended with the token itself. */
import type { ApiClient } from "../../access/api-clients.ts";
import { refusal } from "../../access/domains.ts";
import type { NewToken } from "../../access/tokens.ts";
import type { RefusalStatus, RestContext, RestHost } from "../context.ts";
import type { Route, RouteFamily } from "../route.ts";
import { idOf, settle } from "./request.ts";

const TOKEN = "code, expires, token, ttl in minutes, msg and token_id.";
const NO_TOKEN = "The client has no such token.";
const TOO_MANY = "The client has as many tokens as it may have; Retry-After says when one ends.";

function routes(): Route[] {
  return [
    {
      method: "POST",
      path: "/tauth/1.0/token",
      allows: { verb: "add", object: "token", by: ["client-secret"] },
      summary:
        "Makes a token for an API client. Its keys come as Basic; whatever the body says is not looked at.",
      body: "None, or any: clients send `grant_type=client_credentials`, or nothing.",
      answers: { 200: TOKEN, 429: TOO_MANY },
      returns:
        '`{"code":0,"expires":"...Z","token":"eyJ...","ttl":10,"msg":"connected","token_id":3}`',
      handle: mint,
    },
    {
      method: "PUT",
      path: "/tauth/1.0/token/:tokenId",
      allows: { verb: "change", object: "token", by: ["token"] },
      summary: "Makes another token in place of this one, which ends at once.",
      answers: { 200: TOKEN, 404: NO_TOKEN, 429: TOO_MANY },
      returns: "As for POST, with the new token_id.",
      handle: renew,
    },
    {
      method: "DELETE",
      path: "/tauth/1.0/token/:tokenId",
      allows: { verb: "delete", object: "token", by: ["token"] },
      summary: "Ends a token at once.",
      answers: { 200: "Ended.", 404: NO_TOKEN },
      returns: '`{"code":0,"msg":"disconnected","deleted":"true","id":"3"}`',
      handle: end,
    },
  ];
}

export function tauthFamily(): RouteFamily {
  return {
    name: "tokens",
    title: "API tokens (Device42)",
    routes: routes(),
    credentials: ["token"],
    versioned: false,
    takesQueryToken: false,
    needsChannel: false,
    challenge: 'Basic realm="API client"',
    owns: (path) => path === "/tauth" || path.startsWith("/tauth/"),
    refuse: refuseToken,
  };
}

function refuseToken(
  c: RestContext,
  status: RefusalStatus,
  reason: string,
  headers?: Record<string, string>,
): Response {
  const msg = status === 401 ? "Invalid API token request." : reason;
  return c.json({ code: 1, msg }, status, headers);
}

async function mint(host: RestHost, c: RestContext): Promise<Response> {
  const client = clientOf(host, c);
  const minted = await host.access.tokens.mint(client, host.access.calendarNow());
  if ("retryAfter" in minted) return refuseMore(c, minted.retryAfter);
  host.access.clients.handleUse(client, host.access.calendarNow(), c.env.address);
  record(host, c, "token.minted", client, minted.id);
  await host.commit();
  return answerToken(c, minted);
}

async function renew(host: RestHost, c: RestContext): Promise<Response> {
  const client = clientOf(host, c);
  const former = idOf(c, 3);
  const { tokens } = host.access;
  if (!tokens.has(client.id, former)) throw refusal("access/not-found", NO_TOKEN);
  const minted = await tokens.mint(client, host.access.calendarNow());
  if ("retryAfter" in minted) return refuseMore(c, minted.retryAfter);
  // Two renewals at once of one token make one: else a token could grow into many.
  if (!tokens.end(client.id, former)) {
    tokens.end(client.id, minted.id);
    throw refusal("access/not-found", NO_TOKEN);
  }
  record(host, c, "token.renewed", client, minted.id);
  await host.commit();
  return answerToken(c, minted);
}

async function end(host: RestHost, c: RestContext): Promise<Response> {
  const client = clientOf(host, c);
  const id = idOf(c, 3);
  if (!host.access.tokens.end(client.id, id)) throw refusal("access/not-found", NO_TOKEN);
  await settle(host, c, "token.ended", `${client.clientKey} ${id}`);
  return c.json({ code: 0, msg: "disconnected", deleted: "true", id: `${id}` });
}

/** The API client that asks. Its id is what it is identified by, with its keys and with its tokens. */
function clientOf(host: RestHost, c: RestContext): ApiClient {
  const client = host.access.clients.get(c.get("principal").channelId ?? "");
  if (client === undefined) throw refusal("access/not-found", "The API client is gone.");
  return client;
}

function record(
  host: RestHost,
  c: RestContext,
  action: string,
  client: ApiClient,
  tokenId: number,
): void {
  const object = `${client.clientKey} ${tokenId}`;
  host.access.record(c.get("principal"), c.env.address, action, object);
}

function answerToken(c: RestContext, { id, token, expiresAt, ttl }: NewToken): Response {
  const expires = new Date(expiresAt).toISOString();
  return c.json({ code: 0, expires, token, ttl, msg: "connected", token_id: id });
}

function refuseMore(c: RestContext, retryAfter: number): Response {
  const headers = { "retry-after": String(Math.ceil(retryAfter / 1000)) };
  return refuseToken(c, 429, TOO_MANY, headers);
}

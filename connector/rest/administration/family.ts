/** Administration: what the originals did in their web pages, as an API of our own. Errors are problems (RFC 9457). */

import { ANYBODY, type Route, type RouteFamily } from "../route.ts";
import { apiPage } from "./api-page.ts";
import { BOOTSTRAP_ROUTES } from "./bootstrap.ts";
import { CERTIFICATE_ROUTES } from "./certificates.ts";
import { API_CLIENT_ROUTES } from "./clients.ts";
import { CUSTOMER_ROUTES } from "./customers.ts";
import { DEVICE_ROUTES } from "./devices.ts";
import { DOMAIN_ROUTES } from "./domains.ts";
import { ACCESS_KEY_ROUTES } from "./keys.ts";
import { openApiOf } from "./openapi.ts";
import { refuseWithProblem } from "./request.ts";
import { USER_ROUTES } from "./users.ts";

const DESCRIPTION_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/admin/openapi.json",
    allows: ANYBODY,
    summary: "This API as OpenAPI 3.1.",
    answers: { 200: "The description." },
    handle: (host, c) => c.json(openApiOf(administrationFamily(), host.product)),
  },
  {
    method: "GET",
    path: "/admin/docs",
    allows: ANYBODY,
    summary: "This API as a page to read.",
    answers: { 200: "The page." },
    handle: (host, c) => {
      c.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
      return c.html(apiPage(administrationFamily(), host.product));
    },
  },
];

export function administrationFamily(): RouteFamily {
  return {
    name: "administration",
    title: "Administration",
    routes: [
      ...DESCRIPTION_ROUTES,
      ...DOMAIN_ROUTES,
      ...USER_ROUTES,
      ...CUSTOMER_ROUTES,
      ...DEVICE_ROUTES,
      ...ACCESS_KEY_ROUTES,
      ...API_CLIENT_ROUTES,
      ...CERTIFICATE_ROUTES,
      ...BOOTSTRAP_ROUTES,
    ],
    credentials: ["access-key", "user-password"],
    versioned: false,
    takesQueryToken: false,
    needsChannel: false,
    // Not Basic: a browser would ask for the password, keep it, and add it to what other pages make it send.
    challenge: "Bearer",
    owns: (path) => path === "/admin" || path.startsWith("/admin/"),
    refuse: refuseWithProblem,
  };
}

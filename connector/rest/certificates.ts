/**
 * Certificates for devices (mbed Device Connector, "Create a certificate"): the call of its developer tools, and the `security.h` that its
 * web page gave.
 */

import { type DeviceCertificate, isLedgerRefusal } from "../certificates/device-certificates.ts";
import { newDeviceKey } from "../certificates/device-key.ts";
import type { LedgerRefusal } from "../certificates/ledger.ts";
import { isPublicKeyRefusal, type PublicKey, readPublicKey } from "../certificates/public-key.ts";
import { securityHeader } from "../certificates/security-header.ts";
import { type RestContext, type RestHost, readBody, refuse, TOO_LONG } from "./context.ts";
import { isJsonRefusal } from "./json.ts";
import { parseRelaxedJson } from "./relaxed-json.ts";
import { type Allows, ANYBODY, type RouteFamily } from "./route.ts";

/** The names below with a PEM of P-256 are 300 bytes. */
const LONGEST_BODY = 16 * 1024;

const ADD_CERTIFICATE: Allows = { verb: "add", object: "certificate" };
const TOO_MANY = "The quota of certificates for 24 hours is used up.";
const FULL = "The connector keeps count of no more certificates.";

export function certificatesFamily(): RouteFamily {
  return {
    name: "certificates",
    title: "Certificates for devices",
    routes: [
      {
        method: "POST",
        path: "/api/cert",
        allows: ADD_CERTIFICATE,
        summary: "Issues a certificate for the public key of a device, under a new endpoint name.",
        body: '`{"domain": "...", "publickey": "-----BEGIN PUBLIC KEY-----..."}`, a key on P-256 in PEM',
        answers: {
          201: "domain, endpoint, server_certificate and device_certificate.",
          400: "The body or the public key cannot be read: the text says why.",
          401: "The access key is not valid for the domain.",
          413: `The body is longer than ${LONGEST_BODY} bytes.`,
          429: TOO_MANY,
          503: FULL,
        },
        handle: issueCertificate,
      },
      {
        method: "POST",
        path: "/api/security.h",
        allows: ADD_CERTIFICATE,
        summary:
          "Makes a key pair and a certificate for a new device. The private key is given this once and not kept.",
        body: '`{"domain": "..."}`, or none',
        answers: {
          201: "security.h, a C header for mbed client programs.",
          400: "The body cannot be read.",
          401: "The access key is not valid for the domain.",
          413: `The body is longer than ${LONGEST_BODY} bytes.`,
          429: TOO_MANY,
          503: FULL,
        },
        handle: giveSecurityHeader,
      },
      {
        method: "GET",
        path: "/api/ca.pem",
        allows: ANYBODY,
        summary: "The certificate of the connector's authority, for clients and devices to trust.",
        answers: { 200: "A certificate in PEM." },
        handle: showAuthority,
      },
    ],
    credentials: ["access-key", "token", "user-password"],
    versioned: true,
    takesQueryToken: false,
    needsChannel: false,
    challenge: "Bearer",
    owns: (path) => path === "/api/cert",
    refuse,
  };
}

async function issueCertificate(host: RestHost, c: RestContext): Promise<Response> {
  const body = await readMembers(c);
  if (body instanceof Response) return body;
  const { domain, publickey } = body;
  if (typeof domain !== "string" || typeof publickey !== "string") {
    return refuse(c, 400, "The body must be a JSON object with domain and publickey, both text.");
  }
  if (!isOwnDomain(c, domain)) return refuseDomain(host, c);
  const publicKey = readPublicKey(publickey, host.certificates.curves);
  if (isPublicKeyRefusal(publicKey)) return refuse(c, 400, publicKey.refusal);
  const issued = await issue(host, c, publicKey);
  if (isLedgerRefusal(issued)) return refuseIssue(c, issued);
  return c.json(
    {
      domain: c.get("principal").domain.name,
      endpoint: issued.row.endpointName,
      server_certificate: issued.serverCertificate,
      device_certificate: issued.deviceCertificate,
    },
    201,
  );
}

async function giveSecurityHeader(host: RestHost, c: RestContext): Promise<Response> {
  const body = await readMembers(c);
  if (body instanceof Response) return body;
  const { domain } = body;
  if (domain !== undefined && typeof domain !== "string") {
    return refuse(c, 400, "The domain must be text.");
  }
  if (domain !== undefined && !isOwnDomain(c, domain)) return refuseDomain(host, c);
  const { publicKey, privateKey } = await newDeviceKey();
  const issued = await issue(host, c, publicKey);
  if (isLedgerRefusal(issued)) return refuseIssue(c, issued);
  const header = securityHeader({
    domain: c.get("principal").domain.name,
    endpointName: issued.row.endpointName,
    serverCertificate: issued.serverCertificate,
    deviceCertificate: issued.deviceCertificate,
    privateKey,
  });
  c.header("content-disposition", 'attachment; filename="security.h"');
  return c.text(header, 201);
}

async function showAuthority(host: RestHost, c: RestContext): Promise<Response> {
  const { certificate } = await host.certificates.authority();
  return c.body(`${certificate}\n`, 200, { "content-type": "application/x-pem-file" });
}

/** The members of the body; none for an empty one. A Response is the refusal. */
async function readMembers(c: RestContext): Promise<Record<string, unknown> | Response> {
  const body = await readBody(c, LONGEST_BODY);
  if (body === TOO_LONG) return refuse(c, 413, `The body is longer than ${LONGEST_BODY} bytes.`);
  if (body.length === 0) return {};
  const parsed = parseRelaxedJson(Buffer.from(body).toString("utf8"));
  if (isJsonRefusal(parsed)) return refuse(c, 400, parsed.refusal);
  const { value } = parsed;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse(c, 400, "The body must be a JSON object.");
  }
  return value as Record<string, unknown>;
}

/** A domain is known by its name, which its devices say too, and by its id. */
function isOwnDomain(c: RestContext, asked: string): boolean {
  const { domain } = c.get("principal");
  return asked === domain.name || asked === domain.id;
}

/** Issues, and puts the device on record, so that its name belongs to its domain before it has registered. Durable when it resolves. */
async function issue(
  host: RestHost,
  c: RestContext,
  publicKey: PublicKey,
): Promise<DeviceCertificate | LedgerRefusal> {
  const principal = c.get("principal");
  const issued = await host.certificates.issue({
    domainId: principal.domain.id,
    issuedBy: principal.credentialId,
    publicKey,
  });
  if (isLedgerRefusal(issued)) return issued;
  const { endpointName, serial, domainId, issuedAt } = issued.row;
  host.access.devices.create(domainId, endpointName, undefined, issuedAt);
  host.access.record(principal, c.env.address, "certificate.issued", `${endpointName} ${serial}`);
  await host.commit();
  return issued;
}

/** As the original: 401 although it is known who asks. */
function refuseDomain(host: RestHost, c: RestContext): Response {
  host.access.record(
    c.get("principal"),
    c.env.address,
    "permission.refused",
    "add certificate elsewhere",
  );
  return refuse(c, 401, "The access key is not valid for this domain.", {
    "www-authenticate": "Bearer",
  });
}

function refuseIssue(c: RestContext, refusal: LedgerRefusal): Response {
  if (refusal.kind === "full") return refuse(c, 503, FULL);
  const seconds = String(Math.ceil(refusal.retryAfter / 1000));
  return refuse(c, 429, TOO_MANY, { "retry-after": seconds });
}

/** Administration of device certificates: what the connector's authority has signed, and what of it is worth nothing any more. */
import { refusal } from "../../access/domains.ts";
import { isOperator } from "../../access/escalation.ts";
import type { IssuedCertificate } from "../../certificates/ledger.ts";
import type { RestContext, RestHost } from "../context.ts";
import { ANYBODY, type Route } from "../route.ts";
import { afterNumber, changed, domainOf, PAGED, pageOfSorted, segment } from "./request.ts";
import * as schemas from "./schemas.ts";
import { certificateView } from "./views.ts";

const NO_CERTIFICATE = "There is no such certificate.";
/** One more than a page can hold. */
const MOST_LISTED = 1001;

export const CERTIFICATE_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/admin/certificates",
    allows: { verb: "view", object: "certificate" },
    summary: "The certificates issued for devices of a domain that have not ended.",
    query: PAGED,
    returns: schemas.CERTIFICATES,
    answers: { 200: "A page of certificates, in the order of issue." },
    handle: listCertificates,
  },
  {
    method: "DELETE",
    path: "/admin/certificates/:serial",
    allows: { verb: "delete", object: "certificate" },
    summary: "Revokes a certificate for good. It stays on record until it ends.",
    returns: schemas.CERTIFICATE,
    answers: { 200: "The certificate, revoked.", 404: NO_CERTIFICATE },
    handle: revokeCertificate,
  },
  {
    method: "GET",
    path: "/admin/ca.crl",
    allows: ANYBODY,
    summary: "The list of revoked certificates in PEM (RFC 5280), for whoever checks them.",
    answers: { 200: "The list." },
    handle: showRevocationList,
  },
];

function listCertificates(host: RestHost, c: RestContext): Response {
  const domain = domainOf(host, c);
  // Rows leave the list only when their time is over: a place in it may skip some then, and repeats none.
  const from = afterNumber(c);
  const rows = host.certificates.ledger.list(domain.id, from, MOST_LISTED);
  const placed = rows.map((row, i) => ({ row, place: from + i + 1 }));
  const page = pageOfSorted(c, placed, ({ place }) => `${place}`);
  const items = page.items.map(({ row }) => certificateView(host.access, row));
  return c.json({ ...page, items });
}

async function revokeCertificate(host: RestHost, c: RestContext): Promise<Response> {
  const serial = segment(c, 2);
  const principal = c.get("principal");
  const domainId = isOperator(principal) ? undefined : principal.domain.id;
  const { ledger } = host.certificates;
  const row: IssuedCertificate | undefined = ledger.revoke(
    host.access.calendarNow(),
    serial,
    domainId,
  );
  if (row === undefined) throw refusal("access/not-found", `There is no certificate ${serial}.`);
  await changed(host, c, "certificate.revoked", `${row.endpointName} ${row.serial}`);
  return c.json(certificateView(host.access, row));
}

async function showRevocationList(host: RestHost, c: RestContext): Promise<Response> {
  const list = await host.certificates.revocationList();
  return c.body(list.endsWith("\n") ? list : `${list}\n`, 200, {
    "content-type": "application/x-pem-file",
  });
}

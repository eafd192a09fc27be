/**
 * The routes `/invite`: somebody asks for an account with an e-mail address, and shows by the link that was mailed there that it is his.
 *
 * The original took the text of the mail, its sender and where the link leads from whoever asked, which made it a sender of anybody's
 * mail. Here those are not listened to. Whether an address has an account already, nobody can tell who does not read its mail.
 */
import {
  createCustomer,
  customerJson,
  requireMailAddress,
  requirePassword,
  setCustomerPassword,
} from "../../access/customers.ts";
import { refusal } from "../../access/domains.ts";
import { INVITATION_HOURS, type Invitation } from "../../access/invitations.ts";
import { invitationMail, resetMail } from "../../access/mail.ts";
import type { User } from "../../access/model.ts";
import { addressGroup } from "../../access/rate-limit.ts";
import type { RestContext, RestHost } from "../context.ts";
import { readMembers, readText, refuseForNow, refuseInJson, textMember } from "./answers.ts";
import { domainOfApp } from "./customers.ts";
import { acceptedPage, invitationPage } from "./invitation-page.ts";

const FORM = "application/x-www-form-urlencoded";
const NO_INVITATION = "The link is not good: it was used, it has expired, or it never was one.";

/** POST /invite */
export async function invite(host: RestHost, c: RestContext): Promise<Response> {
  const members = await readMembers(c);
  const { invitesOfAddress, invitesOfMailbox } = host.customerSide;
  const group = addressGroup(c.env.address);
  const wait = invitesOfAddress.refusedFor(host.now(), group);
  if (wait > 0) return refuseForNow(c, wait);
  invitesOfAddress.take(host.now(), group);
  const email = textMember(members, "email")?.toLowerCase();
  if (email === undefined) throw refusal("access/bad-value", "An email is needed.");
  requireMailAddress(email);
  // Counted whether or not there is such a customer, and answered alike when it is too much for the mailbox.
  if (invitesOfMailbox.refusedFor(host.now(), email) === 0) {
    invitesOfMailbox.take(host.now(), email);
    const redirect = allowedRedirect(host, textMember(members, "redir"));
    inviteByMail(host, email, textMember(members, "app_id"), redirect);
  }
  // Also so that there is something to commit in any case: the time that takes would tell of whom there was not.
  host.access.record(undefined, c.env.address, "invitation.asked", email);
  await host.commit();
  return c.json({});
}

/** GET /invite/{token}: a page to choose a password on. It looks nothing up, so that a scanner of mail spends nothing by opening it. */
export function showInvitation(_: RestHost, c: RestContext): Response {
  return invitationPage(c, undefined);
}

/** POST /invite/{token}: spends the link. From the page as a form, from a program as JSON. */
export async function acceptInvitation(host: RestHost, c: RestContext): Promise<Response> {
  const isForm = (c.req.header("content-type") ?? "").toLowerCase().startsWith(FORM);
  const { wrongKeys, invitations } = host.customerSide;
  const group = addressGroup(c.env.address);
  const wait = wrongKeys.refusedFor(host.now(), group);
  if (wait > 0) return refuseForNow(c, wait);
  const token = c.get("path").split("/")[2];
  const password = isForm
    ? (new URLSearchParams(await readText(c)).get("password") ?? "")
    : (textMember(await readMembers(c), "password") ?? "");
  const { access } = host;
  if (invitations.find(token, access.calendarNow()) === undefined) {
    wrongKeys.take(host.now(), group);
    return isForm ? invitationPage(c, NO_INVITATION, 404) : refuseInJson(c, 404, NO_INVITATION);
  }
  try {
    requirePassword(password);
  } catch (error) {
    if (!isForm) throw error;
    return invitationPage(c, (error as Error).message, 400);
  }
  const hash = await access.passwords.hash(password);
  // Only now, and at once: two who open the link together are not both served.
  const invitation = invitations.spend(token, access.calendarNow());
  const customer = invitation && settle(host, invitation, hash);
  if (invitation === undefined || customer === undefined) {
    return isForm ? invitationPage(c, NO_INVITATION, 404) : refuseInJson(c, 404, NO_INVITATION);
  }
  access.backoff.handleSuccess(customer.name, c.env.address);
  access.audit.append({
    at: access.calendarNow(),
    domainId: customer.domainId,
    actor: `customer:${customer.id}`,
    address: c.env.address,
    action: "customer.invitation-accepted",
    object: customer.id,
  });
  host.customerSide.endChannel(customer.id);
  await host.commit();
  return isForm ? acceptedPage(c, invitation.redirect) : c.json(customerJson(access, customer));
}

/** Makes an invitation and mails it, where there is one to make. */
function inviteByMail(
  host: RestHost,
  email: string,
  appId: string | undefined,
  redirect: string | undefined,
): void {
  const { access, customerSide } = host;
  const domain = domainOfApp(host, appId);
  const holder = access.users.named(email);
  // A user's password is not a customer's business, and an inactive customer was made so by somebody.
  if (holder !== undefined && (holder.role !== "customer" || !holder.active)) return;
  if (holder === undefined && (domain === undefined || domain.registration === "closed")) return;
  const domainId = holder?.domainId ?? (domain?.id as string);
  const { invitations, settings } = customerSide;
  const token = invitations.create(email, domainId, redirect, access.calendarNow());
  if (token === undefined) return;
  const link = `${settings.publicUrl()}/invite/${token}`;
  const compose = holder === undefined ? invitationMail : resetMail;
  customerSide.mail(compose(email, link, INVITATION_HOURS));
}

/** The customer with the new password; undefined when there cannot be one any more. */
function settle(host: RestHost, invitation: Invitation, hash: string): User | undefined {
  const { access } = host;
  const holder = access.users.named(invitation.email);
  if (holder !== undefined) {
    if (holder.role !== "customer" || !holder.active) return undefined;
    // Whoever had the account before this proof may not have been the owner of the address: the key goes, too.
    return setCustomerPassword(access, holder, hash, true);
  }
  const domain = access.domains.get(invitation.domainId);
  if (domain === undefined || domain.registration === "closed") return undefined;
  return createCustomer(access, domain, invitation.email, hash);
}

/** Where the page of an invitation may lead: without query, and only to origins that the operator named. */
function allowedRedirect(host: RestHost, redir: string | undefined): string | undefined {
  if (redir === undefined || redir.length > 1000) return undefined;
  let url: URL;
  try {
    url = new URL(redir);
  } catch {
    return undefined;
  }
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  if (!isWeb || !host.customerSide.settings.redirects.includes(url.origin)) return undefined;
  return url.origin + url.pathname;
}

/** The two pages that a person sees of an invitation. Without scripts, pictures and anything from elsewhere. */
import type { RestContext } from "../context.ts";

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

const STYLE = `body { font: 1rem/1.5 system-ui, sans-serif; margin: 10vh auto; max-width: 22rem; padding: 0 1rem }
input, button { font: inherit; display: block; width: 100%; margin: .5rem 0; padding: .5rem; box-sizing: border-box }
[role=alert] { color: #a00 }`;

/** The page with the form, which posts to where it came from. */
export function invitationPage(
  c: RestContext,
  complaint: string | undefined,
  status: 200 | 400 | 404 = 200,
): Response {
  const alert = complaint === undefined ? "" : `<p role="alert">${escaped(complaint)}</p>`;
  const form = `${alert}
<form method="post">
<label for="password">Choose a password, 8 characters at least.</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="8" maxlength="256" required autofocus>
<button>Set password</button>
</form>`;
  return c.body(page("Choose a password", form), status, HEADERS);
}

/** @param redirect where to go on, checked before */
export function acceptedPage(c: RestContext, redirect: string | undefined): Response {
  const link =
    redirect && `<p><a href="${escaped(redirect)}">Go on to ${escaped(redirect)}</a></p>`;
  const text = `<p>Your password is set. Log in with it.</p>${link ?? ""}`;
  return c.body(page("Your password is set", text), 200, HEADERS);
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
<h1>${title}</h1>
${content}
</html>
`;
}

function escaped(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}

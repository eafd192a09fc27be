/** The description of a family of routes as a page to read, made from its rows: plain HTML that loads nothing. */
import { ANYBODY, type Route, type RouteFamily } from "../route.ts";

const STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}" +
  "code{background:#f2f2f2;padding:.1em .3em;border-radius:3px}h2{margin-top:2em;font-size:1.1em}" +
  "table{border-collapse:collapse}td{padding:.1em 1em .1em 0;vertical-align:top}" +
  "@media(prefers-color-scheme:dark){body{background:#1b1b1b;color:#ddd}code{background:#333}a{color:#9cf}}";

export function apiPage(family: RouteFamily, product: string): string {
  const title = escapeHtml(`${product}: ${family.title}`);
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>` +
    '<meta name="viewport" content="width=device-width">' +
    `<style>${STYLE}</style></head><body><h1>${title}</h1>` +
    '<p>For programs: <a href="openapi.json">openapi.json</a>.</p>' +
    `${family.routes.map(sectionOf).join("")}</body></html>`
  );
}

function sectionOf(route: Route): string {
  const who =
    route.allows === ANYBODY
      ? "For anybody."
      : `Needs <code>${route.allows.verb} ${route.allows.object}</code>.`;
  const query = Object.entries(route.query ?? {}).map(([name, text]) => row(`?${name}=`, text));
  const answers = Object.entries(route.answers).map(([status, text]) => row(status, text));
  return (
    `<h2><code>${route.method} ${escapeHtml(route.path)}</code></h2>` +
    `<p>${escapeHtml(route.summary)} ${who}</p><table>${query.join("")}${answers.join("")}</table>`
  );
}

function row(name: string, text: string): string {
  return `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(text)}</td></tr>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/** A run as a badge: how many of the applicable cases passed. */
import type { CaseResult } from "../case.ts";
import { summaryOf } from "./summary.ts";
import { escapeMarkup } from "./xml.ts";

const GOOD = "#2b7a3d";
const UNSURE = "#8a6d1a";
const BAD = "#a3302a";
/** A character of 11 px Verdana, about; and the room at each side. */
const CHARACTER = 6.6;
const MARGIN = 10;
const HEIGHT = 20;

/** SVG, `LwM2M conformance | 70 of 72`. Green only if every applicable case was run and passed. */
export function badgeOf(results: readonly CaseResult[], label = "LwM2M conformance"): string {
  const { pass, fail, inconclusive, notRun } = summaryOf(results);
  const applicable = pass + fail + inconclusive + notRun;
  const color = fail > 0 ? BAD : pass === applicable && pass > 0 ? GOOD : UNSURE;
  const value = `${pass} of ${applicable}`;
  const left = Math.round(label.length * CHARACTER + MARGIN);
  const right = Math.round(value.length * CHARACTER + MARGIN);
  const width = left + right;
  const text = (x: number, what: string) =>
    `<text x="${x}" y="14" text-anchor="middle">${escapeMarkup(what)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}" role="img" ` +
      `aria-label="${escapeMarkup(`${label}: ${value}`)}">`,
    `<clipPath id="r"><rect width="${width}" height="${HEIGHT}" rx="3"/></clipPath>`,
    `<g clip-path="url(#r)"><rect width="${left}" height="${HEIGHT}" fill="#555"/>` +
      `<rect x="${left}" width="${right}" height="${HEIGHT}" fill="${color}"/></g>`,
    `<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">`,
    text(left / 2, label),
    text(left + right / 2, value),
    "</g></svg>",
    "",
  ].join("\n");
}

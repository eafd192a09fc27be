/**
 * A run as one file that a lab can hand to a customer: what was judged and how it went, each case with what it demands, its exchange, and
 * the packets to download. No script from elsewhere, no request to anywhere.
 */
import type { CaseResult, Verdict } from "../case.ts";
import { GROUPS, groupOf } from "../cases/groups.ts";
import { HTML_STYLE } from "./html-style.ts";
import { pcapng } from "./pcapng.ts";
import type { RunReport } from "./run.ts";
import { summaryOf } from "./summary.ts";
import { escapeMarkup as text } from "./xml.ts";

export interface HtmlOptions {
  /** A lab's words above the results: who, for whom, under which order. */
  readonly remark?: string;
}

/** In the order of the bar. */
const VERDICTS: readonly Verdict[] = ["pass", "fail", "inconclusive", "not run", "not applicable"];

export function htmlReport(run: RunReport, options: HtmlOptions = {}): string {
  const title = `Conformance of ${run.subject}`;
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${text(title)}</title>`,
    `<style>${HTML_STYLE}</style></head><body>`,
    `<header><h1>${text(title)}</h1>`,
    `<p>${text(aboutRun(run))}</p>`,
    options.remark === undefined ? "" : `<p class="remark">${text(options.remark)}</p>`,
    "</header>",
    overview(run),
    filters(run.results),
    ...GROUPS.map(({ name, title }) => groupSection(run, name, title)),
    `<footer>${text(run.harness)}</footer>`,
    "</body></html>",
    "",
  ].join("\n");
}

function aboutRun({ role, results, startedAt }: RunReport): string {
  const versions = [...new Set(results.map(({ version }) => version))].join(", ");
  const day = new Date(startedAt).toISOString().slice(0, 16).replace("T", " ");
  return `Judged as an LwM2M ${versions} ${role}, ${day} UTC.`;
}

/** The counts as a bar and in figures. */
function overview({ results }: RunReport): string {
  const summary = summaryOf(results);
  const counts: Readonly<Record<Verdict, number>> = {
    pass: summary.pass,
    fail: summary.fail,
    inconclusive: summary.inconclusive,
    "not run": summary.notRun,
    "not applicable": summary.notApplicable,
  };
  const total = Math.max(1, results.length);
  const bar = VERDICTS.filter((verdict) => counts[verdict] > 0)
    .map((verdict) => {
      const share = ((100 * counts[verdict]) / total).toFixed(2);
      const label = `${counts[verdict]} ${verdict}`;
      return `<span class="${classOf(verdict)}" style="width:${share}%" title="${label}"></span>`;
    })
    .join("");
  const figures = VERDICTS.map(
    (verdict) => `<li class="${classOf(verdict)}"><b>${counts[verdict]}</b> ${text(verdict)}</li>`,
  ).join("");
  return `<section class="overview"><div class="bar">${bar}</div><ul>${figures}</ul></section>`;
}

/** Checkboxes that hide verdicts, without a script: the style sheet looks at them. */
function filters(results: readonly CaseResult[]): string {
  const boxes = VERDICTS.filter((verdict) => results.some((one) => one.verdict === verdict)).map(
    (verdict) =>
      `<label><input type="checkbox" id="show-${classOf(verdict)}" checked> ${text(verdict)}</label>`,
  );
  return `<fieldset class="filters"><legend>Show</legend>${boxes.join("")}</fieldset>`;
}

function groupSection(run: RunReport, group: string, title: string): string {
  const results = run.results.filter(({ id }) => groupOf(id).name === group);
  if (results.length === 0) return "";
  const { pass, fail, inconclusive } = summaryOf(results);
  const judged = pass + fail + inconclusive;
  const outcome = judged === 0 ? "none was judged" : `${pass} of ${judged} pass`;
  const cases = results.map((result) => caseDetails(run, result)).join("\n");
  return `<section><h2>${text(title)} <small>${outcome}</small></h2>\n${cases}</section>`;
}

function caseDetails(run: RunReport, result: CaseResult): string {
  const { id, title, version, verdict, why, criterion, correction, seconds } = result;
  const isOpen = verdict === "fail" || verdict === "inconclusive";
  return [
    `<details class="${classOf(verdict)}" id="${text(anchorOf(result))}"${isOpen ? " open" : ""}>`,
    `<summary><span class="verdict">${text(verdict)}</span> <code>${text(id)}</code> ${text(title)}</summary>`,
    `<p class="why">${text(why)}</p>`,
    correction === undefined ? "" : `<p>Corrected: ${text(correction)}</p>`,
    `<p class="clauses">LwM2M ${text(version)} · ${result.clauses.map(text).join(" · ")} · ${seconds.toFixed(3)} s</p>`,
    criteriaList(result.criteria, criterion),
    exchange(run, result),
    "</details>",
  ].join("\n");
}

function criteriaList(
  criteria: Readonly<Record<string, string>>,
  failed: string | undefined,
): string {
  const items = Object.entries(criteria).map(
    ([name, words]) =>
      `<li${name === failed ? ' class="failed"' : ""}><code>${text(name)}</code> ${text(words)}</li>`,
  );
  return `<ul class="criteria">${items.join("")}</ul>`;
}

function exchange(run: RunReport, result: CaseResult): string {
  if (result.ladder === "") return "";
  const capture = Buffer.from(
    pcapng(result.packets, run.startedAt, `${result.id} ${result.title}: ${result.verdict}`),
  ).toString("base64");
  const file = `${anchorOf(result)}.pcapng`;
  return [
    `<pre>${text(result.ladder)}</pre>`,
    `<p><a download="${text(file)}" href="data:application/octet-stream;base64,${capture}">` +
      `${result.packets.length} packets for Wireshark</a></p>`,
  ].join("\n");
}

/** A file name and a fragment that say which case. */
export function anchorOf({ id, version }: Pick<CaseResult, "id" | "version">): string {
  return `${id}-lwm2m-${version}`;
}

function classOf(verdict: Verdict): string {
  return verdict.replace(" ", "-");
}

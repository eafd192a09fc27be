/** The conformance harness as a library: `import { CLIENT_CASES, runCases, renderResults } from "dormouse-lwm2m/conformance"`. */
export { type InProcessOptions, inProcessAdapter } from "./adapters/in-process.ts";
export { Bench } from "./bench.ts";
export { BootstrapBench } from "./bootstrap-bench.ts";
export {
  type BootstrapServerCase,
  bootstrapServerCase,
  runBootstrapServerCase,
  runBootstrapServerCases,
} from "./bootstrap-harness.ts";
export * from "./bootstrap-under-test.ts";
export * from "./case.ts";
export { AS_PRINTED_CASES, byTheLetter } from "./cases/as-printed.ts";
export { BOOTSTRAP_SERVER_CASES, CLIENT_CASES, SERVER_CASES } from "./cases/catalogue.ts";
export * from "./client-under-test.ts";
export * from "./configurations.ts";
export { runCase, runCases } from "./harness.ts";
export { learnProfile } from "./learning.ts";
export { badgeOf } from "./reports/badge.ts";
export { type Comparison, compare, renderComparison } from "./reports/baseline.ts";
export { type HtmlOptions, htmlReport } from "./reports/html.ts";
export { type JsonReport, jsonReport } from "./reports/json.ts";
export { junitReport } from "./reports/junit.ts";
export { pcapng } from "./reports/pcapng.ts";
export type { RunReport } from "./reports/run.ts";
export { type Summary, summaryOf } from "./reports/summary.ts";
export { type RenderOptions, renderResults } from "./reports/terminal.ts";
export { type Selection, selectCases } from "./selection.ts";
export { ServerBench } from "./server-bench.ts";
export {
  expectedSeconds,
  runServerCase,
  runServerCases,
  type ServerCase,
  type ServerRun,
  serverCase,
} from "./server-harness.ts";
export * from "./server-under-test.ts";

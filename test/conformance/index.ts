/** The conformance harness as a library: `import { CLIENT_CASES, runCases, renderResults } from "dormouse-lwm2m/conformance"`. */
export { type InProcessOptions, inProcessAdapter } from "./adapters/in-process.ts";
export { Bench } from "./bench.ts";
export * from "./case.ts";
export { CLIENT_CASES } from "./cases/catalogue.ts";
export * from "./client-under-test.ts";
export * from "./configurations.ts";
export { runCase, runCases } from "./harness.ts";
export { type RenderOptions, renderResults, type Summary, summaryOf } from "./report.ts";

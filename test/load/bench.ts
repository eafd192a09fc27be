/** `npm run bench`: all benchmarks, one table at the end. BENCH=short makes it a check that they run. */
import { benchCodec } from "./bench-codec.ts";
import type { Report } from "./bench-report.ts";
import { printReports } from "./bench-report.ts";

const short = process.env["BENCH"] === "short";
const reports: Report[] = [benchCodec(short)];
printReports(reports);

/**
 * The conformance harness against a server that we did not write. What it fails is looked up by hand: docs/conformance/results.md.
 * `CONFORM=whole` runs the cases too that take minutes.
 */
import { beforeAll, expect, test } from "vitest";
import { udpServerAdapter } from "../conformance/adapters/udp-server.ts";
import {
  type CaseResult,
  renderResults,
  runServerCases,
  SERVER_CASES,
} from "../conformance/index.ts";
import { freePort } from "./support/free-port.ts";
import { leshanLibraryOperator } from "./support/leshan-operator.ts";
import { describeWith } from "./support/peers.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { shows } from "./support/shows.ts";

const VERSION = "1.1";
const PARALLEL = 4;
/** Seconds that a case may last in the short run. */
const SHORT = 10;

const isWhole = process.env["CONFORM"] === "whole";
const CASES = SERVER_CASES.filter(({ lasts = 1 }) => isWhole || lasts <= SHORT);
const OMA = "LightweightM2M-1.1-int-";

/** Of the library itself; it leaves queues to the program around it, which ours has not. */
const FINDINGS: readonly string[] = [
  `${OMA}302`,
  `${OMA}303`,
  "dormouse-server-reordered",
  "dormouse-server-nstart",
  "dormouse-server-update-changes",
  "dormouse-server-bad-register",
  "dormouse-server-doubtful-register",
  "dormouse-server-bad-update",
  "dormouse-server-malformed-sends",
  "dormouse-server-malformed-answers",
  "dormouse-server-send-refused",
  "dormouse-server-options",
  "dormouse-server-malformed",
  "dormouse-server-amplification",
];
const OF_QUEUES: readonly string[] = [
  `${OMA}109`,
  "dormouse-server-queue-off",
  "dormouse-server-queue-order",
  "dormouse-server-queue-send",
  "dormouse-server-queue-notify",
];

describeWith(["leshan"], "Leshan's server in the conformance harness", () => {
  let results: CaseResult[] = [];

  beforeAll(async () => {
    const port = await freePort();
    const operator = leshanLibraryOperator(await RemotePeer.leshanServer(port));
    const adapter = udpServerAdapter({ name: "Leshan", host: "127.0.0.1", port, operator });
    results = await runServerCases(CASES, adapter, VERSION, { parallel: PARALLEL });
    await operator.close();
    console.log(renderResults(results));
  }, 1_800_000);

  test("it is judged by every case that takes no time", () => {
    shows("Register", "Read", "Write (Replace)", "Observe", "Send");
    const judged = results.filter(({ verdict }) => verdict === "pass" || verdict === "fail");
    expect(judged.length).toBeGreaterThan(100);
    expect(results.filter(({ verdict }) => verdict === "inconclusive")).toEqual([]);
  });

  test("it fails what was found and looked up, and nothing else", () => {
    const failed = results.filter(({ verdict }) => verdict === "fail").map(({ id }) => id);
    const run = CASES.map(({ id }) => id);
    const expected = [...FINDINGS, ...OF_QUEUES].filter((id) => run.includes(id));
    expect(failed.sort()).toEqual(expected.sort());
  });
});

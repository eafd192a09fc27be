/** What no published suite asks of a Bootstrap-Server: what a client refuses, and that its operator hears of it. */
import { BAD_REQUEST, DELETE, NOT_ACCEPTABLE } from "../../../protocol/coap/codes.ts";
import { DEFAULT_TRANSMISSION, maxTransmitWait } from "../../../protocol/coap/parameters.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import {
  type BootstrapBench,
  describe,
  isFinish,
  isWrite,
  nameOf,
  QUIET_PERIOD,
} from "../bootstrap-bench.ts";
import { type BootstrapServerCase, bootstrapServerCase } from "../bootstrap-harness.ts";
import type { Downlink } from "../scripted-client.ts";
import { expectFinished, expectRequestTaken } from "./bootstrap-server-expectations.ts";

const ALL = ["1.0", "1.1", "1.2"] as const;
/** Until a server gives a request up, and a little. */
const GIVING_UP = maxTransmitWait(DEFAULT_TRANSMISSION) + 5 * SECOND;

const REFUSED_WRITE = bootstrapServerCase({
  id: "dormouse-bootstrap-refused-write",
  title: "A Write that a client refuses is not taken for written",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §6.4.2"],
  criteria: {
    noticed:
      "after a Write that was answered by 4.00 no Finish comes, unless it was written again and taken (ours: the standard leaves it to the client to refuse the Finish)",
    again: "a client that asks anew is bootstrapped",
  },
  procedure: (bench) => judgeRefusal(bench, isWrite),
});

const REFUSED_DELETE = bootstrapServerCase({
  id: "dormouse-bootstrap-refused-delete",
  title: "A Delete that a client refuses is not taken for done",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §6.4.2"],
  needs: ["configure"],
  criteria: {
    noticed:
      "after a Delete that was answered by 4.00 no Finish comes, unless it was asked again and done (ours: the standard leaves it to the client to refuse the Finish)",
    again: "a client that asks anew is bootstrapped",
  },
  procedure: (bench) => judgeRefusal(bench, ({ message }) => message.code === DELETE),
});

/** The client refuses the first request of a kind, however often it comes, and takes all others. */
async function judgeRefusal(
  bench: BootstrapBench<"noticed" | "again">,
  isRefused: (downlink: Downlink) => boolean,
): Promise<void> {
  await bench.givenConfigured();
  let refused: Downlink | undefined;
  bench.client.special = (downlink) => {
    if (refused !== undefined || !isRefused(downlink)) return undefined;
    refused = downlink;
    return { code: BAD_REQUEST };
  };
  await bench.givenBegun();
  const { requests, isFinished } = await bench.follow();
  bench.given(
    refused !== undefined,
    `there was nothing to refuse in ${describe({ requests, isFinished })}`,
  );
  const name = refused === undefined ? "" : nameOf(refused);
  const times = requests.filter((one) => nameOf(one) === name).length;
  const isNoticed = !isFinished || times > 1;
  bench.expect("noticed", isNoticed, `Finish came although ${name} was refused`);
  bench.client.special = undefined;
  await bench.unexpected();
  await expectRequestTaken(bench, "again");
  await expectFinished(bench, "again", await bench.follow());
}

const REFUSED_FINISH = bootstrapServerCase({
  id: "dormouse-bootstrap-refused-finish",
  title: "A Finish that a client refuses is not the end of it as if nothing were",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §6.4.2"],
  criteria: {
    unchanged: "after a 4.06 Finish does not come again unless something was put right before",
    again: "a client that asks anew is bootstrapped",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    let wasRefused = false;
    bench.client.special = (downlink) => {
      if (wasRefused || !isFinish(downlink)) return undefined;
      wasRefused = true;
      return { code: NOT_ACCEPTABLE };
    };
    await bench.givenBegun();
    await bench.givenFinished();
    const next = await bench.unexpected(QUIET_PERIOD);
    const isSame = next !== undefined && isFinish(next);
    bench.expect("unchanged", !isSame, "Finish came again, and nothing before it");
    if (next !== undefined) await bench.follow();
    await expectRequestTaken(bench, "again");
    await expectFinished(bench, "again", await bench.follow());
  },
});

const OUTCOMES = bootstrapServerCase({
  id: "dormouse-bootstrap-outcomes",
  title: "The operator is told what became of a bootstrap",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.7"],
  needs: ["configure", "outcomes"],
  criteria: {
    success: "of one that went well",
    write: "of one whose Write was refused: a failure",
    finish: "of one whose Finish was answered by 4.06: a failure",
    silence: "of one whose client fell silent: a failure",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    await bench.givenBegun();
    await bench.givenFinished();
    await expectOutcome(bench, "success", true);
    bench.client.special = (downlink) => (isWrite(downlink) ? { code: BAD_REQUEST } : undefined);
    await bench.givenBegun();
    await bench.follow();
    await expectOutcome(bench, "write", false);
    bench.client.special = (downlink) =>
      isFinish(downlink) ? { code: NOT_ACCEPTABLE } : undefined;
    await bench.givenBegun();
    await bench.follow();
    await expectOutcome(bench, "finish", false);
    bench.client.special = (downlink) => (isWrite(downlink) ? "silence" : undefined);
    await bench.givenBegun();
    await bench.follow();
    await expectOutcome(bench, "silence", false, GIVING_UP);
  },
});

async function expectOutcome<Criterion extends string>(
  bench: BootstrapBench<Criterion>,
  criterion: Criterion,
  isSuccess: boolean,
  patience?: number,
): Promise<void> {
  const outcome = await bench.outcome(patience);
  const words = `the operator was told ${outcome?.words ?? "nothing"}`;
  bench.expect(criterion, outcome?.isSuccess === isSuccess, words);
}

export const BOOTSTRAP_SERVER_REFUSAL_CASES: readonly BootstrapServerCase[] = [
  REFUSED_WRITE,
  REFUSED_DELETE,
  REFUSED_FINISH,
  OUTCOMES,
];

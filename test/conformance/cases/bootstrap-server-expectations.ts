/** What several cases for Bootstrap-Servers judge in the same way, each with a criterion of its own. */
import { CHANGED, GET, NOT_IMPLEMENTED, UNAUTHORIZED } from "../../../protocol/coap/codes.ts";
import { ECHO, echoOf } from "../../../protocol/coap/echo.ts";
import type { Message } from "../../../protocol/coap/message.ts";
import { accountFaults, accountValues, planFault } from "../bootstrap-accounts.ts";
import {
  type BootstrapBench,
  describe,
  isFinish,
  nameOf,
  QUIET_PERIOD,
  type Session,
  writtenIn,
} from "../bootstrap-bench.ts";
import type { BootstrapPlan } from "../bootstrap-under-test.ts";
import { Ended } from "../judging.ts";
import { answered } from "../raw-clients.ts";

/** Of an account from before. */
export const FORMER_SERVER = 5;

/** The client has an account of a server from before, in /0/0 and /1/0. */
export function givenFormerAccount(bench: BootstrapBench): void {
  for (const [path, value] of Object.entries(accountValues())) bench.client.values.set(path, value);
  bench.client.values.set("/0/0/10", FORMER_SERVER);
  bench.client.values.set("/1/0/0", FORMER_SERVER);
}

/** A criterion: Bootstrap-Request is answered by 2.04. */
export async function expectRequestTaken<Criterion extends string>(
  bench: BootstrapBench<Criterion>,
  criterion: Criterion,
  query: readonly string[] = [],
): Promise<void> {
  bench.step("the client asks to be bootstrapped");
  const answer = await bench.ask(query);
  bench.expect(criterion, answer?.code === CHANGED, answered("Bootstrap-Request", answer));
}

/** A criterion: what was written holds what was configured. */
export function expectWritten<Criterion extends string>(
  bench: BootstrapBench<Criterion>,
  criterion: Criterion,
  session: Session,
  plan: BootstrapPlan,
): void {
  const written = writtenIn(session);
  const fault = typeof written === "string" ? written : planFault(plan, written);
  bench.expect(criterion, fault === "", fault);
}

/** A criterion: Finish has come, without a payload, and nothing comes after it. */
export async function expectFinished<Criterion extends string>(
  bench: BootstrapBench<Criterion>,
  criterion: Criterion,
  session: Session,
): Promise<void> {
  bench.expect(criterion, session.isFinished, `no Finish came, after ${describe(session)}`);
  const finish = session.requests.find(isFinish);
  const isEmpty = finish?.message.payload.length === 0;
  bench.expect(criterion, isEmpty, "Finish has a payload");
  const more = await bench.unexpected();
  const words = more === undefined ? "" : `${nameOf(more)} came after Finish`;
  bench.expect(criterion, more === undefined, words);
}

/** A criterion: nothing was asked that is about the client's bootstrap account itself. */
export function expectAccountKept<Criterion extends string>(
  bench: BootstrapBench<Criterion>,
  criterion: Criterion,
  { requests }: Session,
): void {
  for (const instance of bench.client.bootstrapAccount) {
    const touching = requests.find(
      ({ message, path }) => message.code !== GET && isBelow(path, instance),
    );
    const words =
      touching === undefined ? "" : `${nameOf(touching)} is about the bootstrap account`;
    bench.expect(criterion, touching === undefined, words);
  }
}

/** A criterion: what was written is what was configured or, where nobody could configure anything, an account that is whole. */
export function expectAccount<Criterion extends string>(
  bench: BootstrapBench<Criterion>,
  criterion: Criterion,
  session: Session,
  plan: BootstrapPlan,
): void {
  if (bench.canConfigure) {
    expectWritten(bench, criterion, session, plan);
    return;
  }
  const written = writtenIn(session);
  const fault = typeof written === "string" ? written : faultOf(written);
  bench.expect(criterion, fault === "", fault);
}

function faultOf(written: Parameters<typeof accountFaults>[0]): string {
  return Object.values(accountFaults(written)).find((fault) => fault !== "") ?? "";
}

/** Asks for a pack, and once more with the Echo that the server may ask for; ends the case where there are no packs. */
export async function fetchPack(
  bench: BootstrapBench,
  accept: number | undefined,
): Promise<Message | undefined> {
  const query = [`ep=${bench.endpointName}`, "acc=</0/1>"];
  const first = await bench.askPack(query, accept);
  if (first?.code === NOT_IMPLEMENTED) {
    throw new Ended("not applicable", "the server has no Bootstrap-Pack (5.01)", undefined);
  }
  const echo = first === undefined ? undefined : echoOf(first.options);
  if (first?.code !== UNAUTHORIZED || echo === undefined) return first;
  return bench.askPack(query, accept, [{ number: ECHO, value: echo.value }]);
}

/** A criterion: nothing is asked of the client. */
export async function expectSilence<Criterion extends string>(
  bench: BootstrapBench<Criterion>,
  criterion: Criterion,
  client = 0,
): Promise<void> {
  const more = await bench.unexpected(QUIET_PERIOD, client);
  bench.expect(criterion, more === undefined, more === undefined ? "" : `${nameOf(more)} came`);
}

export function isBelow(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`);
}

/** What no published suite asks of a Bootstrap-Server: Bootstrap-Requests that are wrong, repeated, or somebody else's. */
import { BAD_REQUEST, CHANGED, FORBIDDEN, GET, PUT } from "../../../protocol/coap/codes.ts";
import type { Message } from "../../../protocol/coap/message.ts";
import { URI_QUERY } from "../../../protocol/coap/options.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { ACCOUNT } from "../bootstrap-accounts.ts";
import { type BootstrapBench, describe, idOf, isFinish, nameOf } from "../bootstrap-bench.ts";
import { type BootstrapServerCase, bootstrapServerCase } from "../bootstrap-harness.ts";
import { answered } from "../raw-clients.ts";
import {
  expectAccount,
  expectFinished,
  expectRequestTaken,
  expectSilence,
} from "./bootstrap-server-expectations.ts";

const ALL = ["1.0", "1.1", "1.2"] as const;
/** How long a session that is never answered may be at its repetitions. */
const REPETITIONS = 50 * SECOND;

const UNKNOWN = bootstrapServerCase({
  id: "dormouse-bootstrap-unknown",
  title: "An endpoint for which there is nothing is refused",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §6.4.2"],
  needs: ["configure"],
  criteria: {
    refused: "its Bootstrap-Request is answered by 4.00 or 4.03, or not at all",
    silent: "and nothing is asked of it",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    await bench.givenBegun();
    await bench.givenFinished();
    await bench.givenRemoved();
    const other = bench.addClient();
    bench.step("a client of that name asks, from an address that the server has not seen");
    const answer = await bench.ask([], other);
    const isRefused = answer === undefined || REFUSALS.includes(answer.code);
    bench.expect("refused", isRefused, answered("Bootstrap-Request", answer));
    await expectSilence(bench, "silent", other);
  },
});

const REFUSALS = [BAD_REQUEST, FORBIDDEN];

const NAMELESS = bootstrapServerCase({
  id: "dormouse-bootstrap-nameless",
  title: "A Bootstrap-Request without a name is refused where nothing else says who asks",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "LwM2M Transport 1.1.1 §6.4.2"],
  criteria: {
    refused: "it is answered by 4.00, without ep and with an empty one",
    silent: "and nothing is asked",
  },
  async procedure(bench) {
    for (const query of [["ep"], ["ep="]]) {
      bench.step(query[0] === "ep" ? "no ep" : "an empty ep");
      const message = bench.bootstrapRequest(query);
      const answer = await bench.exchange(query[0] === "ep" ? withoutQuery(message) : message);
      const what = "Bootstrap-Request without a name";
      bench.expect("refused", answer?.code === BAD_REQUEST, answered(what, answer));
      await expectSilence(bench, "silent");
    }
  },
});

function withoutQuery(message: Message): Message {
  const options = message.options.filter(({ number }) => number !== URI_QUERY);
  return { ...message, options };
}

const DUPLICATE = bootstrapServerCase({
  id: "dormouse-bootstrap-duplicate",
  title: "A Bootstrap-Request that comes twice is carried out once",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.5"],
  criteria: {
    same: "the second copy gets the answer of the first",
    once: "and the bootstrap is not begun twice: each request comes once",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    // The answer to the second copy is what is looked at, whatever the server asks meanwhile.
    bench.client.special = () => "silence";
    const message = bench.bootstrapRequest();
    bench.step("the client asks to be bootstrapped");
    const first = await bench.exchange(message);
    bench.given(first?.code === CHANGED, answered("Bootstrap-Request", first));
    bench.step("the network brings a second copy");
    const second = await bench.exchange(message);
    bench.expect("same", second?.code === first?.code, answered("the second copy", second));
    bench.client.special = undefined;
    bench.client.forgetAnswers();
    const session = await bench.follow(REPETITIONS);
    // A repetition is under the Message ID of what it repeats.
    const changing = session.requests.filter(({ message }) => message.code !== GET);
    const byId = new Map(changing.map((one) => [idOf(one.message), nameOf(one)]));
    const names = [...byId.values()];
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    bench.expect("once", session.isFinished, `no Finish came, after ${describe(session)}`);
    bench.expect("once", twice === undefined, `${twice} came twice`);
  },
});

const AGAIN = bootstrapServerCase({
  id: "dormouse-bootstrap-again",
  title: "A client that was bootstrapped may be bootstrapped again",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.7"],
  criteria: {
    request: "its second Bootstrap-Request is answered by 2.04",
    account: "the account is written once more",
    finish: "and Finish is the last request",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    await bench.givenBegun();
    await bench.givenFinished();
    await bench.wait(SECOND);
    await expectRequestTaken(bench, "request");
    const session = await bench.follow();
    expectAccount(bench, "account", session, ACCOUNT);
    await expectFinished(bench, "finish", session);
  },
});

const RESTART = bootstrapServerCase({
  id: "dormouse-bootstrap-restart",
  title: "A client that restarts in the middle is bootstrapped from the beginning",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.1.7", "RFC 7252 §4.2"],
  criteria: {
    request: "its second Bootstrap-Request is answered by 2.04 while the first bootstrap runs",
    account:
      "the whole account is written before Finish comes, be it at the second request that it restarted or at the former Finish",
    once: "and Finish comes once",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    await bench.givenBegun();
    const first = await bench.nextRequest();
    bench.given(first !== undefined, "no request came");
    bench.client.special = () => "silence";
    const second = await bench.nextRequest();
    bench.given(second !== undefined, "no second request came");
    await expectBegunAnew(bench);
    bench.client.special = (downlink) => (isFinish(downlink) ? "silence" : undefined);
    await bench.givenBegun();
    await bench.givenFinished();
    await expectBegunAnew(bench);
  },
});

/** The client restarts while a request of the server's is under way. */
async function expectBegunAnew(
  bench: BootstrapBench<"request" | "account" | "once">,
): Promise<void> {
  bench.step("the client restarts and has forgotten everything");
  bench.client.special = undefined;
  bench.client.values.clear();
  bench.client.forgetAnswers();
  await expectRequestTaken(bench, "request");
  const session = await bench.follow();
  expectAccount(bench, "account", session, ACCOUNT);
  await expectFinished(bench, "once", session);
}

const IMPOSTOR = bootstrapServerCase({
  id: "dormouse-bootstrap-impostor",
  title: "Who asks in another's name from elsewhere does not end his bootstrap",
  versions: ALL,
  clauses: ["LwM2M Transport 1.1.1 §5", "RFC 7252 §11.4"],
  criteria: {
    unharmed: "the client that answers is bootstrapped to the end (ours)",
    contained: "the other address, which answers nothing, is sent no Write (ours)",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    const stranger = bench.addClient();
    bench.clientAt(stranger).special = () => "silence";
    await bench.givenBegun();
    bench.client.special = () => "silence";
    const first = await bench.nextRequest();
    bench.given(first !== undefined, "no request came");
    bench.step("somebody else asks in the client's name, from another address");
    await bench.send(bench.bootstrapRequest([], stranger), stranger);
    await bench.wait(SECOND / 2);
    bench.client.special = undefined;
    if (first !== undefined) await bench.reply(first, bench.client.obey(first));
    bench.client.forgetAnswers();
    const session = await bench.follow(REPETITIONS);
    const isWhole = session.isFinished;
    bench.expect("unharmed", isWhole, `no Finish came, after ${describe(session)}`);
    await bench.wait(REPETITIONS);
    const write = bench.clientAt(stranger).heard.find(({ message }) => message.code === PUT);
    const words = write === undefined ? "" : `the stranger was sent ${nameOf(write)}`;
    bench.expect("contained", write === undefined, words);
  },
});

export const BOOTSTRAP_SERVER_REQUEST_CASES: readonly BootstrapServerCase[] = [
  UNKNOWN,
  NAMELESS,
  DUPLICATE,
  AGAIN,
  RESTART,
  IMPOSTOR,
];

/** What no published suite asks of a Bootstrap-Server: hostile input, and what strangers can get out of it. */
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  EMPTY,
  formatCode,
  isSuccess,
  NOT_ACCEPTABLE,
  NOT_IMPLEMENTED,
  PUT,
  UNAUTHORIZED,
} from "../../../protocol/coap/codes.ts";
import { SENML_CBOR, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { encodeMessage, type Message } from "../../../protocol/coap/message.ts";
import { DEFAULT_TRANSMISSION, maxTransmitWait } from "../../../protocol/coap/parameters.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { ACCOUNT, planFault } from "../bootstrap-accounts.ts";
import { type BootstrapBench, describe, nameOf } from "../bootstrap-bench.ts";
import { type BootstrapServerCase, bootstrapServerCase } from "../bootstrap-harness.ts";
import { decodeValues, formatName } from "../content.ts";
import { Ended } from "../judging.ts";
import { answered } from "../raw-clients.ts";
import { fetchPack } from "./bootstrap-server-expectations.ts";
import { MALFORMED } from "./server-own-hostile.ts";

const ALL = ["1.0", "1.1", "1.2"] as const;
/** An answer to an address that has proved nothing is at most so many times as long as what came (RFC 9175 §2.4). */
const AMPLIFICATION = 3;
const GIVING_UP = maxTransmitWait(DEFAULT_TRANSMISSION) + 5 * SECOND;

const HOSTILE = bootstrapServerCase({
  id: "dormouse-bootstrap-malformed",
  title: "Malformed datagrams are ignored or rejected, and do no harm",
  versions: ALL,
  clauses: ["RFC 7252 §3", "RFC 7252 §4.2"],
  criteria: {
    rejected: "none gets anything but a Reset, an error, or nothing",
    small: "no answer to a stranger is more than three times as long as what it answers (ours)",
    unharmed: "a bootstrap that is under way is carried through, whoever they come from",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    const stranger = bench.addClient();
    bench.client.special = () => "silence";
    await bench.givenBegun();
    const first = await bench.nextRequest();
    bench.given(first !== undefined, "no request came");
    for (const [what, hex] of MALFORMED) {
      bench.step(what);
      const datagram = new Uint8Array(Buffer.from(hex, "hex"));
      await bench.sendBytes(datagram, 0);
      await bench.sendBytes(datagram, stranger);
      await bench.wait(SECOND / 20);
      for (const client of [0, stranger]) expectRejected(bench, what, datagram, client, stranger);
    }
    bench.client.special = undefined;
    if (first !== undefined) await bench.reply(first, bench.client.obey(first));
    bench.client.forgetAnswers();
    const session = await bench.follow();
    const words = `no Finish came, after ${describe(session)}`;
    bench.expect("unharmed", session.isFinished, words);
  },
});

function expectRejected(
  bench: BootstrapBench<"rejected" | "small">,
  what: string,
  datagram: Uint8Array,
  client: number,
  stranger: number,
): void {
  for (let came = bench.response(client); came; came = bench.response(client)) {
    const isRefusal = came.code === EMPTY || !isSuccess(came.code);
    bench.expect("rejected", isRefusal, `${what} was answered by ${formatCode(came.code)}`);
    if (client !== stranger) continue;
    const { length } = encodeMessage(came);
    const isSmall = length <= Math.max(4, AMPLIFICATION * datagram.length);
    bench.expect("small", isSmall, `${what}, ${datagram.length} bytes, got ${length} bytes`);
  }
  bench.expect("rejected", true, "");
  bench.expect("small", true, "");
}

const STRANGER = bootstrapServerCase({
  id: "dormouse-bootstrap-stranger",
  title: "An address that has answered nothing is sent neither keys nor much",
  versions: ALL,
  clauses: ["RFC 7252 §11.3", "LwM2M Transport 1.1.1 §5"],
  needs: ["configure"],
  criteria: {
    keys: "no Write comes before the address has answered something, whether anything is deleted first or not (ours)",
    small: "and all that it is sent together is at most three times as long as its request (ours)",
  },
  async procedure(bench) {
    for (const deletes of [ACCOUNT.deletes, []]) {
      await bench.givenConfigured({ ...ACCOUNT, deletes });
      const stranger = bench.addClient();
      bench.clientAt(stranger).loses = () => true;
      bench.step("somebody asks from an address that is not his");
      const request = encodeMessage(bench.bootstrapRequest([], stranger));
      await bench.sendBytes(request, stranger);
      await bench.wait(GIVING_UP);
      const { heard } = bench.clientAt(stranger);
      const write = heard.find(({ message }) => message.code === PUT);
      bench.expect("keys", write === undefined, write === undefined ? "" : `${nameOf(write)} came`);
      const answers = answersTo(bench, stranger);
      const isTaken = answers.some(({ code }) => code === CHANGED);
      bench.given(isTaken, "his Bootstrap-Request was not answered by 2.04");
      const all = [...answers, ...heard.map(({ message }) => message)];
      const sum = all.reduce((bytes, message) => bytes + encodeMessage(message).length, 0);
      const isSmall = sum <= AMPLIFICATION * request.length;
      bench.expect("small", isSmall, `${request.length} bytes got ${sum} bytes`);
    }
  },
});

/** All that came in answer to a client's own messages. */
function answersTo(bench: BootstrapBench, client: number): Message[] {
  const answers: Message[] = [];
  for (let came = bench.response(client); came; came = bench.response(client)) answers.push(came);
  return answers;
}

const PACK_STRANGER = bootstrapServerCase({
  id: "dormouse-bootstrap-pack-stranger",
  title: "A long pack is not sent to an address that has proved nothing",
  versions: ["1.2"],
  clauses: ["RFC 9175 §2.4", "RFC 7252 §11.3", "LwM2M Core 1.2.2 §6.1.7.7"],
  needs: ["configure"],
  criteria: {
    small: "what a Bootstrap-Pack-Request gets is at most three times as long as it",
    fresh: "who comes back with the Echo that it was given gets the pack",
  },
  async procedure(bench) {
    const values = { ...ACCOUNT.values, "/0/0/0": `coap://${"a".repeat(200)}.example:5683` };
    await bench.givenConfigured({ ...ACCOUNT, values });
    const query = [`ep=${bench.endpointName}`, "acc=</0/1>"];
    const answer = await bench.askPack(query, SENML_CBOR);
    if (answer?.code === NOT_IMPLEMENTED) throw noPacks();
    bench.given(answer !== undefined, "Bootstrap-Pack-Request was not answered");
    const request = bench.ladder.packets()[0].datagram.length;
    const length = answer === undefined ? 0 : encodeMessage(answer).length;
    const isSmall = length <= AMPLIFICATION * request;
    bench.expect("small", isSmall, `${request} bytes got ${length} bytes`);
    const pack = answer?.code === UNAUTHORIZED ? await fetchPack(bench, SENML_CBOR) : answer;
    const isThere = pack?.code === CONTENT;
    bench.expect("fresh", isThere, answered("Bootstrap-Pack-Request with Echo", pack));
    const found = pack && decodeValues(SENML_CBOR, pack.payload, "/");
    const fault = typeof found === "object" ? planFault({ ...ACCOUNT, values }, found) : `${found}`;
    bench.expect("fresh", fault === "", fault);
  },
});

const PACK_REFUSALS = bootstrapServerCase({
  id: "dormouse-bootstrap-pack-refusals",
  title:
    "A Bootstrap-Pack-Request that is wrong is refused, so that the client asks for a bootstrap",
  versions: ["1.2"],
  clauses: ["LwM2M Core 1.2.2 §6.1.7.7", "LwM2M Transport 1.2.2 §6.7"],
  needs: ["configure"],
  criteria: {
    name: "without ep it is answered by 4.00",
    unknown: "of an endpoint for which there is nothing by an error",
    accept: "where it accepts TLV or text by 4.06",
  },
  async procedure(bench) {
    await bench.givenConfigured();
    bench.step("no ep");
    const nameless = await bench.askPack([], SENML_CBOR);
    if (nameless?.code === NOT_IMPLEMENTED) throw noPacks();
    const isRefused = nameless?.code === BAD_REQUEST;
    bench.expect("name", isRefused, answered("Bootstrap-Pack-Request without ep", nameless));
    bench.step("an endpoint that is not known");
    const other = await bench.askPack([`ep=${bench.endpointName}-unknown`], SENML_CBOR);
    const isError = other !== undefined && !isSuccess(other.code);
    bench.expect(
      "unknown",
      isError,
      answered("Bootstrap-Pack-Request of an unknown endpoint", other),
    );
    for (const accept of [TLV, TEXT]) {
      bench.step(`the client accepts ${formatName(accept)}`);
      const answer = await fetchPack(bench, accept);
      const is406 = answer?.code === NOT_ACCEPTABLE;
      bench.expect("accept", is406, answered(`a request for ${formatName(accept)}`, answer));
    }
  },
});

function noPacks(): Ended {
  return new Ended("not applicable", "the server has no Bootstrap-Pack (5.01)", undefined);
}

export const BOOTSTRAP_SERVER_HOSTILE_CASES: readonly BootstrapServerCase[] = [
  HOSTILE,
  STRANGER,
  PACK_STRANGER,
  PACK_REFUSALS,
];

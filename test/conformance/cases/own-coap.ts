/** Messages that CoAP wants rejected, or that belong to nobody: after the test purposes of IoT-Testware, and beyond. */
import { CONTENT, CREATED, GET, POST } from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { ACK, CON, encodeMessage, type Message, NON, RST } from "../../../protocol/coap/message.ts";
import { MINUTE, SECOND } from "../../../protocol/time/duration.ts";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, clientCase } from "../case.ts";
import { C_1, C_12, C_14 } from "../configurations.ts";
import { bytesOf, encodeValues, formatBytes } from "../content.ts";
import {
  ALL,
  BINDING,
  bytesWith,
  countOfPortfolios,
  emptyMessage,
  expectRejected,
  expectReset,
  expectSilence,
  givenUplink,
  isEmptyAck,
  outcomeOf,
  reactionTo,
} from "./coap-exchanges.ts";
import { givenPeriod } from "./coap-observing.ts";

const MALFORMED = clientCase({
  id: "dormouse-coap-malformed",
  title: "Malformed datagrams are rejected and do no harm",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.3", "RFC 7252 §3"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    rejected: "each is answered by nothing or a Reset",
    unharmed: "the client answers as before",
  },
  async procedure(bench) {
    for (const hex of [
      "", // nothing at all
      "40 01 12", // a header cut short
      "80 01 12 01", // version 2
      "49 01 12 02 01 02 03 04", // a token of nine bytes, cut short: whole, RFC 8974 allows it
      "40 01 12 03 FF", // a payload marker and no payload
      "40 01 12 04 F1 01", // a reserved option delta
      "40 01 12 05 B5 33", // an option cut short
      "40 00 12 06 FF 01", // an empty message that is not
      "40 21 12 07", // a reserved code class
    ]) {
      await expectRejected(bench, "rejected", bytesOf(hex));
    }
    bench.expectCode("unharmed", await bench.read(BINDING), CONTENT);
  },
});

const VERSION = clientCase({
  id: "dormouse-coap-version",
  title: "Messages of another version of CoAP are ignored",
  versions: ALL,
  clauses: ["RFC 7252 §3"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    ignored: "versions 0, 2 and 3 are answered by nothing, not even a Reset",
    unharmed: "the client answers as before",
  },
  async procedure(bench) {
    const read = encodeMessage(bench.compose({ method: GET, path: BINDING }));
    for (const version of [0, 2, 3]) {
      const other = Uint8Array.from(read);
      other[0] = (version << 6) | (read[0] & 0x3f);
      await expectSilence(bench, "ignored", other);
    }
    bench.expectCode("unharmed", await bench.read(BINDING), CONTENT);
  },
});

const FORMAT_ERRORS = clientCase({
  id: "dormouse-coap-format-errors",
  title: "A Confirmable message with a format error is answered by a Reset",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §3", "RFC 7252 §3.1"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    token: "a token length of 9 to 15, and fewer bytes than that",
    marker: "a payload marker with nothing after it",
    option: "an option with a reserved delta or length, or cut short",
    class: "a code of the classes 1, 6 and 7",
    unharmed: "the client answers as before",
  },
  async procedure(bench) {
    // Who knows the longer tokens of RFC 8974 rejects these as well: they are cut short.
    for (const length of ["49", "4A", "4B", "4C", "4D", "4E", "4F"]) {
      await expectReset(bench, "token", bytesOf(`${length} 01 21 ${length} 01`));
    }
    await expectReset(bench, "marker", bytesOf("40 01 22 01 FF"));
    await expectReset(bench, "option", bytesOf("40 01 23 01 F1 01"));
    await expectReset(bench, "option", bytesOf("40 01 23 02 1F 01"));
    await expectReset(bench, "option", bytesOf("40 01 23 03 B5 33"));
    for (const code of ["20", "C0", "FF"]) {
      await expectReset(bench, "class", bytesOf(`40 ${code} 24 ${code}`));
    }
    bench.expectCode("unharmed", await bench.read(BINDING), CONTENT);
  },
});

const NOBODY_WAITS = clientCase({
  id: "dormouse-coap-strays",
  title: "What cannot be understood, or belongs to nothing, is not answered",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.3"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    non: "Non-confirmable messages that are empty, malformed or of a reserved class: by nothing or a Reset",
    "ack-rst": "ACK and Reset messages that nobody waits for, or that are wrong: by nothing",
    unharmed: "the client answers as before",
  },
  async procedure(bench) {
    for (const hex of ["50 00 31 01", "50 01 31 02 FF", "59 01 31 03 01", "50 C0 31 04"]) {
      await expectRejected(bench, "non", bytesOf(hex));
    }
    const request = bench.compose({ method: GET, path: BINDING });
    for (const stray of [
      encodeMessage(emptyMessage(ACK, 0x3201)),
      encodeMessage(emptyMessage(RST, 0x3202)),
      bytesWith(request, { type: ACK }),
      bytesWith(request, { type: RST }),
      bytesOf("60 E0 32 03"),
      bytesWith(request, { type: ACK, code: CONTENT, options: [] }),
    ]) {
      await expectSilence(bench, "ack-rst", stray);
    }
    bench.expectCode("unharmed", await bench.read(BINDING), CONTENT);
  },
});

const STRAY_RESPONSES = clientCase({
  id: "dormouse-coap-stray-responses",
  title: "A response that nobody asked for is rejected",
  versions: ALL,
  clauses: ["RFC 7252 §5.3.2", "RFC 7252 §4.2", "RFC 7252 §4.3"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    confirmable: "a Confirmable one by a Reset",
    "non-confirmable": "a Non-confirmable one by nothing or a Reset",
    unharmed: "the client answers as before",
  },
  async procedure(bench) {
    const { messageId } = bench.compose({ method: GET, path: BINDING });
    const response = { ...emptyMessage(CON, messageId), code: CONTENT, token: bytesOf("0B AD") };
    await expectReset(bench, "confirmable", encodeMessage(response));
    const other = { type: NON, messageId: bench.server.messageId() };
    await expectRejected(bench, "non-confirmable", bytesWith(response, other));
    bench.expectCode("unharmed", await bench.read(BINDING), CONTENT);
  },
});

const FULL_RESET = clientCase({
  id: "dormouse-coap-reset-not-empty",
  title: "A Reset that is not empty is none",
  versions: ALL,
  clauses: ["RFC 7252 §4.2"],
  configuration: C_1,
  begins: "registered",
  criteria: { ignored: "after one with the Message ID of a notification the observation goes on" },
  async procedure(bench) {
    const { token } = await givenPeriod(bench);
    bench.server.answer = ({ kind }) => (kind === "notification" ? "silence" : undefined);
    const { message } = await givenUplink(bench, "notification", MINUTE);
    bench.step("a Reset with the code of a request comes");
    await bench.send({ ...emptyMessage(RST, message.messageId), code: POST });
    bench.server.answer = undefined;
    // Whoever waits for an ACK gets it only now.
    if (message.type === CON) await bench.send(emptyMessage(ACK, message.messageId));
    await bench.wait(35 * SECOND);
    const count = bench.takeAll("notification", token).length;
    bench.expect("ignored", count >= 2, `${count} notifications came in 35 s, not 3`);
  },
});

const SAME_MESSAGE_ID = clientCase({
  id: "dormouse-coap-same-message-id",
  title: "A Message ID from another port is another's",
  versions: ALL,
  clauses: ["RFC 7252 §4.4", "RFC 7252 §4.5"],
  configuration: C_14,
  begins: "registered",
  criteria: { own: "two servers that ask under the same Message ID each get their own answer" },
  async procedure(bench) {
    const first = bench.compose({ method: GET, path: BINDING, accept: TEXT }, 0);
    const second = bench.compose({ method: GET, path: "/1/1/1", accept: TEXT }, 1);
    const one = await bench.exchange(first, 0);
    bench.given(one?.code === CONTENT, `${outcomeOf(one)} came for the first server`);
    const other = await bench.exchange({ ...second, messageId: first.messageId }, 1);
    const isOwn = other?.code === CONTENT && hasToken(other, second);
    bench.expect("own", isOwn, `${outcomeOf(other)} came for the second, not its own 2.05`);
  },
});

const REPEATED_NON = clientCase({
  id: "dormouse-coap-non-duplicate",
  title: "A Non-confirmable request that comes twice is carried out once",
  versions: ALL,
  clauses: ["RFC 7252 §4.5"],
  configuration: C_12,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: { once: "the same Create twice makes one instance" },
  async procedure(bench) {
    const payload = encodeValues(TLV, "/16/0", { "/16/0/0/0": "once" });
    const question = { method: POST, path: "/16", format: TLV, payload };
    const create = { ...bench.compose(question), type: NON };
    const made = await bench.exchange(create);
    bench.given(made?.code === CREATED, `${outcomeOf(made)} came, not 2.01`);
    bench.step("the same datagram comes again");
    await reactionTo(bench, encodeMessage(create));
    const count = await countOfPortfolios(bench, "once");
    bench.given(count > 0, "what was created cannot be read");
    bench.expect("once", count === 1, `it made ${count} instances`);
  },
});

const SEPARATE = clientCase({
  id: "dormouse-coap-separate",
  title: "A response that is not ready at once comes by itself, until it is acknowledged",
  versions: ALL,
  clauses: ["RFC 7252 §5.2.2", "RFC 7252 §4.2"],
  configuration: C_1,
  begins: "registered",
  needs: { features: ["separate responses"], paths: ["separate"] },
  criteria: {
    acknowledged: "the request is acknowledged by an empty ACK, and so is its repetition",
    separate: "2.05 comes in a Confirmable message of its own, with the request's token",
    repeated: "and again under its Message ID as long as nobody acknowledges it",
    settled: "once it is acknowledged no more",
  },
  async procedure(bench) {
    const request = bench.compose({ method: GET, path: bench.paths.separate ?? "" });
    const heard = new Heard(bench);
    bench.server.waiting.add(formatBytes(request.token));
    bench.step("the ACKs of the server are lost");
    bench.loses = (message, isFromClient) => !isFromClient && message.type === ACK;
    for (let i = 1; i <= 2; i++) {
      await bench.send(request);
      const acks = await heard.count(i, (one) => isAckOf(one, request));
      bench.expect("acknowledged", acks === i, `${acks} of ${i} requests were acknowledged`);
    }
    const isResponse = ({ type }: Message) => type === CON || type === NON;
    await heard.count(1, isResponse);
    const response = heard.all.find(isResponse);
    const isContent = response?.type === CON && response.code === CONTENT;
    bench.expect("separate", isContent, `${outcomeOf(response)} came, not a Confirmable 2.05`);
    const isSame = (one: Message) => isResponse(one) && one.messageId === response?.messageId;
    const repeated = await heard.count(2, isSame);
    bench.expect("repeated", repeated >= 2, "it did not come again");
    bench.loses = undefined;
    const last = await heard.count(repeated + 1, isResponse);
    bench.given(last > repeated, "it did not come a third time");
    await bench.wait(MINUTE);
    const all = await heard.count(0, isResponse);
    bench.expect("settled", all === last, "it came again after its ACK");
  },
});

/** An ACK without a response. */
function isAckOf(message: Message, { messageId }: Message): boolean {
  return isEmptyAck(message) && message.messageId === messageId;
}

/** All that came in answer to what the server sent, in any order. */
class Heard {
  readonly all: Message[] = [];
  private readonly bench: Bench;

  constructor(bench: Bench) {
    this.bench = bench;
  }

  /** How many there are of a kind, as soon as there are so many, or when a minute is over. */
  async count(wanted: number, matches: (message: Message) => boolean): Promise<number> {
    const until = this.bench.now() + MINUTE;
    for (;;) {
      for (let came = this.bench.response(); came !== undefined; came = this.bench.response()) {
        this.all.push(came);
      }
      const count = this.all.filter(matches).length;
      if (count >= wanted || !(await this.bench.takeIn(until))) return count;
    }
  }
}

function hasToken(left: Message, right: Message): boolean {
  return formatBytes(left.token) === formatBytes(right.token);
}

export const OWN_COAP_MESSAGE_CASES: readonly ConformanceCase[] = [
  MALFORMED,
  VERSION,
  FORMAT_ERRORS,
  NOBODY_WAITS,
  STRAY_RESPONSES,
  FULL_RESET,
  SAME_MESSAGE_ID,
  REPEATED_NON,
  SEPARATE,
];

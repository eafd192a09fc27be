/** Notifications that nobody acknowledges, and acknowledgements that are lost. */
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { CON } from "../../../protocol/coap/message.ts";
import { DEFAULT_TRANSMISSION, maxTransmitSpan } from "../../../protocol/coap/parameters.ts";
import { HOUR, MINUTE, SECOND } from "../../../protocol/time/duration.ts";
import type { Bench, ObservedPath } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_4 } from "../configurations.ts";
import { decodeValues, isSameValue } from "../content.ts";
import type { Uplink } from "../scripted-server.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const BATTERY = "/3/0/9";
const SPAN = maxTransmitSpan(DEFAULT_TRANSMISSION);
const COPIES = DEFAULT_TRANSMISSION.maxRetransmit;

const UNACKNOWLEDGED = clientCase({
  id: "dormouse-loss-notification",
  title: "A Confirmable notification that nobody acknowledges is repeated, one at a time",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7252 §4.7", "RFC 7641 §4.5", "RFC 7641 §4.5.2"],
  configuration: C_4,
  begins: "registered",
  needs: { setsValues: true },
  criteria: {
    repeated:
      "it comes again, no sooner than 2 s after the first time and each time later than before",
    few: "no more than five times within MAX_TRANSMIT_SPAN, whatever changed meanwhile",
    one: "it does not come again when another Confirmable notification has come",
    newest:
      "when acknowledgements come again the last that is told is the newest value, if anything is",
  },
  async procedure(bench) {
    const observed = await givenConfirmable(bench);
    bench.step("nobody acknowledges");
    bench.server.answer = ({ kind }) => (kind === "notification" ? "silence" : undefined);
    const first = await nextConfirmable(bench, observed);
    await bench.wait(SECOND);
    bench.step("the battery falls to 70");
    await bench.client.set(BATTERY, 70);
    await bench.wait(SPAN - SECOND);
    expectOneByOne(bench, [first, ...confirmableOf(bench, observed)]);
    bench.step("the server acknowledges again");
    bench.server.answer = undefined;
    await bench.wait(4 * MINUTE);
    const last = bench.takeAll("notification", observed.token).at(-1);
    const isNewest = last === undefined || isSameValue(toldIn(last, observed), 70);
    bench.expect("newest", isNewest, `the last value told was ${toldIn(last, observed)}, not 70`);
  },
});

const ACK_LOST = clientCase({
  id: "dormouse-loss-notification-ack",
  title: "A notification whose acknowledgement is lost comes again under its Message ID",
  versions: ALL,
  clauses: ["RFC 7252 §4.2", "RFC 7641 §4.5"],
  configuration: C_4,
  begins: "registered",
  criteria: {
    copy: "one copy comes, and after its acknowledgement no more of them",
    kept: "the observation goes on: notifications with higher numbers follow",
  },
  async procedure(bench) {
    const observed = await givenConfirmable(bench);
    let hasLost = false;
    bench.losesReply = (_, to) => {
      const isFirst = !hasLost && to.type === CON;
      hasLost ||= isFirst;
      return isFirst;
    };
    await nextConfirmable(bench, observed);
    await bench.wait(SPAN);
    const copies = bench.takeAll("repeated").length;
    bench.expect("copy", copies === 1, `${copies} copies came`);
    const more = await bench.next("notification", bench.now() + HOUR + MINUTE, observed.token);
    bench.expect("kept", more !== undefined, "no notification followed within an hour");
  },
});

/** Observes the battery so that a Confirmable notification is bound to come: by con, or since a day has passed. */
async function givenConfirmable(bench: Bench): Promise<ObservedPath> {
  const con = bench.version === "1.2" ? ["con=1"] : [];
  await bench.givenAttributes(BATTERY, "pmin=0", "pmax=3600", ...con);
  return bench.givenObserved(BATTERY);
}

async function nextConfirmable(bench: Bench, { token }: ObservedPath): Promise<Uplink> {
  const until = bench.now() + 25 * HOUR + MINUTE;
  for (;;) {
    const one = await bench.next("notification", until, token);
    if (one === undefined) bench.given(false, "no Confirmable notification came");
    else if (one.message.type === CON) return one;
  }
}

/** Those that came, and their copies, in order. */
function confirmableOf(bench: Bench, { token }: ObservedPath): Uplink[] {
  const came = [...bench.takeAll("notification", token), ...bench.takeAll("repeated", token)];
  const confirmable = came.filter(({ message }) => message.type === CON);
  return confirmable.sort((left, right) => left.at - right.at);
}

function expectOneByOne(
  bench: Bench<"repeated" | "few" | "one">,
  [first, ...more]: readonly Uplink[],
): void {
  const { tolerance } = bench.client;
  const over: number[] = [];
  let before = first;
  let gap = 2 * SECOND;
  bench.expect("repeated", more.length > 0, "it did not come again");
  bench.expect("few", more.length <= COPIES, `it came ${more.length} times more`);
  for (const one of more) {
    const { messageId } = one.message;
    if (messageId !== before.message.messageId) over.push(before.message.messageId);
    bench.expect("one", !over.includes(messageId), "an older one came again after a newer one");
    const after = one.at - before.at;
    const why = `it came again after ${after / SECOND} s, and before that after ${gap / SECOND} s`;
    bench.expect("repeated", after >= gap - tolerance, why);
    gap = after;
    before = one;
  }
}

function toldIn(uplink: Uplink | undefined, { answer, path }: ObservedPath) {
  if (uplink === undefined) return undefined;
  const values = decodeValues(answer.format ?? TEXT, uplink.message.payload, path);
  return typeof values === "string" ? undefined : values.get(path);
}

export const OWN_NOTIFICATION_LOSS_CASES: readonly ConformanceCase[] = [UNACKNOWLEDGED, ACK_LOST];

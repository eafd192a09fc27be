/** What no published suite asks of a server about strangers: malformed and forged datagrams, addresses that change, answers that are too large. */
import {
  CHANGED,
  CREATED,
  DELETE,
  DELETED,
  EMPTY,
  formatCode,
  GET,
  isSuccess,
  POST,
} from "../../../protocol/coap/codes.ts";
import { SENML_CBOR } from "../../../protocol/coap/content-formats.ts";
import { ACK, encodeMessage, type Message, RST } from "../../../protocol/coap/message.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { bytesOf, encodeValues } from "../content.ts";
import { answered, codeWords } from "../raw-clients.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import {
  ALL,
  expectHeard,
  hears,
  isUnlisted,
  SINCE_1_1,
  toldWords,
} from "./server-expectations.ts";
import { givenObserved, notify, OBSERVED, OBSERVED_LIST } from "./server-observation.ts";

/** Datagrams that are no CoAP messages, or forbidden ones (RFC 7252 §3, §4.2, §5.4.1). */
export const MALFORMED: readonly [what: string, hex: string][] = [
  ["nothing", ""],
  ["one byte", "40"],
  ["a header cut short", "400112"],
  ["version 0", "00010001"],
  ["version 2", "80010016"],
  ["a token length of 15", "4f010002112233445566778899aabbccddeeff"],
  ["a token of nine bytes", "49010017112233445566778899"],
  ["a token cut short", "48010003112233"],
  ["an option cut short", "40010004b4746573"],
  ["an option delta of 15", "40010005f0"],
  ["an option length of 15", "400100060f"],
  ["an extended delta cut short", "40010018d0"],
  ["an extended length cut short", "400100190e"],
  ["a payload marker without a payload", "40010007ff"],
  ["an empty message with a token", "4100000811"],
  ["an empty message with a payload", "4000001aff01"],
  ["a reserved code class", "40200009"],
  ["an acknowledgement that carries a request", "6001001bb27264"],
  ["a Reset with a code", "7045001c"],
  ["an acknowledgement of nothing", "6000001d"],
  ["a Reset of nothing", "7000001e"],
];

const HOSTILE = serverCase({
  id: "dormouse-server-malformed",
  title: "Malformed datagrams are ignored or rejected, and do no harm",
  versions: ALL,
  clauses: ["RFC 7252 §3", "RFC 7252 §4.2", "RFC 7252 §4.3"],
  isAlone: true,
  lasts: 6,
  criteria: {
    rejected: "none gets anything but a Reset, an error, or nothing",
    small: "no answer to a stranger is more than three times as long as what it answers",
    unharmed: "the server goes on serving",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const stranger = bench.addClient();
    bench.expect("rejected", true, "");
    bench.expect("small", true, "");
    for (const [what, hex] of MALFORMED) {
      bench.step(what);
      const datagram = bytesOf(hex);
      await bench.sendBytes(datagram, stranger);
      await bench.wait(SECOND / 4);
      for (let came = bench.response(stranger); came; came = bench.response(stranger)) {
        const isRefusal = came.code === EMPTY || !isSuccess(came.code);
        bench.expect("rejected", isRefusal, `${what} was answered by ${formatCode(came.code)}`);
        expectSmall(bench, what, datagram.length, came);
      }
    }
    const update = await bench.update();
    bench.expect("unharmed", isSuccess(update?.code ?? 0), answered("Update", update));
  },
});

/** Shorter answers are no use to whoever forges addresses. */
const HEADER_LENGTH = 4;
const AMPLIFICATION = 3;

function expectSmall(
  bench: ServerBench<"small">,
  what: string,
  asked: number,
  came: Message,
): void {
  const { length } = encodeMessage(came);
  const isSmall = length <= Math.max(HEADER_LENGTH, AMPLIFICATION * asked);
  bench.expect("small", isSmall, `${what}, ${asked} bytes, got ${length} bytes`);
}

const AMPLIFIED = serverCase({
  id: "dormouse-server-amplification",
  title: "Answers to strangers are no weapon",
  versions: ALL,
  clauses: ["RFC 7252 §11.3"],
  isAlone: true,
  lasts: 5,
  criteria: {
    small: "no refusal of a stranger's request is more than three times as long as the request",
    once: "a datagram of a stranger's is answered by one at most",
  },
  async procedure(bench) {
    const stranger = bench.addClient();
    const ask = (code: number, path: string) =>
      bench.compose(code, path, { client: stranger, options: [] });
    const requests: readonly [what: string, message: Message][] = [
      ["GET /rd", ask(GET, "/rd")],
      ["POST /rd", ask(POST, "/rd")],
      ["DELETE /rd/x", ask(DELETE, "/rd/x")],
      ["GET /nonesuch", ask(GET, "/nonesuch")],
      ["POST /dp", ask(POST, "/dp")],
    ];
    bench.expect("small", true, "");
    bench.expect("once", true, "");
    for (const [what, message] of requests) {
      const datagram = encodeMessage({ ...message, token: new Uint8Array(0) });
      await bench.sendBytes(datagram, stranger);
      await bench.wait(SECOND);
      let count = 0;
      for (let came = bench.response(stranger); came; came = bench.response(stranger)) {
        count++;
        expectSmall(bench, what, datagram.length, came);
      }
      bench.expect("once", count <= 1, `${what} was answered by ${count} datagrams`);
    }
    const core = await bench.request(GET, "/.well-known/core", { client: stranger });
    if (core === undefined) return;
    bench.note(`GET /.well-known/core of a stranger gets ${encodeMessage(core).length} bytes`);
  },
});

// Addresses.

const MOVED = serverCase({
  id: "dormouse-server-address-change",
  title: "Requests follow a client to its new address",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.2"],
  needs: ["read"],
  criteria: { follows: "after an Update from another address the Read comes there" },
  async procedure(bench) {
    bench.client.values.set("/3/0/0", "Nomad");
    await bench.givenRegistered();
    bench.step("a NAT forgets the client: its next datagrams come from another port");
    await bench.server.rebind(0);
    await bench.givenUpdated();
    const outcome = await bench.carryOut({ kind: "read", path: "/3/0/0" });
    bench.expect("follows", outcome?.value === "Nomad", toldWords(outcome));
  },
});

const MOVED_SILENTLY = serverCase({
  id: "dormouse-server-silent-move",
  title: "A client whose address changes without its knowing",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.2", "RFC 7641 §3.6"],
  needs: ["observe"],
  criteria: {
    notification:
      "a notification from the new address is taken and told, or rejected, or ignored: not acknowledged and lost",
    healed: "after an Update from there it is so as well",
  },
  async procedure(bench) {
    await givenObserved(bench);
    await bench.server.rebind(0);
    const answer = await notify(bench, OBSERVED, { sequence: 3, payload: "23.5" });
    const isTaken = answer !== undefined && answer.type !== RST;
    const isTold = await hears(bench, OBSERVED, "23.5");
    bench.expect("notification", !isTaken || isTold, "it was acknowledged, and told nobody");
    bench.note(`a notification from another address is ${isTold ? "taken" : "not taken"}`);
    await bench.givenUpdated();
    await bench.wait(SECOND);
    const healed = await notify(bench, OBSERVED, { sequence: 4, payload: "24.5" });
    const isHealed = await hears(bench, OBSERVED, "24.5");
    const isLost = healed?.type === ACK && !isHealed;
    bench.expect("healed", !isLost, "it was acknowledged, and told nobody");
  },
});

const SEND_FROM_ELSEWHERE = serverCase({
  id: "dormouse-server-send-elsewhere",
  title: "A Send from an address that the client has not updated from",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.4.6", "LwM2M Core 1.1.1 §6.2.2"],
  needs: ["send"],
  lasts: 5,
  criteria: {
    decided: "it is refused by a 4.xx and untold, or taken by 2.04 and told",
    healed: "after an Update from there it is answered by 2.04, and told",
  },
  async procedure(bench) {
    bench.client.values.set(OBSERVED, 20.5);
    await bench.givenRegistered({ list: OBSERVED_LIST });
    await bench.carryOut({ kind: "listen", path: OBSERVED });
    await bench.server.rebind(0);
    const send = (value: number) => {
      const payload = encodeValues(SENML_CBOR, "/", { [OBSERVED]: value });
      return bench.request(POST, "/dp", { format: SENML_CBOR, payload });
    };
    const answer = await send(61.5);
    const isTold = await hears(bench, OBSERVED, "61.5");
    const isRefused = answer !== undefined && answer.code >> 5 === 4;
    const isDecided = isTold ? answer?.code === CHANGED : isRefused;
    const words = `${answered("it", answer)} and ${isTold ? "told" : "not told"}`;
    bench.expect("decided", isDecided, words);
    await bench.givenUpdated();
    const healed = await send(62.5);
    bench.expect("healed", healed?.code === CHANGED, answered("the Send", healed));
    await expectHeard(bench, "healed", OBSERVED, "62.5");
  },
});

const FORGED = serverCase({
  id: "dormouse-server-forged",
  title: "Whoever knows a location, without security",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.2", "LwM2M Core 1.1.1 §6.2.3", "RFC 7252 §11.5"],
  needs: ["list"],
  correction:
    "without security nobody can tell who sends: what the server does is a fact to note, and only what contradicts itself fails",
  criteria: {
    update: "an Update from a stranger's address is answered by 2.04, or by 4.xx",
    deregister:
      "a De-register of a stranger's by 2.02 and the client is gone, or by 4.xx and it stays",
    again: "the client itself can register again",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const client = bench.addClient();
    const update = await bench.request(POST, bench.location, { client });
    const isAnswered = update?.code === CHANGED || (update?.code ?? 0) >> 5 === 4;
    bench.expect("update", isAnswered, answered("the Update", update));
    bench.note(`an Update from a stranger's address is answered by ${codeWords(update)}`);
    const end = await bench.request(DELETE, bench.location, { client });
    const isGone = await isUnlisted(bench);
    const isConsistent = isGone ? end?.code === DELETED : (end?.code ?? 0) >> 5 === 4;
    const words = `${answered("it", end)}, and the client is ${isGone ? "gone" : "there"}`;
    bench.expect("deregister", isConsistent, words);
    bench.note(`a De-register from a stranger's address is answered by ${codeWords(end)}`);
    const again = await bench.register();
    bench.expect("again", again?.code === CREATED, answered("Register", again));
  },
});

const GUESSED = serverCase({
  id: "dormouse-server-location-secret",
  title: "Locations do not follow from each other",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.2.1", "RFC 7252 §11.5"],
  criteria: {
    different: "each of five clients is given a location of its own",
    unguessable: "none is the number after another",
  },
  async procedure(bench) {
    const locations: string[] = [];
    for (let i = 0; i < 5; i++) {
      const query = [`ep=${bench.endpointName}-${i}`, ...bench.usualQuery()];
      const answer = await bench.register({ query });
      bench.given(answer?.code === CREATED, answered("Register", answer));
      locations.push(bench.location);
    }
    const isDifferent = new Set(locations).size === locations.length;
    bench.expect("different", isDifferent, `locations are ${locations.join(", ")}`);
    const numbers = locations.map((one) => Number(one.slice(one.lastIndexOf("/") + 1)));
    const follows = numbers.some((number, i) => i > 0 && number - numbers[i - 1] === 1);
    bench.expect("unguessable", !follows, `locations are ${locations.join(", ")}`);
    for (const location of locations) await bench.request(DELETE, location);
    bench.location = "";
  },
});

export const SERVER_OWN_HOSTILE_CASES: readonly ServerCase[] = [
  MOVED,
  MOVED_SILENTLY,
  SEND_FROM_ELSEWHERE,
  FORGED,
  GUESSED,
  HOSTILE,
  AMPLIFIED,
];

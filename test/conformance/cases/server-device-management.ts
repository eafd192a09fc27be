/** ETS 1.2 groups 200-299 and 300-399, as far as they judge a server: what it sends when something is ordered, and what it makes of the answer. */
import {
  BAD_REQUEST,
  CONTENT,
  CREATED,
  DELETE,
  EMPTY,
  FORBIDDEN,
  formatCode,
  GET,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PUT,
  UNAUTHORIZED,
} from "../../../protocol/coap/codes.ts";
import { CBOR, SENML_CBOR, SENML_JSON, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { CON, NON, RST } from "../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, OBSERVE, uintOf, uintOption } from "../../../protocol/coap/options.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import type { Version } from "../case.ts";
import { decodeValues, encodeValues, formatName, isSameValue } from "../content.ts";
import { SERVER_PROMPT, type ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { answered } from "./server-registration.ts";

const ALL = ["1.0", "1.1", "1.2"] as const;
const ABSENT = -1;
const CANCEL = 1;

/** A case that orders a Read, answers it in a format, and judges what the operator is told. */
function readIn(
  number: number,
  title: string,
  format: number,
  versions: readonly Version[],
): ServerCase {
  return serverCase({
    id: `LightweightM2M-1.1-int-${number}`,
    title,
    versions,
    clauses: ["LwM2M Core 1.1.1 §6.3.1", "LwM2M Core 1.1.1 §7.4"],
    needs: ["read"],
    criteria: {
      request: "the Read that was ordered comes to the client as a GET on /3/0/0",
      told: `the value, answered in ${formatName(format)}, reaches the operator`,
    },
    async procedure(bench) {
      await bench.givenRegistered();
      const payload = encodeValues(format, "/3/0/0", { "/3/0/0": "Open Mobile Alliance" });
      bench.client.answer = ({ path, message }) =>
        message.code === GET && path === "/3/0/0"
          ? { code: CONTENT, options: [uintOption(CONTENT_FORMAT, format)], payload }
          : undefined;
      const orderId = await bench.order({ kind: "read", path: "/3/0/0" });
      const read = await bench.next(bench.now() + SERVER_PROMPT, ({ path }) => path === "/3/0/0");
      bench.expect("request", read?.message.code === GET, "no GET on /3/0/0 came");
      const outcome = await bench.ended(orderId);
      const isTold = outcome?.value?.includes("Open Mobile Alliance") === true;
      bench.expect("told", isTold, `the operator was told ${outcome?.words}, "${outcome?.value}"`);
    },
  });
}

const READS = [
  readIn(201, "Querying basic information in plain text", TEXT, ALL),
  readIn(211, "Querying basic information in CBOR format", CBOR, ["1.1", "1.2"]),
  readIn(231, "Querying basic information in SenML JSON (110)", SENML_JSON, ["1.1", "1.2"]),
  readIn(232, "Querying basic information in SenML CBOR (112)", SENML_CBOR, ["1.1", "1.2"]),
];

const ANY_FORMAT = serverCase({
  id: "LightweightM2M-1.1-int-237",
  title: "Read on an Instance that the client answers in a format of its own choice",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.1"],
  needs: ["read"],
  criteria: {
    request: "the Read that was ordered comes to the client as a GET on /3/0",
    taken: "an answer in TLV is taken as a success",
  },
  async procedure(bench) {
    bench.client.values.set("/3/0/0", "Open Mobile Alliance");
    bench.client.values.set("/3/0/1", "Lightweight M2M Client");
    bench.client.values.set("/3/0/16", "U");
    await bench.givenRegistered();
    bench.client.answer = ({ path, message }) =>
      message.code === GET && path === "/3/0" ? bench.client.read("/3/0", TLV) : undefined;
    const orderId = await bench.order({ kind: "read", path: "/3/0" });
    const read = await bench.next(bench.now() + SERVER_PROMPT, ({ path }) => path === "/3/0");
    bench.expect("request", read?.message.code === GET, "no GET on /3/0 came");
    const outcome = await bench.ended(orderId);
    bench.expect("taken", outcome?.isSuccess === true, `the operator was told ${outcome?.words}`);
  },
});

const WRITE_RESOURCE = serverCase({
  id: "LightweightM2M-1.1-int-227",
  title: "Write (Replace) on Resource",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.3"],
  needs: ["write"],
  criteria: {
    request: "the Write that was ordered comes to the client as a PUT on /1/0/1",
    format: "in a format that the client's version knows",
    value: "with the value that was ordered",
    told: "its success reaches the operator",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const orderId = await bench.order({ kind: "write", path: "/1/0/1", value: 63 });
    const write = await bench.next(bench.now() + SERVER_PROMPT, ({ path }) => path === "/1/0/1");
    bench.expect("request", write?.message.code === PUT, "no PUT on /1/0/1 came");
    if (write === undefined) return;
    const format = uintOf(write.message.options, CONTENT_FORMAT, ABSENT);
    const known = bench.version === "1.0" ? [TEXT, TLV] : [TEXT, TLV, CBOR, SENML_JSON, SENML_CBOR];
    bench.expect("format", known.includes(format), `the Write is in ${formatName(format)}`);
    const values = decodeValues(format, write.message.payload, "/1/0/1");
    const value = typeof values === "string" ? undefined : values.get("/1/0/1");
    const why = typeof values === "string" ? values : `the Write carries ${value}, not 63`;
    bench.expect("value", isSameValue(value, 63), why);
    const outcome = await bench.ended(orderId);
    bench.expect("told", outcome?.isSuccess === true, `the operator was told ${outcome?.words}`);
  },
});

const EXECUTE = serverCase({
  id: "LightweightM2M-1.1-int-241",
  title: "Executable Resource: Rebooting the device",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.5"],
  needs: ["execute", "list"],
  criteria: {
    request: "the Execute that was ordered comes to the client as a POST on /3/0/4",
    empty: "without arguments it carries nothing, or text",
    again: "a client that has rebooted may register again, and is listed once",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    const orderId = await bench.order({ kind: "execute", path: "/3/0/4" });
    const execute = await bench.next(bench.now() + SERVER_PROMPT, ({ path }) => path === "/3/0/4");
    bench.expect("request", execute?.message.code === POST, "no POST on /3/0/4 came");
    const options = execute?.message.options ?? [];
    const format = uintOf(options, CONTENT_FORMAT, TEXT);
    const isPlain = execute?.message.payload.length === 0 || format === TEXT;
    bench.expect("empty", isPlain, `it carries ${formatName(format)}`);
    await bench.ended(orderId);
    const answer = await bench.register();
    bench.expect("again", answer?.code === CREATED, answered("Register", answer));
    const isListed = (await bench.known()) !== undefined;
    bench.expect("again", isListed, "the client is not listed after it has registered again");
  },
});

/** The answers that a client may give to refuse a Read, and that have to reach the operator as refusals. */
const REFUSALS = [BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED];

const REFUSED = serverCase({
  id: "dormouse-server-refusals",
  title: "Refusals reach the operator",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.1"],
  needs: ["read"],
  criteria: { told: "each refusal of a Read is told as one, and in finite time" },
  async procedure(bench) {
    await bench.givenRegistered();
    for (const code of REFUSALS) {
      bench.client.answer = ({ message }) => (message.code === GET ? { code } : undefined);
      const outcome = await bench.carryOut({ kind: "read", path: "/3/0/0" });
      const words = `the client answered ${formatCode(code)}; the operator was told ${outcome?.words}`;
      bench.expect("told", outcome?.isSuccess === false, words);
    }
  },
});

const DELETE_INSTANCE = serverCase({
  id: "dormouse-server-delete",
  title: "Delete of an Object Instance",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.6"],
  needs: ["delete"],
  criteria: {
    request: "the Delete that was ordered comes to the client as a DELETE on /16/1",
    told: "its success reaches the operator",
  },
  async procedure(bench) {
    await bench.givenRegistered({ list: "</1/0>,</3/0>,</16/1>" });
    const orderId = await bench.order({ kind: "delete", path: "/16/1" });
    const asked = await bench.next(bench.now() + SERVER_PROMPT, ({ path }) => path === "/16/1");
    bench.expect("request", asked?.message.code === DELETE, "no DELETE on /16/1 came");
    const outcome = await bench.ended(orderId);
    bench.expect("told", outcome?.isSuccess === true, `the operator was told ${outcome?.words}`);
  },
});

const OBSERVED = "/3303/0/5700";
const OBSERVED_LIST = "</1/0>,</3/0>,</3303/0>";

/** As `observe`, where what is judged comes later. */
async function givenObserved(bench: ServerBench): Promise<void> {
  bench.given(await observe(bench), "no GET with Observe 0 came to the client");
}

/** Registers, and has the operator observe a temperature; whether the client was asked to. */
async function observe(bench: ServerBench): Promise<boolean> {
  bench.client.answer = ({ path, message }) => {
    if (message.code !== GET || path !== OBSERVED) return undefined;
    const observe = uintOf(message.options, OBSERVE, ABSENT);
    if (observe === 0) bench.client.observed.set(path, message.token);
    const options = [uintOption(CONTENT_FORMAT, TEXT)];
    if (observe === 0) options.unshift(uintOption(OBSERVE, 1));
    return { code: CONTENT, options, payload: new TextEncoder().encode("20.5") };
  };
  await bench.givenRegistered({ list: OBSERVED_LIST });
  await bench.carryOut({ kind: "observe", path: OBSERVED });
  bench.takeAll();
  return bench.client.observed.has(OBSERVED);
}

/** Sends a notification; returns what answered it, if it was Confirmable. */
async function notify(bench: ServerBench, value: string, sequence: number, type: number) {
  const token = bench.client.observed.get(OBSERVED) ?? new Uint8Array(0);
  const message = {
    type,
    code: CONTENT,
    messageId: bench.client.messageId(),
    token,
    options: [uintOption(OBSERVE, sequence), uintOption(CONTENT_FORMAT, TEXT)],
    payload: new TextEncoder().encode(value),
  };
  await bench.send(message);
  const until = bench.now() + 2 * SECOND;
  for (;;) {
    const came = bench.response();
    if (came?.code === EMPTY && came.messageId === message.messageId) return came;
    if (came === undefined && !(await bench.takeIn(until))) return undefined;
  }
}

function isTold(bench: ServerBench, value: string): Promise<boolean> {
  return bench.waitFor(() => bench.told(OBSERVED).includes(value), bench.now() + SERVER_PROMPT);
}

const OBSERVE_AND_NOTIFY = serverCase({
  id: "LightweightM2M-1.1-int-301",
  title: "Observation and Notification of parameter values",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.1", "RFC 7641 §3.1"],
  needs: ["observe"],
  criteria: {
    observe: "the observation that was ordered comes to the client as a GET with Observe 0",
    confirmable: "a Confirmable notification is acknowledged, and its value reaches the operator",
    "non-confirmable": "so does that of a Non-confirmable one, which is not rejected",
  },
  async procedure(bench) {
    bench.expect("observe", await observe(bench), "no GET with Observe 0 came to the client");
    const answer = await notify(bench, "21.5", 2, CON);
    const isAcknowledged = answer !== undefined && answer.type !== RST;
    bench.expect("confirmable", isAcknowledged, "the notification was not acknowledged");
    bench.expect("confirmable", await isTold(bench, "21.5"), "the operator was not told 21.5");
    const other = await notify(bench, "22.5", 3, NON);
    bench.expect("non-confirmable", other?.type !== RST, "the notification was reset");
    bench.expect("non-confirmable", await isTold(bench, "22.5"), "the operator was not told 22.5");
  },
});

const CANCELLED = serverCase({
  id: "LightweightM2M-1.1-int-303",
  title: "Cancel observations",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.2", "RFC 7641 §3.6"],
  needs: ["observe"],
  correction:
    "either way of cancelling is right: a GET with Observe 1, or a Reset of the next notification",
  criteria: {
    cancelled:
      "after a cancellation was ordered a GET with Observe 1 comes, or the next notification is reset",
    silent: "the operator is told nothing more",
  },
  async procedure(bench) {
    await givenObserved(bench);
    await bench.carryOut({ kind: "cancel", path: OBSERVED });
    const cancel = await bench.next(
      bench.now() + SERVER_PROMPT,
      ({ message }) => uintOf(message.options, OBSERVE, ABSENT) === CANCEL,
    );
    await bench.wait(SECOND);
    const answer = await notify(bench, "99.5", 9, CON);
    const isReset = answer?.type === RST;
    bench.expect(
      "cancelled",
      cancel !== undefined || isReset,
      "neither Observe 1 nor a Reset came",
    );
    await bench.wait(2 * SECOND);
    const isSilent = !bench.told(OBSERVED).includes("99.5");
    bench.expect("silent", isSilent, "the operator was told a value after the cancellation");
  },
});

const REORDERED = serverCase({
  id: "dormouse-server-reordered",
  title: "Notifications that come in another order do not turn time back",
  versions: ALL,
  clauses: ["RFC 7641 §3.4"],
  needs: ["observe"],
  criteria: { newest: "an older notification that comes late is not told as the newest value" },
  async procedure(bench) {
    await givenObserved(bench);
    await notify(bench, "31.5", 12, CON);
    bench.given(await isTold(bench, "31.5"), "the operator was not told 31.5");
    await notify(bench, "30.5", 11, CON);
    await bench.wait(2 * SECOND);
    const told = bench.told(OBSERVED);
    const isNewest = told[told.length - 1] === "31.5";
    bench.expect("newest", isNewest, `after 31.5 the operator was told ${told[told.length - 1]}`);
  },
});

const UNKNOWN_TOKEN = serverCase({
  id: "dormouse-server-unknown-token",
  title: "A notification that nobody asked for is rejected",
  versions: ALL,
  clauses: ["RFC 7641 §3.6", "RFC 7252 §4.2"],
  needs: ["observe"],
  criteria: {
    rejected:
      "a Confirmable notification with an unknown token is answered by a Reset, or not at all",
    unheard: "and its value reaches nobody",
  },
  async procedure(bench) {
    await givenObserved(bench);
    bench.client.observed.set(OBSERVED, new Uint8Array([0xde, 0xad, 0xbe, 0xef]));
    const answer = await notify(bench, "66.5", 4, CON);
    const isRejected = answer === undefined || answer.type === RST;
    bench.expect("rejected", isRejected, "it was acknowledged");
    await bench.wait(2 * SECOND);
    const isUnheard = !bench.told(OBSERVED).includes("66.5");
    bench.expect("unheard", isUnheard, "the operator was told its value");
  },
});

export const SERVER_MANAGEMENT_CASES: readonly ServerCase[] = [
  ...READS,
  ANY_FORMAT,
  WRITE_RESOURCE,
  EXECUTE,
  OBSERVE_AND_NOTIFY,
  CANCELLED,
  REFUSED,
  DELETE_INSTANCE,
  REORDERED,
  UNKNOWN_TOKEN,
];

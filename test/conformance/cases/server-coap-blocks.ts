/** The server as a CoAP client, after ETSI's CoAP#4 plugtest cases: bodies in blocks, in both directions. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { blockOption } from "../../../protocol/coap/block.ts";
import {
  CREATED,
  FETCH,
  GET,
  POST,
  PUT,
  REQUEST_ENTITY_INCOMPLETE,
  REQUEST_ENTITY_TOO_LARGE,
} from "../../../protocol/coap/codes.ts";
import { OCTET_STREAM, TEXT } from "../../../protocol/coap/content-formats.ts";
import { BLOCK1, BLOCK2, ETAG } from "../../../protocol/coap/options.ts";
import { bytesOf } from "../content.ts";
import { blockIn } from "../raw-transfers.ts";
import { contentIn, pathsIn } from "../scripted-client.ts";
import { SERVER_PROMPT, type ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import {
  ALL,
  expectDone,
  expectOrdered,
  expectToldValues,
  SINCE_1_1,
  toldWords,
} from "./server-expectations.ts";

const MANUFACTURER = "/3/0/0";

// Bodies that come in blocks (RFC 7959 §2.4).

const TEXT_VALUE = Array.from({ length: 300 }, (_, i) => `value ${i}`).join(" ");

/** A criterion: a long value is fetched in blocks that follow each other, none larger than the client gives. */
async function expectFetched(
  bench: ServerBench<"blocks" | "told">,
  text: string,
  shrink: () => void = () => {},
): Promise<void> {
  bench.client.values.set(MANUFACTURER, text);
  await bench.givenRegistered();
  const { transfers } = bench.client;
  const { largest } = transfers;
  const orderId = await bench.order({ kind: "read", path: MANUFACTURER });
  await bench.waitFor(() => transfers.asked.length >= 2, bench.now() + SERVER_PROMPT);
  shrink();
  await bench.ended(orderId);
  const asked = transfers.asked.filter(({ num }) => num > 0);
  bench.expect("blocks", asked.length > 0, "no further block was asked for");
  let from = 0;
  for (const { num, size } of asked) {
    const isNext = num * size > from;
    bench.expect("blocks", isNext, `block ${num} of ${size} bytes is not behind byte ${from}`);
    from = num * size;
  }
  const most = Math.max(...asked.map(({ size }) => size));
  const isFit = most <= largest;
  bench.expect("blocks", isFit, `blocks of ${most} bytes were asked for`);
  await expectToldValues(bench, "told", orderId, { [MANUFACTURER]: text });
}

const FETCHED = {
  blocks:
    "the blocks are asked for in their order, each once, and none larger than the client gives",
  told: "the value reaches the operator whole",
};

const LARGE_READ = serverCase({
  id: "TD_COAP_BLOCK_01",
  title: "A large value comes in blocks",
  versions: ALL,
  clauses: ["RFC 7959 §2.4"],
  needs: ["read"],
  correction: "the size is the client's to give: that the server proposes one is its own business",
  criteria: FETCHED,
  procedure: (bench) => expectFetched(bench, TEXT_VALUE),
});

const LATE_NEGOTIATION = serverCase({
  id: "TD_COAP_BLOCK_02",
  title: "The client gives smaller blocks halfway",
  versions: ALL,
  clauses: ["RFC 7959 §2.4"],
  needs: ["read"],
  criteria: FETCHED,
  procedure: (bench) => {
    bench.client.transfers.largest = 512;
    return expectFetched(bench, TEXT_VALUE, () => {
      bench.client.transfers.largest = 128;
    });
  },
});

const SMALL_BLOCKS = serverCase({
  id: "TD_COAP_BLOCK_06",
  title: "Blocks of 16 bytes",
  versions: ALL,
  clauses: ["RFC 7959 §2.4"],
  needs: ["read"],
  criteria: FETCHED,
  procedure: (bench) => {
    bench.client.transfers.largest = 16;
    return expectFetched(bench, TEXT_VALUE.slice(0, 333));
  },
});

const CHANGING_BODY = serverCase({
  id: "TD_COAP_CORE_21",
  title: "A value that changes between two blocks is not mixed",
  versions: ALL,
  clauses: ["RFC 7959 §2.4", "RFC 7252 §5.10.6"],
  needs: ["read"],
  correction:
    "of ETags nothing else can be asked of a server that reads: what is judged is that they are compared",
  criteria: {
    unmixed: "the operator is told one whole value, or none",
  },
  async procedure(bench) {
    const first = "a".repeat(700);
    const second = "b".repeat(700);
    await bench.givenRegistered();
    bench.client.transfers.largest = 256;
    bench.client.answer = ({ message }) => {
      if (message.code !== GET) return undefined;
      const isLater = (blockIn(message.options, BLOCK2)?.num ?? 0) > 0;
      const tag = { number: ETAG, value: bytesOf(isLater ? "02" : "01") };
      return contentIn(TEXT, encodeUtf8(isLater ? second : first), [tag]);
    };
    const outcome = await bench.carryOut({ kind: "read", path: MANUFACTURER });
    const told = outcome?.value;
    const isOne = outcome?.isSuccess !== true || told === first || told === second;
    bench.expect("unmixed", isOne, toldWords(outcome).slice(0, 300));
    if (outcome === undefined) bench.note("the operator is told nothing of such a Read");
  },
});

// Bodies that go in blocks (RFC 7959 §2.5).

const IMAGE = Uint8Array.from({ length: 2500 }, (_, i) => (i * 7) & 0xff);
const WRITE_PATH = "/5/0/0";
const WRITE_LIST = "</1/0>,</3/0>,</5/0>,</16>";

const SENT = {
  blocks: "the blocks come in their order, each with the size that it says",
  whole: "together they are what was ordered",
  told: "the operator is told of a success",
};

/** Has a large value written, and judges its blocks. */
async function expectSent(
  bench: ServerBench<"blocks" | "whole" | "told">,
): Promise<{ readonly sizes: readonly number[] }> {
  await bench.givenRegistered({ list: WRITE_LIST });
  const order = {
    kind: "write",
    path: WRITE_PATH,
    value: IMAGE,
    format: OCTET_STREAM,
  } as const;
  const { orderId, request } = await expectOrdered(bench, "whole", order, PUT);
  const isWhole = Buffer.from(request.message.payload).equals(IMAGE);
  bench.expect("whole", isWhole, `${request.message.payload.length} other bytes came`);
  const { came } = bench.client.transfers;
  bench.expect("blocks", came.length > 1, "it came in one message");
  let from = 0;
  for (const { num, size, more } of came) {
    // A body that is refused for its size begins again.
    if (num === 0) from = 0;
    const isNext = num * size === from;
    bench.expect("blocks", isNext, `block ${num} of ${size} bytes came, not byte ${from}`);
    from = more ? from + size : 0;
  }
  await expectDone(bench, "told", orderId);
  return { sizes: came.map(({ size }) => size) };
}

const LARGE_WRITE = serverCase({
  id: "TD_COAP_BLOCK_03",
  title: "A large value goes in blocks",
  versions: ALL,
  clauses: ["RFC 7959 §2.5"],
  needs: ["write", "formats"],
  criteria: SENT,
  async procedure(bench) {
    await expectSent(bench);
  },
});

const SMALLER_WRITE = serverCase({
  id: "dormouse-server-block-size-asked",
  title: "A client that asks for smaller blocks gets smaller blocks",
  versions: ALL,
  clauses: ["RFC 7959 §2.3", "RFC 7959 §2.5"],
  needs: ["write", "formats"],
  criteria: { ...SENT, smaller: "after the first answer no block is larger than was asked for" },
  async procedure(bench) {
    bench.client.transfers.largest = 64;
    const { sizes } = await expectSent(bench as ServerBench<never>);
    const most = Math.max(...sizes.slice(1));
    bench.expect("smaller", most <= 64, `a block of ${most} bytes came after 64 were asked for`);
  },
});

const TOO_LARGE_AT_FIRST = serverCase({
  id: "dormouse-server-block-size-refused",
  title: "A block that is too large is refused with the size that would do",
  versions: ALL,
  clauses: ["RFC 7959 §2.9.3", "RFC 7959 §2.5"],
  needs: ["write", "formats"],
  criteria: {
    again:
      "after 4.13 with a smaller Block1 the body comes in such blocks, or the operator is told of the failure",
    bounded: "and not in large ones again and again",
  },
  async procedure(bench) {
    const { transfers } = bench.client;
    transfers.largest = 128;
    transfers.refuse = ({ num, size }) =>
      size > 128
        ? { code: REQUEST_ENTITY_TOO_LARGE, options: [blockOption(BLOCK1, num, false, 128)] }
        : undefined;
    await bench.givenRegistered({ list: WRITE_LIST });
    const order = { kind: "write", path: WRITE_PATH, value: IMAGE, format: OCTET_STREAM } as const;
    const outcome = await bench.carryOut(order);
    const write = bench.takeAll().find(({ path }) => path === WRITE_PATH);
    const isWhole = Buffer.from(write?.message.payload ?? []).equals(IMAGE);
    const isTold = outcome?.isSuccess === isWhole;
    bench.expect(
      "again",
      isTold,
      `the body came ${isWhole ? "" : "not "}whole; ${toldWords(outcome)}`,
    );
    if (!isWhole) bench.note("4.13 with a smaller size ends the Write");
    const large = transfers.came.filter(({ size }) => size > 128).length;
    bench.expect("bounded", large <= 3, `${large} blocks came that were too large`);
  },
});

const INCOMPLETE = serverCase({
  id: "dormouse-server-block-lost",
  title: "A client that has lost the beginning of a body says so",
  versions: ALL,
  clauses: ["RFC 7959 §2.9.2", "RFC 7959 §2.5"],
  needs: ["write", "formats"],
  criteria: {
    ended: "after 4.08 no later block comes: the body begins again, or not",
    told: "the operator is told of a success only when the body came whole",
  },
  async procedure(bench) {
    const { transfers } = bench.client;
    let isLost = false;
    transfers.refuse = ({ num }) => {
      if (num !== 1 || isLost) return undefined;
      isLost = true;
      return { code: REQUEST_ENTITY_INCOMPLETE };
    };
    await bench.givenRegistered({ list: WRITE_LIST });
    const order = { kind: "write", path: WRITE_PATH, value: IMAGE, format: OCTET_STREAM } as const;
    const outcome = await bench.carryOut(order);
    const after = transfers.came[transfers.came.findIndex(({ num }) => num === 1) + 1];
    const isAnew = after === undefined || after.num === 0;
    bench.expect("ended", isAnew, `block ${after?.num} came after 4.08`);
    const write = bench.takeAll().find(({ path }) => path === WRITE_PATH);
    const isWhole = Buffer.from(write?.message.payload ?? []).equals(IMAGE);
    bench.expect("told", outcome?.isSuccess === isWhole, toldWords(outcome));
  },
});

const LARGE_CREATE = serverCase({
  id: "TD_COAP_BLOCK_04",
  title: "What is created comes in blocks",
  versions: ALL,
  clauses: ["RFC 7959 §2.5", "LwM2M Core 1.1.1 §6.3.6"],
  needs: ["create"],
  criteria: {
    blocks: "a Create of more than one message comes as a POST on /16 in blocks",
    whole: "together they hold what was ordered",
    told: "the operator is told of a success",
  },
  async procedure(bench) {
    await bench.givenRegistered({ list: WRITE_LIST });
    bench.client.answer = ({ path }) => (path === "/16" ? { code: CREATED } : undefined);
    const identity = "x".repeat(1500);
    const order = { kind: "create", path: "/16", values: { "/16/1/0/0": identity } } as const;
    const { orderId, request } = await expectOrdered(bench, "whole", order, POST);
    const { came } = bench.client.transfers;
    bench.expect("blocks", came.length > 1, "it came in one message");
    const isWhole = Buffer.from(request.message.payload).includes(identity);
    bench.expect("whole", isWhole, "the value is not in it");
    await expectDone(bench, "told", orderId);
  },
});

const MOST_PATHS = Array.from({ length: 64 }, (_, i) => `/3303/${1000 + i}/5700`);

const BOTH_WAYS = serverCase({
  id: "TD_COAP_BLOCK_05",
  title: "A request in blocks, and its answer",
  versions: SINCE_1_1,
  clauses: ["RFC 7959 §2.7", "RFC 8132 §2", "LwM2M Core 1.1.1 §6.3.8"],
  needs: ["composite"],
  correction: "a FETCH, since no POST of LwM2M is answered with content",
  criteria: {
    request: "a Read-Composite of 64 paths comes to the client as a FETCH in blocks",
    paths: "together they name the paths",
    told: "the values reach the operator, of which the answer comes in blocks as well",
  },
  async procedure(bench) {
    const values = Object.fromEntries(MOST_PATHS.map((path, i) => [path, i + 0.5]));
    for (const [path, value] of Object.entries(values)) bench.client.values.set(path, value);
    await bench.givenRegistered({ list: "</1/0>,</3/0>,</3303>" });
    const order = { kind: "read-composite", paths: MOST_PATHS } as const;
    const { orderId, request } = await expectOrdered(bench, "request", order, FETCH);
    const count = bench.client.transfers.came.length;
    bench.expect("request", count > 1, "it came in one message");
    const named = pathsIn(request.message).join();
    bench.expect("paths", named === MOST_PATHS.join(), `it names ${named || "none"}`);
    await expectToldValues(bench, "told", orderId, values);
  },
});

const DUPLICATE_ANSWERS = serverCase({
  id: "dormouse-server-block-wise-duplicates",
  title: "Answers to blocks that come twice",
  versions: ALL,
  clauses: ["RFC 7959 §2.5", "RFC 7252 §4.5"],
  needs: ["write", "formats"],
  criteria: SENT,
  async procedure(bench) {
    bench.client.copies = 2;
    await expectSent(bench);
  },
});

export const SERVER_COAP_BLOCK_CASES: readonly ServerCase[] = [
  CHANGING_BODY,
  LARGE_READ,
  LATE_NEGOTIATION,
  LARGE_WRITE,
  LARGE_CREATE,
  BOTH_WAYS,
  SMALL_BLOCKS,
  SMALLER_WRITE,
  TOO_LARGE_AT_FIRST,
  INCOMPLETE,
  DUPLICATE_ANSWERS,
];

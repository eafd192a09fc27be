/** What no published suite asks of a server about lists of objects: what they may hold, and what becomes of those that are wrong. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { blockOption } from "../../../protocol/coap/block.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONFLICT,
  CONTINUE,
  CREATED,
  GET,
  POST,
  REQUEST_ENTITY_INCOMPLETE,
  REQUEST_ENTITY_TOO_LARGE,
  SERVICE_UNAVAILABLE,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import type { Message } from "../../../protocol/coap/message.ts";
import { BLOCK1 } from "../../../protocol/coap/options.ts";
import { answered, codeWords } from "../raw-clients.ts";
import { contentIn } from "../scripted-client.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import {
  ALL,
  expectCode,
  expectKnown,
  expectOrdered,
  expectToldValues,
  known,
} from "./server-expectations.ts";

const REGISTER = "LwM2M Core 1.1.1 §6.2.1";

/** A Register with a list of the case's own, by the client's usual query. */
function registerWith(
  bench: ServerBench,
  payload: Uint8Array,
  format: number | undefined,
): Promise<Message | undefined> {
  const query = [`ep=${bench.endpointName}`, ...bench.usualQuery()];
  return bench.request(POST, "/rd", { query, payload, format });
}

const ATTRIBUTES = serverCase({
  id: "dormouse-server-list-attributes",
  title: "Lists with versions, formats and attributes that nobody knows",
  versions: ALL,
  clauses: [REGISTER, "RFC 6690 §2"],
  needs: ["list"],
  criteria: {
    created: "each is answered by 2.01",
    listed: "the operator sees the objects, instances and resources",
  },
  async procedure(bench) {
    for (const list of [
      '</>;rt="oma.lwm2m";ct=11543,</1/0>,</3/0>,</3303/0>',
      '</>;rt="oma.lwm2m";ct="60 110 112",</1>;ver=1.1,</1/0>,</3/0>,</3303/0>',
      "</1/0>,</3/0>,</3303>;ver=1.1,</3303/0>",
      '</1/0>;color=blue;title="a, b; c",</3/0>;hidden,</3303/0>',
    ]) {
      const answer = await bench.register({ list });
      bench.expect("created", answer?.code === CREATED, answered(`Register of ${list}`, answer));
      await expectKnown(bench, "listed", ["/1/0", "/3/0", "/3303/0"]);
    }
  },
});

const ALTERNATE_PATH = serverCase({
  id: "dormouse-server-alternate-path",
  title: "A client whose objects are below a path of its own",
  versions: ALL,
  clauses: [REGISTER],
  needs: ["read", "list"],
  criteria: {
    created: 'Register with </lwm2m>;rt="oma.lwm2m" is answered by 2.01',
    request: "a Read of /3/0/0 that was ordered comes to the client as a GET on /lwm2m/3/0/0",
    told: "its value reaches the operator",
  },
  async procedure(bench) {
    const list = '</lwm2m>;rt="oma.lwm2m",</lwm2m/1/0>,</lwm2m/3/0>';
    const answer = await bench.register({ list });
    bench.expect("created", answer?.code === CREATED, answered("Register", answer));
    bench.client.answer = ({ path }) =>
      path === "/lwm2m/3/0/0" ? contentIn(TEXT, encodeUtf8("Basement Inc.")) : undefined;
    const order = { kind: "read", path: "/3/0/0" } as const;
    const { orderId } = await expectOrdered(bench, "request", order, GET, "/lwm2m/3/0/0");
    await expectToldValues(bench, "told", orderId, { "/3/0/0": "Basement Inc." });
  },
});

const MALFORMED_LISTS = [
  "</1/0>,</3/0",
  "1/0,3/0",
  "</1/0></3/0>",
  '</1/0>;ver="1.0,</3/0>',
  "</1/0>,,</3/0>",
  "{}",
];

const MALFORMED = serverCase({
  id: "dormouse-server-list-malformed",
  title: "A list that is no list of links is refused",
  versions: ALL,
  clauses: [REGISTER, "RFC 6690 §2"],
  needs: ["list"],
  criteria: {
    refused: "each is answered by 4.00",
    bytes: "so is a payload that is not UTF-8, or it is taken for no list at all",
    unlisted: "the client is not listed for it",
    unharmed: "a right one after that is answered by 2.01",
  },
  async procedure(bench) {
    for (const list of MALFORMED_LISTS) {
      bench.step(`Register of ${list}`);
      const answer = await registerWith(bench, encodeUtf8(list), LINK_FORMAT);
      expectCode(bench, "refused", answer, [BAD_REQUEST], `Register of ${list}`);
    }
    const bytes = Uint8Array.of(0xff, 0xfe, 0x00, 0xc3, 0x28);
    const answer = await registerWith(bench, bytes, LINK_FORMAT);
    expectCode(bench, "bytes", answer, [BAD_REQUEST], "Register of bytes");
    const isListed = (await bench.known()) !== undefined;
    bench.expect("unlisted", !isListed, "the operator sees the client");
    const right = await bench.register();
    bench.expect("unharmed", right?.code === CREATED, answered("Register", right));
  },
});

const FORMATS = serverCase({
  id: "dormouse-server-list-format",
  title: "The Content-Format of a list",
  versions: ALL,
  clauses: ["LwM2M Transport 1.1.1 §6.4.3", "RFC 7252 §5.9.2"],
  criteria: {
    decided: "a list in what is called TLV or text is refused by 4.15 or 4.00, or taken",
    unsaid: "so is one without a Content-Format",
  },
  async procedure(bench) {
    const list = encodeUtf8("</1/0>,</3/0>");
    const refusals = [UNSUPPORTED_CONTENT_FORMAT, BAD_REQUEST];
    for (const format of [TLV, TEXT]) {
      const answer = await registerWith(bench, list, format);
      const codes = [CREATED, ...refusals];
      expectCode(bench, "decided", answer, codes, `Register in format ${format}`);
      const isTaken = answer?.code === CREATED;
      bench.note(`a list in format ${format} is ${isTaken ? "taken" : "refused"}`);
    }
    const answer = await registerWith(bench, list, undefined);
    expectCode(bench, "unsaid", answer, [CREATED, ...refusals], "Register without a format");
    const isTaken = answer?.code === CREATED;
    bench.note(`a list without a Content-Format is ${isTaken ? "taken" : "refused"}`);
  },
});

const ODD_LISTS: readonly (readonly [what: string, list: string])[] = [
  ["nothing", ""],
  ["the id 65535, which is of nothing", "</1/0>,</3/0>,</3303/65535>,</65535/0>"],
  ["ids beyond 16 bits", "</1/0>,</3/0>,</70000/0>,</3303/99999>"],
  ["the objects Security and OSCORE", "</0/0>,</0/1>,</1/0>,</3/0>,</21/0>"],
  ["no objects of LwM2M", "</light>;rt=lamp,</heat>"],
  ["blanks between links", "</1/0> , </3/0> ,\n</3303/0>"],
  ["a version in quotes", '</1>;ver="1.1",</1/0>,</3/0>'],
  ["the version of an instance", "</1/0>;ver=1.1,</3/0>"],
  ["an instance twice", "</1/0>,</3/0>,</3/0>,</3/0>"],
  ["paths with empty segments", "</1//0>,</3/0>,<//>"],
  ["other addresses", "<coap://192.0.2.1/1/0>,</1/0>,</3/0>"],
  ["a resource type that is not LwM2M's", '</>;rt="oma.other",</1/0>,</3/0>'],
  ["a root in an odd place", '</a/b>;rt="oma.lwm2m",</a/b/1/0>,</a/b/3/0>'],
];

const ODD = serverCase({
  id: "dormouse-server-list-odd",
  title: "Lists that are odd are taken or refused, and do no harm",
  versions: ALL,
  clauses: [REGISTER, "LwM2M Core 1.1.1 §7.3"],
  needs: ["list"],
  criteria: {
    decided: "each is answered by 2.01, 4.00 or 4.09",
    visible: "whoever is answered by 2.01 is listed",
    unharmed: "a right one after that is answered by 2.01, and listed",
  },
  async procedure(bench) {
    for (const [what, list] of ODD_LISTS) {
      bench.step(`Register with ${what}`);
      const answer = await bench.register({ list });
      const codes = [CREATED, BAD_REQUEST, CONFLICT];
      expectCode(bench, "decided", answer, codes, `Register with ${what}`);
      const isTaken = answer?.code === CREATED;
      bench.note(`a list with ${what} is ${isTaken ? "taken" : "refused"}`);
      const isListed = !isTaken || (await known(bench)) !== undefined;
      bench.expect("visible", isListed, `the operator does not see a client with ${what}`);
    }
    const right = await bench.register();
    bench.expect("unharmed", right?.code === CREATED, answered("Register", right));
    await expectKnown(bench, "unharmed", ["/1/0", "/3/0"]);
  },
});

/** Sends a request whose body goes in blocks; the answer to the last one that was sent. */
async function inBlocks(
  bench: ServerBench,
  path: string,
  query: readonly string[],
  body: Uint8Array,
  size: number,
  handleAnswer: (answer: Message | undefined, isLast: boolean) => void = () => {},
): Promise<Message | undefined> {
  const count = Math.ceil(body.length / size);
  let answer: Message | undefined;
  for (let num = 0; num < count; num++) {
    const more = num < count - 1;
    const options = [blockOption(BLOCK1, num, more, size)];
    const payload = body.subarray(num * size, (num + 1) * size);
    answer = await bench.request(POST, path, { query, payload, format: LINK_FORMAT, options });
    handleAnswer(answer, !more);
    if (answer?.code !== CONTINUE) break;
  }
  return answer;
}

const MANY = Array.from({ length: 20 }, (_, i) => `</3303/${i}>`).join(",");

const BLOCKWISE_REGISTER = serverCase({
  id: "dormouse-server-blockwise-register",
  title: "A list that comes in blocks is joined",
  versions: ALL,
  clauses: ["RFC 7959 §2.5", "LwM2M Transport 1.1.1 §6.1"],
  needs: ["list"],
  criteria: {
    continued: "each block but the last is answered by 2.31",
    created: "the last one by 2.01",
    whole: "the operator sees what the first and the last block listed",
    update: "so it is with an Update: 2.04 at the end, and a new list",
  },
  async procedure(bench) {
    const expectContinued = (answer: Message | undefined, isLast: boolean) => {
      if (isLast) return;
      bench.expect("continued", answer?.code === CONTINUE, answered("a block", answer));
    };
    const query = [`ep=${bench.endpointName}`, ...bench.usualQuery()];
    const list = encodeUtf8(`</1/0>,</3/0>,${MANY}`);
    const answer = await inBlocks(bench, "/rd", query, list, 64, expectContinued);
    bench.expect("created", answer?.code === CREATED, answered("the last block", answer));
    bench.takeLocation(answer);
    await expectKnown(bench, "whole", ["/1/0", "/3303/19"]);
    const others = encodeUtf8(`</1/0>,</3/0>,${MANY.replaceAll("3303", "3304")}`);
    const update = await inBlocks(bench, bench.location, [], others, 32, expectContinued);
    bench.expect("update", update?.code === CHANGED, answered("the last block", update));
    await expectKnown(bench, "update", ["/1/0", "/3304/0", "/3304/19"]);
  },
});

const BLOCKS_TWICE = serverCase({
  id: "dormouse-server-blockwise-duplicates",
  title: "Blocks of a list that come twice are joined once",
  versions: ALL,
  clauses: ["RFC 7959 §2.5", "RFC 7252 §4.5"],
  needs: ["list"],
  criteria: {
    same: "both copies of each block get the same answer",
    created: "the last one is answered by 2.01",
    whole: "the operator sees the list as it is",
  },
  async procedure(bench) {
    const query = [`ep=${bench.endpointName}`, ...bench.usualQuery()];
    const body = encodeUtf8(`</1/0>,</3/0>,${MANY}`);
    const count = Math.ceil(body.length / 64);
    for (let num = 0; num < count; num++) {
      const options = [blockOption(BLOCK1, num, num < count - 1, 64)];
      const payload = body.subarray(num * 64, (num + 1) * 64);
      const asking = { query, payload, format: LINK_FORMAT, options };
      const message = bench.compose(POST, "/rd", asking);
      const first = bench.takeLocation(await bench.exchange(message));
      const second = await bench.exchange(message);
      const words = `block ${num} was answered by ${codeWords(first)}, then ${codeWords(second)}`;
      bench.expect("same", first !== undefined && first.code === second?.code, words);
    }
    bench.expect("created", bench.location !== "", "no answer was 2.01");
    const client = await expectKnown(bench, "whole", ["/1/0", "/3303/0", "/3303/19"]);
    const isOnce = (client.paths?.filter((path) => path === "/3303/0").length ?? 1) === 1;
    bench.expect("whole", isOnce, `the operator sees ${client.paths?.join(", ")}`);
  },
});

const BLOCK_FAULTS = serverCase({
  id: "dormouse-server-blockwise-faults",
  title: "Blocks of a list that do not fit together",
  versions: ALL,
  clauses: ["RFC 7959 §2.5", "RFC 7959 §2.9.2", "RFC 7959 §2.2"],
  needs: ["list"],
  criteria: {
    begin: "a body that begins with its second block is answered by 4.08",
    gap: "so is one that leaves a block out",
    reserved: "a block of the reserved size is answered by 4.00 or 4.02",
    unlisted: "the client is not listed for any of it",
    repeated: "a body that begins again from its first block is taken: 2.01",
  },
  async procedure(bench) {
    const query = [`ep=${bench.endpointName}`, ...bench.usualQuery()];
    const body = encodeUtf8(`</1/0>,</3/0>,${MANY}`);
    const block = (num: number, more: boolean) => {
      const options = [blockOption(BLOCK1, num, more, 64)];
      const payload = body.subarray(num * 64, (num + 1) * 64);
      return bench.request(POST, "/rd", { query, payload, format: LINK_FORMAT, options });
    };
    expectCode(bench, "begin", await block(1, true), [REQUEST_ENTITY_INCOMPLETE], "block 1");
    await block(0, true);
    const gap = await block(2, true);
    expectCode(bench, "gap", gap, [REQUEST_ENTITY_INCOMPLETE], "block 2 after block 0");
    const options = [{ number: BLOCK1, value: Uint8Array.of(0x0f) }];
    const reserved = await bench.request(POST, "/rd", { query, payload: body, options });
    const isRefused = reserved !== undefined && reserved.code >> 5 === 4;
    bench.expect("reserved", isRefused, answered("a block with SZX 7", reserved));
    const isListed = (await bench.known()) !== undefined;
    bench.expect("unlisted", !isListed, "the operator sees the client");
    await block(0, true);
    await block(1, true);
    const answer = await inBlocks(bench, "/rd", query, body, 64);
    bench.expect("repeated", answer?.code === CREATED, answered("the whole", answer));
    bench.takeLocation(answer);
  },
});

const TOO_MANY = serverCase({
  id: "dormouse-server-list-too-many",
  title: "A list of 5000 instances is taken, or refused in time",
  versions: ALL,
  clauses: ["RFC 7959 §2.9.3", REGISTER],
  needs: ["list"],
  criteria: {
    decided: "it is answered by 2.01, or by 4.00, 4.13 or 5.03",
    unharmed: "a usual one after that is answered by 2.01, and listed",
  },
  async procedure(bench) {
    const links = Array.from({ length: 5000 }, (_, i) => `</3303/${i}>`);
    const body = encodeUtf8(`</1/0>,</3/0>,${links.join(",")}`);
    const query = [`ep=${bench.endpointName}`, ...bench.usualQuery()];
    const answer = await inBlocks(bench, "/rd", query, body, 1024);
    const codes = [CREATED, BAD_REQUEST, REQUEST_ENTITY_TOO_LARGE, SERVICE_UNAVAILABLE];
    expectCode(bench, "decided", answer, codes, `a list of ${body.length} bytes`);
    const isTaken = answer?.code === CREATED;
    bench.note(`a list of ${body.length} bytes is ${isTaken ? "taken" : "refused"}`);
    const right = await bench.register();
    bench.expect("unharmed", right?.code === CREATED, answered("Register", right));
    await expectKnown(bench, "unharmed", ["/1/0", "/3/0"]);
  },
});

export const SERVER_OWN_LIST_CASES: readonly ServerCase[] = [
  ATTRIBUTES,
  ALTERNATE_PATH,
  MALFORMED,
  FORMATS,
  ODD,
  BLOCKWISE_REGISTER,
  BLOCKS_TWICE,
  BLOCK_FAULTS,
  TOO_MANY,
];

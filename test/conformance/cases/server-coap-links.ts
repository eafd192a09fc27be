/** The links of /.well-known/core, of servers that have it (RFC 6690), after ETSI's CoAP#4 plugtest cases. */
import { blockOption } from "../../../protocol/coap/block.ts";
import {
  CONTENT,
  GET,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  NOT_FOUND,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT } from "../../../protocol/coap/content-formats.ts";
import { decodeLinks, type Link } from "../../../protocol/coap/link-format.ts";
import type { Message } from "../../../protocol/coap/message.ts";
import {
  ACCEPT,
  BLOCK2,
  CONTENT_FORMAT,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { formatName } from "../content.ts";
import { blockIn } from "../raw-transfers.ts";
import { type ServerBench, textOf } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { ABSENT, ALL, expectCode } from "./server-expectations.ts";

export const CORE = "/.well-known/core";

/** The answer to a GET of /.well-known/core, of a server that has it. */
export async function coreOf(bench: ServerBench, type = 0): Promise<Message> {
  const answer = await bench.request(GET, CORE, { type });
  const isOffered = answer?.code !== NOT_FOUND && answer?.code !== METHOD_NOT_ALLOWED;
  if (!isOffered) bench.notApplicable(`the server has no ${CORE}`);
  return bench.givenFound(answer, `GET ${CORE} was answered by nothing`);
}

const ACCEPTED = serverCase({
  id: "TD_COAP_CORE_20",
  title: "Accept is heeded",
  versions: ALL,
  clauses: ["RFC 7252 §5.10.4"],
  criteria: {
    accepted: "GET /.well-known/core with Accept 40 is answered by 2.05 in link format",
    unacceptable: "with Accept 0 it is answered by 4.06",
  },
  async procedure(bench) {
    await coreOf(bench);
    const get = (format: number) =>
      bench.request(GET, CORE, { options: [uintOption(ACCEPT, format)] });
    const links = await get(LINK_FORMAT);
    expectCode(bench, "accepted", links, [CONTENT], "Accept 40");
    const format = uintOf(links?.options ?? [], CONTENT_FORMAT, ABSENT);
    bench.expect("accepted", format === LINK_FORMAT, `the answer is in ${formatName(format)}`);
    expectCode(bench, "unacceptable", await get(TEXT), [NOT_ACCEPTABLE], "Accept 0");
  },
});

/** The links of an answer, which has to be a list of them. */
function linksIn<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  answer: Message | undefined,
): readonly Link[] {
  expectCode(bench, criterion, answer, [CONTENT], `GET ${CORE}`);
  const format = uintOf(answer?.options ?? [], CONTENT_FORMAT, ABSENT);
  bench.expect(criterion, format === LINK_FORMAT, `it is in ${formatName(format)}`);
  const links = answer === undefined ? [] : decodeLinks(textOf(answer));
  if (!isMalformed(links)) return links;
  bench.expect(criterion, false, `it is no list of links: ${links.fault}`);
  return [];
}

const LINKS = serverCase({
  id: "TD_COAP_LINK_01",
  title: "Access to well-known interface for resource discovery",
  versions: ALL,
  clauses: ["RFC 6690 §4", "RFC 6690 §2"],
  criteria: {
    links: "GET /.well-known/core is answered by 2.05 with a list of links",
    rd: "which lists /rd",
  },
  async procedure(bench) {
    const links = linksIn(bench, "links", await coreOf(bench));
    const hasRd = links.some(({ uri }) => uri === "/rd");
    bench.expect("rd", hasRd, `it lists ${links.map(({ uri }) => uri).join(", ") || "nothing"}`);
  },
});

const FILTERED_LINKS = serverCase({
  id: "TD_COAP_LINK_02",
  title: "Filtered requests for resource discovery",
  versions: ALL,
  clauses: ["RFC 6690 §4.1"],
  correction: "filtering is optional: a server without it lists everything",
  criteria: {
    matching: "with ?rt=core.rd what has that type is among the links, if anything has",
    other: "with ?rt=nothing.of.this.kind the answer is a list of links as well",
  },
  async procedure(bench) {
    const all = linksIn(bench, "matching", await coreOf(bench));
    const typed = all.filter(({ attributes }) =>
      attributes.some(({ name, value }) => name === "rt" && value === "core.rd"),
    );
    const filtered = await bench.request(GET, CORE, { query: ["rt=core.rd"] });
    const found = linksIn(bench, "matching", filtered);
    const missing = typed.find(({ uri }) => !found.some((one) => one.uri === uri));
    bench.expect("matching", missing === undefined, `${missing?.uri} is not among them`);
    const other = await bench.request(GET, CORE, { query: ["rt=nothing.of.this.kind"] });
    const isEmpty = other?.code === CONTENT && other.payload.length === 0;
    if (isEmpty) bench.expect("other", true, "");
    else linksIn(bench, "other", other);
  },
});

const LINKS_IN_BLOCKS = serverCase({
  id: "dormouse-server-core-in-blocks",
  title: "Links that are asked for in blocks of 16 bytes",
  versions: ALL,
  clauses: ["RFC 7959 §2.4"],
  criteria: {
    size: "no block is larger than was asked for, and each but the last is full",
    whole: "together they are what one answer holds",
  },
  async procedure(bench) {
    const whole = textOf(await coreOf(bench));
    let text = "";
    for (let num = 0; num * 16 < whole.length; num++) {
      const options = [blockOption(BLOCK2, num, false, 16)];
      const answer = await bench.request(GET, CORE, { options });
      expectCode(bench, "whole", answer, [CONTENT], `block ${num}`);
      const part = answer === undefined ? "" : textOf(answer);
      const isLast = (num + 1) * 16 >= whole.length;
      const isFull = part.length === 16 || (isLast && part.length < 16);
      bench.expect("size", isFull, `block ${num} has ${part.length} bytes`);
      const more = blockIn(answer?.options ?? [], BLOCK2)?.more ?? false;
      bench.expect(
        "size",
        more !== isLast,
        `block ${num} says that ${more ? "" : "no "}more follow`,
      );
      text += part;
    }
    bench.expect("whole", text === whole, `they are ${JSON.stringify(text)}`);
  },
});

export const SERVER_COAP_LINK_CASES: readonly ServerCase[] = [
  ACCEPTED,
  LINKS,
  FILTERED_LINKS,
  LINKS_IN_BLOCKS,
];

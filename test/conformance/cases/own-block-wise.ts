/** Block-wise transfer where blocks are lost, repeated, late or mixed up, on a container for any bytes (object 19). */
import { blockOption } from "../../../protocol/coap/block.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  CONTINUE,
  PUT,
  REQUEST_ENTITY_INCOMPLETE,
  REQUEST_ENTITY_TOO_LARGE,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import { OCTET_STREAM, TLV } from "../../../protocol/coap/content-formats.ts";
import { BLOCK1, uintOption } from "../../../protocol/coap/options.ts";
import { DEFAULT_TRANSMISSION, exchangeLifetime } from "../../../protocol/coap/parameters.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { type Answer, type Bench, was } from "../bench.ts";
import { BlockTransfer, blockOf } from "../block-wise.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_14, C_15 } from "../configurations.ts";
import { decodeValues, encodeValues, isSameValue } from "../content.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const CONTAINER = "/19/1/0";
const NEEDS = { features: ["block-wise"], formats: [TLV] } as const;
const LENGTH = 300;
const SIZE = 64;
const REFUSED: readonly number[] = [REQUEST_ENTITY_INCOMPLETE, BAD_REQUEST];
const FORGOTTEN = exchangeLifetime(DEFAULT_TRANSMISSION) + 5 * SECOND;

/** No two blocks of it are alike, nor two bodies. */
function body(seed: number): Uint8Array {
  return Uint8Array.from({ length: LENGTH }, (_, i) => (i * 7 + seed * 31 + (i >> 4)) & 0xff);
}

function transfer(bench: Bench, seed: number, server = 0): BlockTransfer {
  const payload = encodeValues(TLV, CONTAINER, { [`${CONTAINER}/0`]: body(seed) });
  const question = { method: PUT, path: CONTAINER, format: TLV };
  return new BlockTransfer(bench, question, payload, SIZE, server);
}

async function givenWritten(bench: Bench, seed: number): Promise<void> {
  const answer = await transfer(bench, seed).rest();
  bench.given(answer.code === CHANGED, `${was(answer)}, not by 2.04`);
}

/** The container holds this body. */
async function expectHeld<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  seed: number,
): Promise<void> {
  const answer = await bench.read(CONTAINER, TLV);
  bench.expectCode(criterion, answer, CONTENT);
  const why = `the container holds ${heldIn(answer)}, not body ${seed}`;
  bench.expect(criterion, heldIn(answer) === `body ${seed}`, why);
}

/** `body 2`, or that it is none of them. */
function heldIn({ format, payload, path }: Answer): string {
  const values = decodeValues(format, payload, path);
  const value = typeof values === "string" ? undefined : values.get(`${CONTAINER}/0`);
  const seed = [1, 2, 3, 4, 5, 6, 7, 8].find((one) => isSameValue(value, body(one)));
  return seed === undefined ? "something that was never written" : `body ${seed}`;
}

const IN_ORDER = clientCase({
  id: "dormouse-block-write",
  title: "A body in blocks is written when its last block is there",
  versions: ALL,
  clauses: ["RFC 7959 §2.3", "RFC 7959 §2.5", "RFC 7959 §2.9.1", "RFC 7252 §4.5"],
  configuration: C_15,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    continue: "each block but the last is answered by 2.31, whose Block1 option names it",
    duplicate: "a block that comes twice under its Message ID is answered alike, and counted once",
    pending: "before the last block nothing is changed",
    written: "the last block is answered by 2.04, and the whole is read back",
    smaller: "so is a body whose blocks become smaller on the way",
  },
  async procedure(bench) {
    await givenWritten(bench, 1);
    const blocks = transfer(bench, 2);
    for (let first = true; !blocks.isLast; first = false) {
      const { at, size } = blocks;
      const answer = await blocks.next();
      const named = blockOf(answer, BLOCK1)?.num;
      const isNamed = answer.code === CONTINUE && named === at / size;
      bench.expect("continue", isNamed, `block ${at / size}: ${was(answer)}, Block1 ${named}`);
      if (!first) continue;
      bench.step("the second block comes twice");
      const message = bench.compose(blocks.part());
      for (let copy = 0; copy < 2; copy++) {
        const code = (await bench.exchange(message))?.code;
        bench.expect("duplicate", code === CONTINUE, `copy ${copy} of it was not answered by 2.31`);
      }
      blocks.skip();
    }
    bench.step("the last block is not there yet");
    await expectHeld(bench, "pending", 1);
    bench.expectCode("written", await blocks.next(), CHANGED);
    await expectHeld(bench, "written", 2);
    bench.step("a body whose blocks become smaller after the second");
    const shrinking = transfer(bench, 3);
    for (const _ of ["first", "second"]) await shrinking.next();
    shrinking.size = Math.min(shrinking.size, SIZE / 2);
    bench.expectCode("smaller", await shrinking.rest(), CHANGED);
    await expectHeld(bench, "smaller", 3);
  },
});

/** Which blocks of a body come, by their place; `-` is one that is lost, and the last always comes. */
const GAPS: readonly (readonly [string, string])[] = [
  ["the second block is lost", "x-"],
  ["the first block is lost", "-x"],
  ["all but the last are lost", "--"],
  ["two in the middle are lost", "x--"],
];

const LOST_BLOCK = clientCase({
  id: "dormouse-block-write-lost",
  title: "A body with a gap is refused as incomplete",
  versions: ALL,
  clauses: ["RFC 7959 §2.5", "RFC 7959 §2.9.2"],
  configuration: C_15,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    between: "blocks after a gap are answered by 2.31 or 4.08",
    incomplete: "the last block, after a gap, is answered by 4.08",
    unchanged: "and nothing is changed",
    recovers: "a transfer from the first block on succeeds afterwards",
  },
  async procedure(bench) {
    await givenWritten(bench, 1);
    for (const [i, [what, pattern]] of GAPS.entries()) {
      bench.step(what);
      const blocks = transfer(bench, 2 + i);
      for (const one of pattern) {
        if (one === "-") blocks.skip();
        else await blocks.next();
      }
      while (!blocks.isLast) {
        const answer = await blocks.next();
        const holds = answer.code === CONTINUE || answer.code === REQUEST_ENTITY_INCOMPLETE;
        bench.expect("between", holds, `${what}: ${was(answer)}`);
      }
      const last = await blocks.next();
      const isRefused = last.code === REQUEST_ENTITY_INCOMPLETE;
      bench.expect("incomplete", isRefused, `${what}: ${was(last)}, not by 4.08`);
      await expectHeld(bench, "unchanged", 1);
    }
    bench.expectCode("recovers", await transfer(bench, 8).rest(), CHANGED);
    await expectHeld(bench, "recovers", 8);
  },
});

const MIXED_UP = clientCase({
  id: "dormouse-block-write-mixed",
  title: "Transfers that are broken off or overtaken leave one body or the other",
  versions: ALL,
  clauses: ["RFC 7959 §2.5", "RFC 7959 §2.9.2", "RFC 7959 §2.4"],
  configuration: C_15,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    anew: "a transfer that begins anew takes the place of the one before",
    again:
      "a block that comes again under another Message ID is answered by 2.31, 4.08 or 2.04, and does no harm",
    late: "a transfer that goes on after EXCHANGE_LIFETIME is refused by 4.08, or completed",
    plain: "a Write in one message in the middle of a transfer is carried out",
  },
  async procedure(bench) {
    await givenWritten(bench, 1);
    bench.step("two blocks of one body, then all of another");
    const broken = transfer(bench, 2);
    for (const _ of ["first", "second"]) await broken.next();
    bench.expectCode("anew", await transfer(bench, 3).rest(), CHANGED);
    await expectHeld(bench, "anew", 3);
    bench.step("a block comes again, as a request of its own");
    const blocks = transfer(bench, 4);
    await blocks.next();
    const before = { at: blocks.at, size: blocks.size };
    await blocks.next();
    Object.assign(blocks, before);
    const again = await blocks.rest();
    const isFine = again.code === CHANGED || again.code === REQUEST_ENTITY_INCOMPLETE;
    bench.expect("again", isFine, was(again));
    await expectHeld(bench, "again", again.code === CHANGED ? 4 : 3);
    await givenWritten(bench, 5);
    bench.step("two blocks, and the rest when they may be forgotten");
    const slow = transfer(bench, 6);
    for (const _ of ["first", "second"]) await slow.next();
    await bench.wait(FORGOTTEN);
    const late = await slow.rest();
    const isLegal = late.code === CHANGED || late.code === REQUEST_ENTITY_INCOMPLETE;
    bench.expect("late", isLegal, was(late));
    await expectHeld(bench, "late", late.code === CHANGED ? 6 : 5);
    bench.step("two blocks, and then a Write that is whole");
    const halted = transfer(bench, 7);
    for (const _ of ["first", "second"]) await halted.next();
    const payload = encodeValues(TLV, CONTAINER, { [`${CONTAINER}/0`]: Uint8Array.of(7, 7) });
    bench.expectCode("plain", await bench.put(CONTAINER, TLV, payload), CHANGED);
    const held = { [`${CONTAINER}/0`]: Uint8Array.of(7, 7) };
    bench.expectValues("plain", await bench.read(CONTAINER, TLV), held);
  },
});

const BAD_BLOCKS = clientCase({
  id: "dormouse-block-write-bad",
  title: "Blocks that do not belong together, or contradict themselves, are refused",
  versions: ALL,
  clauses: ["RFC 7959 §2.2", "RFC 7959 §2.3"],
  configuration: C_15,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    format: "a block in another Content-Format than those before it is not joined to them",
    reserved: "a Block1 option with the reserved SZX 7 is answered by 4.00",
    short: "a block that is shorter than its size though more follow is refused by 4.00 or 4.08",
    unchanged: "and nothing is changed by any of them",
  },
  async procedure(bench) {
    await givenWritten(bench, 1);
    bench.step("the second block is in another format");
    const mixed = transfer(bench, 2);
    await mixed.next();
    const other = await bench.ask({ ...mixed.part(), format: OCTET_STREAM });
    const isApart = [...REFUSED, UNSUPPORTED_CONTENT_FORMAT].includes(other.code);
    bench.expect("format", isApart, `${was(other)}, not by 4.08`);
    bench.step("a block with SZX 7, and one that is too short");
    const question = { method: PUT, path: CONTAINER, format: TLV, payload: body(2) };
    const reserved = await bench.ask({ ...question, options: [uintOption(BLOCK1, 0x0f)] });
    bench.expectCode("reserved", reserved, BAD_REQUEST);
    const options = [blockOption(BLOCK1, 0, true, 1024)];
    const short = await bench.ask({ ...question, options });
    bench.expect("short", REFUSED.includes(short.code), `${was(short)}, not by 4.00`);
    await expectHeld(bench, "unchanged", 1);
  },
});

const TWO_SERVERS = clientCase({
  id: "dormouse-block-write-servers",
  title: "Transfers of two servers are kept apart",
  versions: ALL,
  clauses: ["RFC 7959 §2.5"],
  configuration: {
    ...C_14,
    name: "C.14 with the containers of C.15",
    objects: { ...C_14.objects, 19: C_15.objects[19] },
  },
  begins: "registered",
  needs: NEEDS,
  criteria: {
    apart:
      "two servers that write in turns are each answered by 2.31 and last by 2.04, or by 4.08 or 4.13",
    whole: "what is held then is the body of one of them",
  },
  async procedure(bench) {
    let turns = [0, 1].map((server) => ({ server, blocks: transfer(bench, server + 1, server) }));
    let winner = 0;
    while (turns.length > 0) {
      const { server, blocks } = turns[0];
      const { isLast } = blocks;
      const answer = await blocks.next();
      const isFine = answer.code === (isLast ? CHANGED : CONTINUE);
      if (isFine && isLast) winner = server + 1;
      const isBusy = [REQUEST_ENTITY_INCOMPLETE, REQUEST_ENTITY_TOO_LARGE].includes(answer.code);
      bench.expect("apart", isFine || isBusy, `server ${server + 1}: ${was(answer)}`);
      turns = [...turns.slice(1), ...(isBusy || blocks.isOver ? [] : [turns[0]])];
    }
    bench.given(winner !== 0, "neither of two transfers at once was completed");
    await expectHeld(bench, "whole", winner);
  },
});

export const OWN_BLOCK_WISE_CASES: readonly ConformanceCase[] = [
  IN_ORDER,
  LOST_BLOCK,
  MIXED_UP,
  BAD_BLOCKS,
  TWO_SERVERS,
];

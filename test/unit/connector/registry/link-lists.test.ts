import { expect, test } from "vitest";
import { LinkLists, parseLinkList } from "../../../../connector/registry/link-lists.ts";
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import { seededRandom } from "../connector/rig.ts";

test("the same list is read once and shared", () => {
  const lists = new LinkLists();
  const first = lists.read(encodeUtf8("</3/0>,</5>"));
  expect(lists.read(encodeUtf8("</3/0>,</5>"))).toBe(first);
  expect(lists.read(encodeUtf8("</3/0>,</6>"))).not.toBe(first);
});

test("however many lists there are, each payload is read as what it is", () => {
  const random = seededRandom(7);
  const lists = new LinkLists();
  for (let i = 0; i < 20_000; i++) {
    // Of few kinds, so that they meet in the table: the same again, others in the same place, others of another length.
    const links = Array.from({ length: random.uint32() % 4 }, () => `</${random.uint32() % 40}>`);
    const text = links.join();
    expect(lists.read(encodeUtf8(text))).toEqual(parseLinkList(text));
  }
});

test("a malformed list is not remembered as anything else", () => {
  const lists = new LinkLists();
  expect(isMalformed(lists.read(encodeUtf8("nonsense")))).toBe(true);
  expect(isMalformed(lists.read(encodeUtf8("nonsense")))).toBe(true);
});

test("what is read does not change with the datagram that it came in", () => {
  const lists = new LinkLists();
  const datagram = encodeUtf8("</3/0>");
  lists.read(datagram);
  datagram.fill(0x41);
  expect(lists.read(encodeUtf8("</3/0>"))).toMatchObject({ text: "</3/0>" });
});

test("LwM2M Core 1.1.1 §6.2.1: the root link is found with quotes or without, and taken off", () => {
  for (const [text, rootPath, uris] of [
    ['</>;rt="oma.lwm2m";ct=112,</3/0>', "", ["/3/0"]],
    ["</>;rt=oma.lwm2m,</3/0>", "", ["/3/0"]],
    ["</lwm2m/>;rt=oma.lwm2m,</lwm2m/3/0>,</lwm2mx>", "/lwm2m", ["/3/0", "/lwm2mx"]],
    ["</3/0>;rt=temperature", "", ["/3/0"]],
    ["", "", []],
  ] as const) {
    const list = parseLinkList(text);
    if (isMalformed(list)) throw new Error(list.fault);
    expect([list.text, list.rootPath, ...list.links.map(({ uri }) => uri)]).toEqual([
      text,
      rootPath,
      ...uris,
    ]);
  }
});

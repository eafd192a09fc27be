import { expect, test } from "vitest";
import type { DownlinkRequest } from "../../../../connector/contract.ts";
import { QueueEntry } from "../../../../connector/queue/queue-entry.ts";
import { overlaps, supersededBy } from "../../../../connector/queue/superseding.ts";
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { DELETE, FETCH, GET, IPATCH, POST, PUT } from "../../../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../../../protocol/coap/message.ts";

type Asked = Partial<DownlinkRequest> & { readonly path: string };

function request(asked: Asked): DownlinkRequest {
  return {
    method: GET,
    payload: NO_BYTES,
    confirmable: true,
    expiresIn: 1000,
    mayBeSuperseded: true,
    ...asked,
  };
}

function write(path: string, text = "1"): Asked {
  return { method: PUT, path, payload: encodeUtf8(text) };
}

function attributes(path: string, ...query: string[]): Asked {
  return { method: PUT, path, query };
}

/** Which of the waiting requests the later one takes the place of, by its place; -1 for none. */
function superseded(waiting: readonly Asked[], later: Asked): number {
  const entries = waiting.map((asked, i) => new QueueEntry(`${i}`, i, request(asked), 1000));
  const entry = supersededBy(entries, request(later));
  return entry === undefined ? -1 : entries.indexOf(entry);
}

test.each([
  ["a Write of the same resource", write("/3303/0/5750"), write("/3303/0/5750"), 0],
  ["a Write of the same instance", write("/3303/0"), write("/3303/0"), 0],
  ["a Write of a plain resource", write("/led/1"), write("/led/1"), 0],
  ["a Write of nothing", { method: PUT, path: "/led" }, write("/led"), 0],
  ["the same attributes", attributes("/3303", "pmin=1"), attributes("/3303", "pmin=2"), 0],
  ["more attributes", attributes("/3303", "gt"), attributes("/3303", "gt=1", "pmin=2"), 0],
  ["fewer attributes", attributes("/3303", "gt", "lt=1"), attributes("/3303", "gt=2"), -1],
  ["attributes, not a Write", write("/3303/0"), attributes("/3303/0", "pmin=1"), -1],
  ["a Write, not attributes", attributes("/3303/0", "pmin=1"), write("/3303/0"), -1],
  ["a Write of the instance around it", write("/3303/0/5750"), write("/3303/0"), -1],
  ["a Write of a resource in it", write("/3303/0"), write("/3303/0/5750"), -1],
  ["another resource", write("/3303/0/5750"), write("/3303/0/5751"), -1],
  ["a Write in part", { ...write("/3303/0"), method: POST }, write("/3303/0"), -1],
  ["a Write in part that is later", write("/3303/0"), { ...write("/3303/0"), method: POST }, -1],
  ["an Execute", { method: POST, path: "/3/0/4" }, { method: POST, path: "/3/0/4" }, -1],
  ["a Create", { ...write("/3303"), method: POST }, { ...write("/3303"), method: POST }, -1],
  ["a Delete", { method: DELETE, path: "/3303/0" }, { method: DELETE, path: "/3303/0" }, -1],
  ["a Read", { path: "/3303/0" }, { path: "/3303/0" }, -1],
  ["a Write-Composite", { method: IPATCH, path: "/" }, { method: IPATCH, path: "/" }, -1],
] as [string, Asked, Asked, number][])("%s", (_, earlier, later, expected) => {
  expect(superseded([earlier], later)).toBe(expected);
});

const LATER = write("/3303/0/5750", "2");

test.each([
  ["a Read of it", { path: "/3303/0/5750" }],
  ["a Read of what is around it", { path: "/3303" }],
  ["a Read below it", { path: "/3303/0/5750/1" }],
  ["a Discover of it", { path: "/3303/0", accept: 40 }],
  ["a Delete of its instance", { method: DELETE, path: "/3303/0" }],
  ["a Create of its object", { method: POST, path: "/3303" }],
  ["a Write of its instance", write("/3303/0")],
  ["an Execute anywhere", { method: POST, path: "/5/0/2" }],
  ["a plain POST anywhere", { method: POST, path: "/blink" }],
  ["a Read-Composite", { method: FETCH, path: "/", paths: ["/3/0/0"] }],
  ["a Write-Composite", { method: IPATCH, path: "/" }],
  ["a change of rights", write("/2/0/2")],
  ["a change of an account", write("/1/0/1")],
  ["a Write that its sender wants to see done", { ...LATER, mayBeSuperseded: false }],
] as [string, Asked][])("nothing is left out across %s", (_, between) => {
  expect(superseded([write("/3303/0/5750"), between], LATER)).toBe(-1);
});

test.each([
  ["a Read elsewhere", { path: "/3303/1" }],
  ["a Write elsewhere", write("/3303/0/5751")],
  ["a Read of an account", { path: "/1/0/1" }],
  ["a Create of another object", { method: POST, path: "/3304" }],
  ["a path that only begins alike", { path: "/3303/0/57501" }],
] as [string, Asked][])("%s hides nothing", (_, between) => {
  expect(superseded([write("/3303/0/5750"), between], LATER)).toBe(0);
});

test("of several the last is superseded, each once", () => {
  expect(superseded([LATER, LATER], LATER)).toBe(1);
});

test("what was sent before is not left out, nor what its sender wants to see done", () => {
  const sent = new QueueEntry("0", 0, request(LATER), 1000);
  sent.wasSent = true;
  expect(supersededBy([sent], request(LATER))).toBeUndefined();
  expect(superseded([{ ...LATER, mayBeSuperseded: false }], LATER)).toBe(-1);
});

test("paths overlap when one is at or below the other, by whole segments", () => {
  expect(overlaps("/3", "/3/0/1")).toBe(true);
  expect(overlaps("/3/0/1", "/3/0")).toBe(true);
  expect(overlaps("/", "/3")).toBe(true);
  expect(overlaps("/3", "/33")).toBe(false);
  expect(overlaps("/3/0", "/3/1")).toBe(false);
});

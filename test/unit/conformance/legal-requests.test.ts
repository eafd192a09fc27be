import { expect, test } from "vitest";
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { DELETE, FETCH, GET, IPATCH, PATCH, POST, PUT } from "../../../protocol/coap/codes.ts";
import {
  LINK_FORMAT,
  LWM2M_CBOR,
  SENML_CBOR,
  TEXT,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import { CON, type Message, NON } from "../../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  OBSERVE,
  textOption,
  URI_PATH,
  URI_QUERY,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { pathOptions } from "../../../protocol/coap/uri.ts";
import { illegalIn } from "../../conformance/legal-requests.ts";

interface Said {
  readonly format?: number;
  readonly accept?: number;
  readonly observe?: number;
  readonly query?: string;
  readonly type?: number;
}

function request(code: number, path: string, said: Said = {}): Message {
  const { format, accept, observe, query, type = CON } = said;
  const options = pathOptions(URI_PATH, path);
  if (format !== undefined) options.push(uintOption(CONTENT_FORMAT, format));
  if (accept !== undefined) options.push(uintOption(ACCEPT, accept));
  if (observe !== undefined) options.push(uintOption(OBSERVE, observe));
  if (query !== undefined) options.push(textOption(URI_QUERY, query));
  const payload = format === undefined ? new Uint8Array(0) : encodeUtf8("x");
  return { type, code, messageId: 1, token: new Uint8Array(0), options, payload };
}

test.each<[string, "1.0" | "1.1" | "1.2", Message]>([
  ["a Read", "1.0", request(GET, "/3/0", { accept: TLV })],
  ["a Discover", "1.0", request(GET, "/3", { accept: LINK_FORMAT })],
  ["an Observe", "1.0", request(GET, "/3/0/7", { observe: 0 })],
  ["its end", "1.0", request(GET, "/3/0/7", { observe: 1 })],
  ["a Write", "1.0", request(PUT, "/1/0/1", { format: TEXT })],
  ["Write-Attributes", "1.0", request(PUT, "/3", { query: "pmin=10" })],
  ["an Execute, which need not be Confirmable", "1.0", request(POST, "/3/0/4", { type: NON })],
  ["a Create", "1.0", request(POST, "/16", { format: TLV })],
  ["a Delete", "1.0", request(DELETE, "/16/1")],
  ["a Read-Composite", "1.1", request(FETCH, "/", { format: SENML_CBOR, accept: SENML_CBOR })],
  ["a Write-Composite", "1.1", request(IPATCH, "/", { format: SENML_CBOR })],
  [
    "an observation with attributes",
    "1.2",
    request(GET, "/3/0/7", { observe: 0, query: "pmin=1" }),
  ],
  ["a named resource, of which LwM2M says nothing", "1.0", request(PATCH, "/lamp/state")],
])("LwM2M Transport 1.1.1 §6.4.4: %s is an operation of LwM2M %s", (_, version, message) => {
  expect(illegalIn(version, message)).toBeUndefined();
});

test.each<[string, "1.0" | "1.1" | "1.2", Message]>([
  ["which no operation is", "1.1", request(PUT, "/3", { format: TEXT })],
  ["which no operation is", "1.1", request(PATCH, "/3/0")],
  ["which no operation is", "1.1", request(FETCH, "/3/0", { format: SENML_CBOR })],
  ["to a client of LwM2M 1.0", "1.0", request(FETCH, "/", { format: SENML_CBOR })],
  ["in a Non-confirmable message", "1.1", request(GET, "/3/0", { type: NON })],
  ["with the parameter color", "1.1", request(PUT, "/3", { query: "color=blue" })],
  ["with SenML CBOR (112)", "1.0", request(GET, "/3/0", { accept: SENML_CBOR })],
  ["with LwM2M CBOR (11544)", "1.1", request(PUT, "/3/0", { format: LWM2M_CBOR })],
  ["with link format (40)", "1.2", request(PUT, "/3/0/15", { format: LINK_FORMAT })],
])("LwM2M Transport 1.1.1 §6.4.4: a request %s is none of LwM2M %s", (words, version, message) => {
  expect(illegalIn(version, message)).toContain(words);
});

/**
 * What one request and its response cost the interpreter: our endpoint's, deduplication and all, against the bare codec's that does nothing
 * else. Both in one run, in turns. Prints `#speed OURS BARE`, microseconds each.
 */
import { BasicEndpoint } from "../../../protocol/coap/basic-endpoint.ts";
import { isResponse } from "../../../protocol/coap/codes.ts";
import { REQUEST_RECEIVED } from "../../../protocol/coap/exchange.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import { decode, encode } from "../../engine/baseline/codec.ts";

const ROUNDS = 8;
/** The time that a process has computed is told in steps of some milliseconds: a round takes many of them. */
const TIMES = 200;
const CONTENT = 69;

function bytesOf(text: string): Uint8Array {
  return E.toUint8Array(text);
}

/** 94 bytes with six options, as a Register has. */
const OPTIONS = [
  { number: 11, value: bytesOf("rd") },
  { number: 12, value: new Uint8Array([40]) },
  { number: 15, value: bytesOf("ep=demo-0123456789") },
  { number: 15, value: bytesOf("lt=300") },
  { number: 15, value: bytesOf("lwm2m=1.1") },
  { number: 15, value: bytesOf("b=U") },
];
const PAYLOAD = bytesOf("</1/0>,</3/0>,</3303/0>,</3304/0>");
const TOKEN = new Uint8Array([1, 2, 3, 4]);
const REQUEST = encode({
  type: 0,
  code: 2,
  messageId: 1,
  token: TOKEN,
  options: OPTIONS,
  payload: PAYLOAD,
});

// In a whole program they are called from several places, and stay functions of their own.
if (isMalformed(REQUEST) || isResponse(CONTENT + 0x100)) throw new Error("not so");

let messageId = 1;
let now = 0;
const endpoint = new BasicEndpoint({
  random: {
    uint32: () => 1,
  },
  transmission: DEFAULT_TRANSMISSION,
  blockSize: 256,
  maxBody: 2048,
  rememberedMessages: 4,
  maxRequests: 2,
});

function next(): Uint8Array {
  messageId = (messageId + 1) & 0xffff;
  REQUEST[2] = messageId >> 8;
  REQUEST[3] = messageId & 255;
  return REQUEST;
}

function ours(): void {
  now += 1000;
  endpoint.handleDatagram(now, next());
  const event = endpoint.pollEvent();
  if (event === undefined || event.kind !== REQUEST_RECEIVED) throw new Error("no request");
  endpoint.respond(now, event.request, { code: CONTENT, options: OPTIONS, payload: PAYLOAD });
  if (endpoint.pollTransmit() === undefined) throw new Error("no response");
}

function bare(): void {
  const request = decode(next());
  if (request === undefined) throw new Error("no request");
  encode({
    type: 2,
    code: CONTENT,
    messageId: request.messageId,
    token: request.token,
    options: OPTIONS,
    payload: PAYLOAD,
  });
}

declare function require(module: "fs"): { readFileSync(path: string): string };

/** Seconds that this process has computed: the machine has other things to do. */
function computed(): number {
  // biome-ignore lint/style/useNodejsImportProtocol: the interpreter's own module
  return parseFloat(require("fs").readFileSync("/proc/self/schedstat")) / 1e9;
}

/** Seconds. */
function timeOf(work: () => void): number {
  const begunAt = computed();
  for (let i = 0; i < TIMES; i++) work();
  return computed() - begunAt;
}

let spentOurs = Infinity;
let spentBare = Infinity;
for (let i = 0; i < ROUNDS; i++) {
  spentOurs = Math.min(spentOurs, timeOf(ours));
  spentBare = Math.min(spentBare, timeOf(bare));
}
print("#speed", (spentOurs * 1e6) / TIMES, (spentBare * 1e6) / TIMES);

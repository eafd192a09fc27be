/** What is different without blocks; all that the endpoints share is in coap-endpoint.test.ts. */
import { expect, test } from "vitest";
import { BasicEndpoint } from "../../../../protocol/coap/basic-endpoint.ts";
import { blockOption } from "../../../../protocol/coap/block.ts";
import { CONTENT, GET, POST, PUT } from "../../../../protocol/coap/codes.ts";
import {
  BAD_RESPONSE,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
} from "../../../../protocol/coap/exchange.ts";
import { ACK, CON, decodeMessage, encodeMessage } from "../../../../protocol/coap/message.ts";
import { BLOCK1, BLOCK2, type Option } from "../../../../protocol/coap/options.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import { coapSettings, describe as line } from "../../../support/coap-pair.ts";

const NOTHING = new Uint8Array(0);
const TOKEN = Uint8Array.of(1);
const LONG = new Uint8Array(300);

const given = () => new BasicEndpoint(coapSettings({ blockSize: 64 }));
const sentBy = (endpoint: BasicEndpoint) => {
  const datagram = endpoint.pollTransmit();
  const message = datagram === undefined ? undefined : decodeMessage(datagram);
  if (message === undefined || isMalformed(message)) throw new Error("nothing was sent");
  return message;
};
const fromPeer = (type: number, code: number, messageId: number, options: Option[]) =>
  encodeMessage({ type, code, messageId, token: TOKEN, options, payload: NOTHING });

test.each([
  ["Block1", PUT, blockOption(BLOCK1, 0, true, 64)],
  ["Block2", GET, blockOption(BLOCK2, 1, false, 64)],
])("a request with %s is refused with 4.02 (RFC 7252 §5.4.1)", (_, method, option) => {
  const endpoint = given();
  endpoint.handleDatagram(0, fromPeer(CON, method, 7, [option]));
  expect(line(endpoint.pollTransmit() ?? NOTHING)).toContain("4.02");
  expect(endpoint.pollEvent()).toBeUndefined();
});

test("a long request goes in one message", () => {
  const endpoint = given();
  endpoint.request(0, { code: POST, options: [], payload: LONG });
  expect(sentBy(endpoint)).toMatchObject({ payload: LONG, options: [] });
});

test("so do a long answer and a long notification", () => {
  const endpoint = given();
  endpoint.handleDatagram(0, fromPeer(CON, GET, 7, []));
  const event = endpoint.pollEvent();
  if (event?.kind !== REQUEST_RECEIVED) throw new Error("no request");
  const content = { code: CONTENT, options: [], payload: LONG };
  endpoint.respond(0, event.request, content);
  endpoint.notify(0, TOKEN, content, false);
  expect(sentBy(endpoint)).toMatchObject({ type: ACK, payload: LONG });
  expect(sentBy(endpoint).payload).toEqual(LONG);
});

test("an answer in blocks, which is none that was asked for, ends the request", () => {
  const endpoint = given();
  const id = endpoint.request(0, { code: GET, options: [], payload: NOTHING });
  const { token, messageId } = sentBy(endpoint);
  const options = [blockOption(BLOCK2, 0, true, 64)];
  const answer = { type: ACK, code: CONTENT, messageId, token, options, payload: LONG };
  endpoint.handleDatagram(0, encodeMessage(answer));
  expect(endpoint.pollEvent()).toEqual({ kind: REQUEST_FAILED, id, failure: BAD_RESPONSE });
  expect(endpoint.isIdle()).toBe(true);
});

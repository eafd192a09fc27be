/** Messages as a client says them. */
import { ACK, type Message, NO_BYTES } from "../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, type Option, uintOption } from "../../../protocol/coap/options.ts";

/** Piggybacked. */
export function answer(
  { messageId, token }: Message,
  code: number,
  options: readonly Option[] = [],
  payload: Uint8Array = NO_BYTES,
): Message {
  return { type: ACK, code, messageId, token, options: [...options], payload };
}

export function answerWith(
  request: Message,
  code: number,
  format: number,
  payload: Uint8Array,
  options: readonly Option[] = [],
): Message {
  return answer(request, code, [...options, uintOption(CONTENT_FORMAT, format)], payload);
}

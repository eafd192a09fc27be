/** ETag, If-Match and If-None-Match (RFC 7252 §5.10.6, §5.10.8) for a client that has none of them. */
import { entityTag } from "../../../protocol/coap/block.ts";
import {
  CONTENT,
  GET,
  isSuccess,
  PRECONDITION_FAILED,
  VALID,
} from "../../../protocol/coap/codes.ts";
import { ACK, type Message, NO_BYTES } from "../../../protocol/coap/message.ts";
import {
  ACCEPT,
  BLOCK1,
  BLOCK2,
  CONTENT_FORMAT,
  ETAG,
  findOption,
  OBSERVE,
  type Option,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { answer } from "./answers.ts";

export const IF_MATCH = 1;
export const IF_NONE_MATCH = 5;

/** Asks the client within. */
export type AskClient = (
  question: Pick<Message, "code" | "options"> & { readonly path: string },
) => Promise<Message | undefined>;

export class ConditionalRequests {
  private readonly ask: AskClient;
  /** Reads whose answers get a tag, by Message ID, with the tags that the reader knows. */
  private readonly reads = new Map<number, readonly Option[]>();

  constructor(ask: AskClient) {
    this.ask = ask;
  }

  /** 4.12 when a condition of the request does not hold. */
  async refusal(request: Message, path: string): Promise<Message | undefined> {
    const { options } = request;
    const ifMatch = options.filter(({ number }) => number === IF_MATCH);
    const ifNoneMatch = options.some(({ number }) => number === IF_NONE_MATCH);
    if (ifMatch.length === 0 && !ifNoneMatch) return undefined;
    const format = uintOf(options, CONTENT_FORMAT, 0);
    const now = await this.ask({ code: GET, path, options: [uintOption(ACCEPT, format)] });
    const isThere = now !== undefined && isSuccess(now.code);
    const tag = `${entityTag(now?.payload ?? NO_BYTES)}`;
    const isMet = ifMatch.some(({ value }) => value.length === 0 || `${value}` === tag);
    const holds = ifNoneMatch ? !isThere : isThere && isMet;
    return holds ? undefined : answer(request, PRECONDITION_FAILED);
  }

  /** The request for one that knows no conditions. */
  without(request: Message): Message {
    const { code, options, messageId } = request;
    if (code === GET && !options.some(({ number }) => UNTAGGED.includes(number))) {
      const known = options.filter(({ number }) => number === ETAG);
      this.reads.set(messageId, known);
    }
    const isCondition = ({ number }: Option) => number === IF_MATCH || number === IF_NONE_MATCH;
    return options.some(isCondition)
      ? { ...request, options: options.filter((option) => !isCondition(option)) }
      : request;
  }

  /** The answer to a Read with its ETag, or 2.03 when the reader knows it. */
  tagged(message: Message): Message {
    const known = this.reads.get(message.messageId);
    if (message.type !== ACK || message.code !== CONTENT || known === undefined) return message;
    if (findOption(message.options, BLOCK2) !== undefined) return message;
    const tag = { number: ETAG, value: entityTag(message.payload) };
    const isKnown = known.some(({ value }) => `${value}` === `${tag.value}`);
    if (isKnown) return { ...message, code: VALID, options: [tag], payload: NO_BYTES };
    return { ...message, options: [...message.options, tag] };
  }
}

const UNTAGGED: readonly number[] = [BLOCK1, BLOCK2, OBSERVE];

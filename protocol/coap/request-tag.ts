/**
 * The Request-Tag option: which blocks belong to one request body (RFC 9175 §3).
 *
 * For a server it is nothing new: blocks whose Request-Tags differ have different options, so that
 * `isSameTransfer` parts them. What a client has to do is here.
 */
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import type { Option } from "./options.ts";
import { uintOption } from "./options.ts";

export const REQUEST_TAG = 292;

/** How many bodies a client may have under way to one server, or left behind: tags stay one byte short. */
const MOST_TAGS = 256;

/**
 * A client's tags towards one server. One is taken for a body, and free again when its last block was answered; when its body was left
 * behind, only after nothing of it can arrive any more (§3.5.1). The first is no option at all: messages are as short as can be (§3.4).
 */
export class RequestTags {
  /** By tag: when it may be taken again, NEVER while its body is under way. */
  private readonly freeAt: Milliseconds[] = [];

  /** What to add to the options of all blocks of a body: nothing, or one option. */
  take(now: Milliseconds): readonly Option[] {
    let tag = 0;
    while (tag < this.freeAt.length && this.freeAt[tag] > now) tag++;
    // With so many left behind within minutes, the one that is free first has the best chance to be forgotten by the peer.
    if (tag === MOST_TAGS) tag = this.freeAt.indexOf(Math.min.apply(Math, this.freeAt));
    this.freeAt[tag] = NEVER;
    return tag === 0 ? [] : [uintOption(REQUEST_TAG, tag - 1)];
  }

  /** Gives back what `take` gave. @param freeAt when no block of the body can arrive any more */
  release(tag: readonly Option[], freeAt: Milliseconds): void {
    let at = 0;
    if (tag.length > 0) at = 1 + (tag[0].value.length === 0 ? 0 : tag[0].value[0]);
    this.freeAt[at] = freeAt;
  }
}

/**
 * The Request-Tag option: which blocks belong to one request body (RFC 9175 §3).
 *
 * For a server it is nothing new: blocks whose Request-Tags differ have different options, so that
 * `isSameTransfer` parts them. What a client has to do is here.
 */
import { equalBytes } from "../bytes/equal.ts";
import type { Option } from "./options.ts";
import { uintOption } from "./options.ts";

export const REQUEST_TAG = 292;

const LONGEST = 8;
/** How many bodies a client may have under way to one server: tags stay one byte short. */
const MOST_TAGS = 256;

/** True when two messages have the same Request-Tags in the same order; ones too long are ignored. */
export function hasSameRequestTags(a: readonly Option[], b: readonly Option[]): boolean {
  const left = tagsOf(a);
  const right = tagsOf(b);
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (!equalBytes(left[i], right[i])) return false;
  return true;
}

function tagsOf(options: readonly Option[]): Uint8Array[] {
  const tags: Uint8Array[] = [];
  for (let i = 0; i < options.length; i++) {
    const isTag = options[i].number === REQUEST_TAG && options[i].value.length <= LONGEST;
    if (isTag) tags.push(options[i].value);
  }
  return tags;
}

/**
 * A client's tags towards one server. A tag is taken for the first block of a body and released
 * when the last block was answered, or when nothing of the body can arrive any more (RFC 9175
 * §3.4): then, and only then, may it be used again.
 */
export class RequestTags {
  private readonly taken: boolean[] = [];

  /** The option for the blocks of one body; undefined while too many are under way. */
  take(): Option | undefined {
    let tag = 0;
    while (this.taken[tag]) tag++;
    if (tag === MOST_TAGS) return undefined;
    this.taken[tag] = true;
    return uintOption(REQUEST_TAG, tag);
  }

  /** Gives back what `take` gave. */
  release(option: Option): void {
    this.taken[option.value.length === 0 ? 0 : option.value[0]] = false;
  }
}

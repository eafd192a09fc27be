/**
 * Which version of LwM2M to speak with a server that may not have the agent's (LwM2M Core 1.2.2 §5.1, §6.2.1): one that it lists in
 * /1/x/25, and after a 4.12 the one below. What was found holds for a day, then the agent's own is tried again: a server that was
 * brought up to date is noticed, and one that was not costs a message a day at most.
 */
import { ENABLER_VERSIONS, enablerOf } from "../../../protocol/lwm2m/versions.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { HOUR } from "../../../protocol/time/duration.ts";

/** How long a version below the agent's is spoken after a 4.12. */
export const STEP_DOWN_PERIOD: Milliseconds = 24 * HOUR;

/**
 * The newest version up to `newest` that the server lists; `newest` when it lists none of them.
 *
 * @param listed as in /1/x/25, for example "1.1" or "1.2.1"; empty when the server does not say
 */
export function newestCommon(listed: readonly string[], newest: string): string {
  const lower = newestBelow(listed, ENABLER_VERSIONS.indexOf(newest) + 1);
  return lower === undefined ? newest : lower;
}

/** The next version to try after a refused one; undefined when there is none. @param listed as for `newestCommon` */
export function olderVersion(listed: readonly string[], refused: string): string | undefined {
  const at = ENABLER_VERSIONS.indexOf(refused);
  const lower = newestBelow(listed, at);
  return lower === undefined && at > 0 ? ENABLER_VERSIONS[at - 1] : lower;
}

function newestBelow(listed: readonly string[], end: number): string | undefined {
  let best = -1;
  for (let i = 0; i < listed.length; i++) {
    const enabler = enablerOf(listed[i]);
    const at = enabler === undefined ? -1 : ENABLER_VERSIONS.indexOf(enabler);
    if (at < end) best = Math.max(best, at);
  }
  return best < 0 ? undefined : ENABLER_VERSIONS[best];
}

/**
 * When a value has to be told, second by second, by the attributes of an observation (LwM2M Core 1.2.2 §7.3.2, §6.4.2). Written from the
 * standard and for the harness alone: it shares nothing with the agent that it judges.
 *
 *   change      to be told when no condition is set; else when gt or lt is crossed, or st reached, since the value told last
 *   pmin        at least so long after the notification before; a change within it is told when it is over
 *   pmax        at most so long; 0, and what is below pmin, means nothing
 *
 * What the standard leaves open is a parameter, so that a scenario can be shown not to depend on it.
 */

/** In seconds, and in units of the value. */
export interface Conditions {
  readonly pmin?: number;
  readonly pmax?: number;
  readonly gt?: number;
  readonly lt?: number;
  readonly st?: number;
}

export interface Moment {
  readonly second: number;
  readonly value: number;
}

/** What the standard does not say. */
export interface Reading {
  /** True: what had to be told within pmin is told when it is over, though the value has returned meanwhile. */
  readonly isLatched: boolean;
  /** True: gt and lt are crossed since the value before, not since the value told last. */
  readonly isFromBefore: boolean;
}

export const READINGS: readonly Reading[] = [
  { isLatched: true, isFromBefore: false },
  { isLatched: true, isFromBefore: true },
  { isLatched: false, isFromBefore: false },
];

/**
 * The notifications of an observation that is answered with `initial` at second 0.
 *
 * @param changes in order
 * @param until the last second, included
 */
export function notificationsOf(
  conditions: Conditions,
  initial: number,
  changes: readonly Moment[],
  until: number,
  { isLatched, isFromBefore }: Reading = READINGS[0],
): Moment[] {
  const { pmin = 0, pmax = 0 } = conditions;
  const longest = pmax === 0 || pmax < pmin ? Number.POSITIVE_INFINITY : pmax;
  const told: Moment[] = [];
  let last = { second: 0, value: initial };
  let value = initial;
  let isDue = false;
  for (let second = 0; second <= until; second++) {
    for (const change of changes) {
      if (change.second !== second) continue;
      const isNews = isNotable(
        conditions,
        last.value,
        isFromBefore ? value : last.value,
        change.value,
      );
      isDue = isLatched ? isDue || isNews : isNews;
      value = change.value;
    }
    const age = second - last.second;
    const hasToSay = (isDue && age >= pmin) || age >= longest;
    if (second === 0 || !hasToSay) continue;
    last = { second, value };
    told.push(last);
    isDue = false;
  }
  return told;
}

/** @param crossed what gt and lt are crossed from */
function isNotable(
  { gt, lt, st }: Conditions,
  told: number,
  crossed: number,
  value: number,
): boolean {
  if (gt === undefined && lt === undefined && st === undefined) return value !== told;
  if (gt !== undefined && crossed > gt !== value > gt) return true;
  if (lt !== undefined && crossed < lt !== value < lt) return true;
  return st !== undefined && Math.abs(value - told) >= st;
}

/**
 * What a battery feels of a device that is off between its contacts: how long it runs, how long its radio is on, how often it wakes.
 * `energy-account.ts` does the same for a device whose memory lasts; this one is kept with the device's state over every boot.
 *
 * Times are seconds of the calendar, by a clock that goes on while the device is off.
 */

import type { Item } from "./kept/kept-items.ts";
import { isAge, isCount, isList } from "./kept/kept-values.ts";

const DAY_SECONDS = 86400;
const MOST_WAKE_UPS = 0xffffffff;

export class PowerAccount {
  /** Since when it is kept. */
  since: number;
  /** Seconds in which the device ran, before this boot. */
  private awakeBefore = 0;
  private radioBefore = 0;
  wakeUps = 0;
  private readonly bootedAt: number;
  private readonly isOff: boolean;
  /** -1: the radio is off. */
  private radioSince = -1;

  /** @param isOff the device is off between its contacts; else it only rests while its radio is off */
  constructor(calendarSeconds: number, isOff: boolean) {
    this.isOff = isOff;
    this.since = calendarSeconds;
    this.bootedAt = calendarSeconds;
  }

  /** Goes on with an account of before; with anything else it begins anew. */
  resume(item: Item): void {
    if (!isList(item, 4) || !isAge(item[0]) || item[0] > this.bootedAt) return;
    if (!isAge(item[1]) || !isAge(item[2]) || !isCount(item[3], MOST_WAKE_UPS)) return;
    this.since = item[0];
    this.awakeBefore = item[1];
    this.radioBefore = item[2];
    this.wakeUps = item[3];
  }

  noteRadio(calendarSeconds: number, isOn: boolean): void {
    if (isOn === this.radioSince >= 0) return;
    if (isOn) {
      this.radioSince = calendarSeconds;
      if (!this.isOff) this.wakeUps++;
    } else {
      this.radioBefore += Math.max(calendarSeconds - this.radioSince, 0);
      this.radioSince = -1;
    }
  }

  /** Seconds. */
  awake(calendarSeconds: number): number {
    if (!this.isOff) return this.radioOn(calendarSeconds);
    return this.awakeBefore + Math.max(calendarSeconds - this.bootedAt, 0);
  }

  /** Seconds. */
  radioOn(calendarSeconds: number): number {
    const running = this.radioSince < 0 ? 0 : Math.max(calendarSeconds - this.radioSince, 0);
    return this.radioBefore + running;
  }

  /** What has to be kept, with a wake-up to come; to tenths of a second. */
  item(calendarSeconds: number): Item {
    return [
      tenths(this.since),
      tenths(this.awake(calendarSeconds)),
      tenths(this.radioOn(calendarSeconds)),
      this.wakeUps + 1,
    ];
  }

  /** The account in words. */
  words(calendarSeconds: number): string {
    const elapsed = Math.max(calendarSeconds - this.since, 1);
    const awake = this.awake(calendarSeconds);
    const perDay = (this.wakeUps * DAY_SECONDS) / elapsed;
    return (
      "awake " +
      tenths(awake) +
      " s, radio on " +
      tenths(this.radioOn(calendarSeconds)) +
      " s, asleep " +
      tenths(elapsed - awake) +
      " s, " +
      tenths(perDay) +
      " wake-ups a day"
    );
  }
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

/**
 * Values with the moment at which they were so: what a Send tells (LwM2M Core 1.2.2 §6.4.6), and the history in which an agent records
 * them until they are sent. Knows neither servers nor messages.
 */

import { isSuccess } from "../../../protocol/coap/codes.ts";
import { LWM2M_CBOR, SENML_CBOR, SENML_JSON } from "../../../protocol/coap/content-formats.ts";
import type { ContentCodec } from "../../../protocol/content/content-codec.ts";
import type { Entry, Value } from "../../../protocol/model/data-types.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { formatPath, parsePath } from "../../../protocol/model/path.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { misuse } from "../../objects/misuse.ts";
import type { BasicAgent } from "../basic-agent.ts";
import { isHidden, locate, read } from "../management/object-tree.ts";
import { senmlTime } from "./stored-notifications.ts";

export interface Sample {
  readonly entry: Entry;
  /** When it was so, by the monotonic clock. */
  readonly at: Milliseconds;
}

/** What an application names: the path of an object, an instance, a resource or a resource instance; or a value of its own. */
export type Reported = string | Entry;

/** Samples of one agent that wait to be sent. */
const MAX_RECORDED = 256;
const MAX_RECORDED_BYTES = 16384;
const NO_SAMPLES: readonly Sample[] = [];

/** Samples in order; the oldest give way. */
export class History {
  /** How many gave way. */
  dropped = 0;
  private samples: readonly Sample[] = NO_SAMPLES;
  private bytes = 0;

  add(samples: readonly Sample[]): void {
    this.samples = this.samples.concat(samples);
    this.bytes += bytesOf(samples);
    let surplus = 0;
    while (this.samples.length - surplus > MAX_RECORDED || this.bytes > MAX_RECORDED_BYTES) {
      this.bytes -= bytesOf([this.samples[surplus]]);
      surplus++;
    }
    if (surplus > 0) this.samples = this.samples.slice(surplus);
    this.dropped += surplus;
  }

  all(): readonly Sample[] {
    return this.samples;
  }

  clear(): void {
    this.samples = NO_SAMPLES;
    this.bytes = 0;
  }
}

/**
 * The present values of what is named, those that servers may read. Throws `agent/report-path` for a text that is no path.
 */
export function samplesOf(
  agent: BasicAgent,
  now: Milliseconds,
  reported: readonly Reported[],
): readonly Sample[] {
  const samples: Sample[] = [];
  for (let i = 0; i < reported.length; i++) {
    const each = reported[i];
    const entries: Entry[] = [];
    if (typeof each === "string") readPath(agent, each, entries);
    else if (each.value !== undefined && isThere(agent, each.path)) entries.push(each);
    for (let k = 0; k < entries.length; k++) {
      if (entries[k].value !== undefined) samples.push({ entry: entries[k], at: now });
    }
  }
  return samples;
}

function readPath(agent: BasicAgent, text: string, entries: Entry[]): void {
  const path = parsePath(text);
  if (path === undefined || path.length === 0) {
    throw misuse("agent/report-path", `${text} is no path of an object`);
  }
  const object = agent.object(path[0]);
  if (object === undefined || isHidden(path[0]) || !isSuccess(locate(object, path))) return;
  read(object, path, entries);
}

/** True while servers know of the object instance that a path leads to: only of these a Send tells (§6.4.6). */
export function isThere(agent: BasicAgent, path: Path): boolean {
  const object = isHidden(path[0]) ? undefined : agent.object(path[0]);
  return object !== undefined && object.instances.get(path[1]) !== undefined;
}

/** About what they take in a payload. */
export function bytesOf(samples: readonly Sample[]): number {
  let bytes = 0;
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i].entry.value as Value;
    const isLong = typeof value === "string" || value instanceof Uint8Array;
    bytes += 16 + (isLong ? value.length : 8);
  }
  return bytes;
}

/** The codec for a Send: that of the format, else SenML CBOR, SenML JSON or LwM2M CBOR, whichever the agent has first. */
export function sendCodec(
  codecs: readonly ContentCodec[],
  format: number | undefined,
): ContentCodec | undefined {
  const formats = format === undefined ? [SENML_CBOR, SENML_JSON, LWM2M_CBOR] : [format];
  for (let i = 0; i < formats.length; i++) {
    for (let k = 0; k < codecs.length; k++) {
      if (codecs[k].format === formats[i]) return codecs[k];
    }
  }
  return undefined;
}

/**
 * Their payload: in SenML each with its time unless that is now; in LwM2M CBOR, which has no times, the newest of each place.
 *
 * @param calendar seconds since 1970; undefined without a clock
 */
export function encodeSamples(
  codec: ContentCodec,
  samples: readonly Sample[],
  now: Milliseconds,
  calendar: number | undefined,
): Uint8Array | undefined {
  const hasTimes = codec.format !== LWM2M_CBOR;
  const entries: Entry[] = [];
  const told: { [path: string]: boolean | undefined } = {};
  for (let i = samples.length - 1; i >= 0; i--) {
    const { entry, at } = samples[i];
    const path = formatPath(entry.path);
    if (!hasTimes && told[path] === true) continue;
    told[path] = true;
    const since = at === now ? undefined : senmlTime(now, calendar, at);
    const time = entry.time === undefined ? since : entry.time;
    entries.push({
      path: entry.path,
      type: entry.type,
      value: entry.value,
      time: hasTimes ? time : undefined,
    });
  }
  entries.reverse();
  if (!hasTimes) entries.sort(byPath);
  return codec.encode([], entries);
}

function byPath(a: Entry, b: Entry): number {
  for (let i = 0; i < a.path.length && i < b.path.length; i++) {
    if (a.path[i] !== b.path[i]) return a.path[i] - b.path[i];
  }
  return a.path.length - b.path.length;
}

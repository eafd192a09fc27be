/**
 * Latencies in logarithmic buckets: constant memory, mergeable between processes, at most 3 % wide.
 */
import type { Milliseconds } from "../../protocol/time/duration.ts";

/** Each power of two of microseconds is cut into this many buckets of equal width. */
const BUCKETS_PER_OCTAVE = 32;
const OCTAVE_BITS = 5;
/** 2^28 microseconds are 268 s, longer than any exchange of RFC 7252 lasts. */
const LONGEST = 2 ** 28 - 1;
const BUCKETS = bucketOf(LONGEST / 1000) + 1;

/** A histogram as it travels between processes. */
export interface LatencySnapshot {
  readonly counts: readonly number[];
  readonly max: Milliseconds;
}

export class LatencyHistogram {
  /** How many latencies were recorded. */
  total = 0;
  /** The longest latency, exact; 0 when none was recorded. */
  max: Milliseconds = 0;
  private readonly counts = new Float64Array(BUCKETS);

  record(latency: Milliseconds): void {
    this.counts[bucketOf(latency)]++;
    this.total++;
    if (latency > this.max) this.max = latency;
  }

  /** The latency that `share` (0..1) of the records do not exceed, to within a bucket; 0 when there are none. */
  percentile(share: number): Milliseconds {
    const wanted = share * this.total;
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.counts[bucket];
      if (seen >= wanted && seen > 0) return Math.min(upperEdge(bucket), this.max);
    }
    return this.max;
  }

  /** How many records lie above `low` and not above `high`, to within a bucket. */
  countBetween(low: Milliseconds, high: Milliseconds): number {
    let count = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const edge = upperEdge(bucket);
      if (edge > low && edge <= high) count += this.counts[bucket];
    }
    return count;
  }

  snapshot(): LatencySnapshot {
    return { counts: Array.from(this.counts), max: this.max };
  }

  /** Adds the records of another process. */
  merge(other: LatencySnapshot): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.counts[bucket] += other.counts[bucket];
      this.total += other.counts[bucket];
    }
    this.max = Math.max(this.max, other.max);
  }
}

function bucketOf(latency: Milliseconds): number {
  const microseconds = Math.min(LONGEST, Math.floor(latency * 1000));
  if (microseconds < BUCKETS_PER_OCTAVE) return microseconds;
  const octave = 31 - Math.clz32(microseconds) - OCTAVE_BITS;
  return octave * BUCKETS_PER_OCTAVE + (microseconds >> octave);
}

function upperEdge(bucket: number): Milliseconds {
  if (bucket === BUCKETS - 1) return Infinity;
  const octave = Math.max(0, (bucket >> OCTAVE_BITS) - 1);
  return ((bucket - octave * BUCKETS_PER_OCTAVE + 1) * 2 ** octave) / 1000;
}

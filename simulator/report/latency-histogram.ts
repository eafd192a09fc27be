/**
 * Latencies in logarithmic buckets: constant memory, mergeable between processes, about 4 % wide everywhere.
 */
import type { Milliseconds } from "../../protocol/time/duration.ts";

const BUCKETS_PER_OCTAVE = 16;
/** 2^28 microseconds are 268 s, longer than any exchange of RFC 7252 lasts. */
const OCTAVES = 28;
const BUCKETS = BUCKETS_PER_OCTAVE * OCTAVES;

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
  const microseconds = latency * 1000;
  if (microseconds < 1) return 0;
  return Math.min(BUCKETS - 1, Math.floor(Math.log2(microseconds) * BUCKETS_PER_OCTAVE));
}

function upperEdge(bucket: number): Milliseconds {
  if (bucket === BUCKETS - 1) return Infinity;
  return 2 ** ((bucket + 1) / BUCKETS_PER_OCTAVE) / 1000;
}

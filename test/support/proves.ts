import type { FeatureId, Side } from "./features.ts";

/**
 * Says what a test shows: which features of the catalogue, of which side. Does nothing when the test runs; scripts/feature-matrix.ts reads
 * it from the source, for docs/features.md. It stands in the body of the test, whose name, or that of a `describe` around it, cites
 * the clause.
 */
export function proves(_side: Side, ..._features: readonly FeatureId[]): void {}

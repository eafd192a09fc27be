/**
 * The nearest multiple of a sensor's resolution, without the dust of binary fractions: 21.3, not 21.300000000000004.
 *
 * @param resolution the smallest step the sensor can show, above 0; undefined leaves the value as it is
 */
export function roundTo(value: number, resolution: number | undefined): number {
  if (resolution === undefined) return value;
  if (resolution >= 1) return Math.round(value / resolution) * resolution;
  const stepsPerUnit = Math.round(1 / resolution);
  return Math.round(value * stepsPerUnit) / stepsPerUnit;
}

/**
 * An estimate with its interval, as every method of this folder gives it.
 */

export interface Estimate {
  readonly estimate: number;
  /** Not finite where the sample is too small for an interval of this confidence. */
  readonly low: number;
  readonly high: number;
  /** The one that was asked for, 0.95; the true one is at least that where the method is exact. */
  readonly confidence: number;
}

/** The same on another scale: `convert` must not decrease. */
export function converted(estimate: Estimate, convert: (value: number) => number): Estimate {
  return {
    estimate: convert(estimate.estimate),
    low: convert(estimate.low),
    high: convert(estimate.high),
    confidence: estimate.confidence,
  };
}

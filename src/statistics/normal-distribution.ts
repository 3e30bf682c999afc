/**
 * The normal distribution: how much of it lies below a point, and the point below which a share lies.
 */

/** Where the series and the continued fraction are both quick. */
const SERIES_UP_TO = 3;
const TERMS_MAX = 200;
const EPSILON = 1e-16;

/** Share of the standard normal distribution below `z`; relative error below 1e-12. @see Abramowitz and Stegun 26.2.10 and 26.2.14 */
export function normalBelow(z: number): number {
  if (Math.abs(z) <= SERIES_UP_TO) return 0.5 + density(z) * series(z);
  const tail = density(z) * tailFraction(Math.abs(z));
  return z < 0 ? tail : 1 - tail;
}

/** Both tails beyond `z`: the p-value of a test whose statistic is standard normal. */
export function normalTails(z: number): number {
  return Math.min(1, 2 * normalBelow(-Math.abs(z)));
}

/** The point below which `share` of the standard normal distribution lies: by Newton's method from the middle, held between bounds. */
export function normalQuantile(share: number): number {
  let [low, high] = [-40, 40];
  let point = 0;
  for (let round = 0; round < 100 && high - low > 1e-13; round += 1) {
    const error = normalBelow(point) - share;
    if (error > 0) high = point;
    else low = point;
    const next = point - error / density(point);
    point = next > low && next < high ? next : (low + high) / 2;
  }
  return point;
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

function series(z: number): number {
  let [term, sum] = [z, z];
  for (let index = 1; index < TERMS_MAX && Math.abs(term) > EPSILON * Math.abs(sum); index += 1) {
    term *= (z * z) / (2 * index + 1);
    sum += term;
  }
  return sum;
}

/** 1/(z+1/(z+2/(z+3/…))) */
function tailFraction(z: number): number {
  let fraction = z;
  for (let index = TERMS_MAX; index > 0; index -= 1) fraction = z + index / fraction;
  return 1 / fraction;
}

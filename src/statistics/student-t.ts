/**
 * Student's t distribution: the quantiles that an estimate from few pairs needs.
 */

const TERMS_MAX = 500;
const EPSILON = 1e-15;
const TINY = 1e-300;

/** The point below which `share` of the t distribution with `degrees` of freedom lies. `degrees` from 1 on. */
export function studentQuantile(share: number, degrees: number): number {
  if (share < 0.5) return -studentQuantile(1 - share, degrees);
  let [low, high] = [0, 2];
  while (studentBelow(high, degrees) < share && high < 1e12) high *= 2;
  for (let round = 0; round < 200 && high - low > 1e-13 * high; round += 1) {
    const middle = (low + high) / 2;
    if (studentBelow(middle, degrees) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Share of the t distribution below `t`. @see Abramowitz and Stegun 26.7.1, by the incomplete beta function */
export function studentBelow(t: number, degrees: number): number {
  const tail = incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t > 0 ? 1 - tail : tail;
}

/** The regularised incomplete beta function. @see DLMF 8.17.22 (continued fraction), by Lentz's method */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a;
  return front * betaFraction(x, a, b);
}

function betaFraction(x: number, a: number, b: number): number {
  let [c, d] = [1, 1 / notZero(1 - ((a + b) * x) / (a + 1))];
  let fraction = d;
  for (let m = 1; m < TERMS_MAX; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    for (const numerator of [even, odd]) {
      d = 1 / notZero(1 + numerator * d);
      c = notZero(1 + numerator / c);
      fraction *= c * d;
    }
    if (Math.abs(c * d - 1) < EPSILON) break;
  }
  return fraction;
}

function notZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** ln Γ(x) for x > 0: Stirling's series, after x was raised far enough for it. @see DLMF 5.11.1 */
function logGamma(x: number): number {
  let [raised, correction] = [x, 0];
  while (raised < 12) {
    correction += Math.log(raised);
    raised += 1;
  }
  const square = 1 / (raised * raised);
  const rest = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / raised;
  return (raised - 0.5) * Math.log(raised) - raised + Math.log(2 * Math.PI) / 2 + rest - correction;
}

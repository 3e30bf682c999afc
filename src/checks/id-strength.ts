/**
 * How hard it is to guess an id, judged from a sample: by what stands at each position, not by what an id looks like.
 */

/**
 * An estimate of the random bits of an id. A position counts with the whole alphabet where it shows as many characters of it as random draws
 * would, else with those that it shows; one that is always the same counts nothing.
 */
export function entropyBits(ids: readonly string[]): number {
  const length = Math.max(0, ...ids.map((id) => id.length));
  const positions = Array.from({ length }, (_, at) => new Set(ids.map((id) => id[at] ?? "")));
  const varying = positions.filter((shown) => shown.size > 1);
  const alphabet = new Set(varying.flatMap((shown) => [...shown])).size;
  const enough = fewestDistinct(alphabet, ids.length);
  return varying.reduce((bits, { size }) => bits + Math.log2(size >= enough ? alphabet : size), 0);
}

const DEVIATIONS = 4;

/** How few different characters `draws` random ones of an alphabet may show: four standard deviations below the mean. */
function fewestDistinct(size: number, draws: number): number {
  const missed = (1 - 1 / size) ** draws;
  const mean = size * (1 - missed);
  const variance =
    size * (size - 1) * (1 - 2 / size) ** draws + size * missed - size * size * missed * missed;
  return mean - DEVIATIONS * Math.sqrt(Math.max(0, variance));
}

/** Whether nearly all of them are greater, or nearly all less, than the one before: by text and, for numbers, by value. */
export function isInOrder(ids: readonly string[]): boolean {
  const rises = ids.slice(1).filter((id, at) => compare(ids[at] ?? "", id) < 0).length;
  const share = rises / Math.max(1, ids.length - 1);
  return share > 0.9 || share < 0.1;
}

function compare(one: string, other: string): number {
  const areNumbers = /^\d+$/.test(one) && /^\d+$/.test(other);
  if (areNumbers && one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : one > other ? 1 : 0;
}

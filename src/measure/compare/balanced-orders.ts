/**
 * Which arm of each pair goes first, by a coin that is balanced: what changes slowly while pairs run falls on both arms alike.
 *
 * Always holds: the same seed gives the same orders; after each block of four pairs, both orders have come up twice, so that a first look is balanced, too.
 */
import { seededNumbers } from "../../checks/payloads/seeded-bytes.ts";

export type PairOrder = "ab" | "ba";

const BLOCK: readonly PairOrder[] = ["ab", "ab", "ba", "ba"];

/** Orders of `pairs` pairs. */
export function balancedOrders(pairs: number, seed: number): readonly PairOrder[] {
  const next = seededNumbers(`orders ${seed}`);
  const orders: PairOrder[] = [];
  while (orders.length < pairs) orders.push(...shuffled(BLOCK, next));
  return orders.slice(0, pairs);
}

/** Fisher and Yates. */
function shuffled(block: readonly PairOrder[], next: () => number): PairOrder[] {
  const left = [...block];
  const drawn: PairOrder[] = [];
  while (left.length > 0) drawn.push(...left.splice(next() % left.length, 1));
  return drawn;
}

/**
 * Values that nobody changes after loading.
 */

/** A map that throws where somebody tries to change it. */
class FrozenMap<K, V> extends Map<K, V> {
  #isFilled = false;

  constructor(entries: Iterable<readonly [K, V]>) {
    super();
    for (const [key, value] of entries) super.set(key, value);
    this.#isFilled = true;
    Object.freeze(this);
  }

  override set(key: K, value: V): this {
    if (this.#isFilled) throw new TypeError("this map is frozen");
    return super.set(key, value);
  }

  override delete(_key: K): boolean {
    throw new TypeError("this map is frozen");
  }

  override clear(): void {
    throw new TypeError("this map is frozen");
  }
}

/** A map of the given entries, in their order, that cannot be changed; the values are frozen deeply. */
export function frozenMap<K, V>(entries: Iterable<readonly [K, V]>): ReadonlyMap<K, V> {
  const map = new FrozenMap(entries);
  for (const value of map.values()) deepFreeze(value);
  return map;
}

/** Freezes plain objects and arrays all the way down; maps must come from `frozenMap`. @returns the same value. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}

/**
 * The third layout: idempotency keys without an index by expiry.
 *
 * Every upload with a key wrote that index three times (its claim, and its answer with another expiry), which cost more than the key's own row.
 * What has expired is found by reading through the keys in the order of their claims, a little at a time (`idempotency-table.ts`).
 */
export const KEYS_WITHOUT_EXPIRY_INDEX_LAYOUT = `
DROP INDEX idempotency_keys_by_expiry;
`;

/**
 * Which texts may name a principal. They stand in logs, records and receipts, and tell whose share something is: two that look alike must not differ.
 */

const PRINCIPAL_CHARS_MAX = 200;

/** What an operator or developer reads where a name is no good. */
export const PRINCIPAL_EXPECTED = `a text of 1 to ${PRINCIPAL_CHARS_MAX} characters without control, format and surrounding space characters`;

/** Whether a value is good as the name of a principal. Controls, invisible format characters and lone surrogates are not. */
export function isPrincipalName(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.length > 0 &&
    value.length <= PRINCIPAL_CHARS_MAX &&
    value.trim() === value &&
    !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value)
  );
}

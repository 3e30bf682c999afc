/** UTC, to the second; a number that no calendar has, as it can stand in a damaged record, as it is. */
export function sayTime(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString().slice(0, 19).replace("T", " ");
}

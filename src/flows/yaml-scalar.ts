/**
 * One text as it stands in a flow file that is drafted.
 */

/** Text as YAML: plain where that reads the same, else in double quotes. */
export function scalar(text: string): string {
  const isPlain =
    /^[A-Za-z/][A-Za-z0-9_./()-]*( [A-Za-z0-9_./()-]+)*$/.test(text) &&
    !/^(true|false|null|y|n|yes|no|on|off)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

/**
 * The key of a flow file that a check is about, so that a finding can point at the line that promised it.
 */
import type { Check, Target } from "../check.ts";
import type { Topic } from "../promise.ts";

const OF_TOPIC: Readonly<Record<Topic, (field: string) => string>> = {
  size: (field) => `accept.files.${field}.max-size`,
  count: (field) => `accept.files.${field}.count`,
  types: (field) => `accept.files.${field}.types`,
  fields: () => "accept.fields",
  callers: () => "permissions",
  refusals: () => "failure",
  strictness: () => "route.protocols",
  malware: () => "inspect.malware",
  archives: () => "inspect.archives",
  images: () => "inspect.images",
  documents: () => "inspect.documents",
};

const OF_CHECK: Readonly<Record<string, (field: string) => string>> = {
  "UPL-TR-01": OF_TOPIC.size,
  "UPL-TR-02": OF_TOPIC.size,
  "UPL-TR-06": () => "accept.idle",
  "UPL-TR-09": () => "route.protocols",
  "UPL-MP-02": () => "accept.fields",
  "UPL-MP-13": () => "accept.fields",
  "UPL-MP-14": () => "accept.fields",
  "UPL-PM-10": () => "permissions.quota",
  "UPL-RS-01": () => "expect",
};

const OF_CLASS: Readonly<Record<string, (field: string) => string>> = {
  MP: () => "route.protocols",
  NM: (field) => `accept.files.${field}`,
  TY: OF_TOPIC.types,
  CT: OF_TOPIC.malware,
  AR: OF_TOPIC.archives,
  IM: OF_TOPIC.images,
  DC: OF_TOPIC.documents,
  PM: () => "permissions",
  RT: () => "retry",
  FM: () => "failure",
};

/**
 * The nearest key that the file has; `null` where there is no file.
 * @param lines keys of the flow file and their lines
 */
export function flowKeyOf(
  check: Check,
  target: Target,
  lines: Readonly<Record<string, number>> | null,
): string | null {
  if (lines === null) return null;
  const group = check.id.split("-")[1] ?? "";
  const ofTopic = check.topic === undefined ? undefined : OF_TOPIC[check.topic];
  const make = OF_CHECK[check.id] ?? ofTopic ?? OF_CLASS[group];
  const parts = (make?.(target.file.field) ?? "route").split(".");
  for (let length = parts.length; length > 0; length -= 1) {
    const key = parts.slice(0, length).join(".");
    if (lines[key] !== undefined) return key;
  }
  return lines.route === undefined ? null : "route";
}

/**
 * OWASP ASVS 5.0.0, chapter V5 (file handling), requirement by requirement: what of it a flow covers, by whom, and which checks show it.
 *
 * Always holds: what is said of the gate is true in mode enforce only; in the other modes the gate decides nothing, and what is written is a promise of the
 * service. What nobody keeps is said to be open, with the reason.
 */
import { formatSize } from "../../setup/size.ts";
import type { FileRule, Flow } from "../flow.ts";

/**
 * - `gate`: kept by the gate; `service`: promised by the flow, kept by the service, shown by checks;
 * - `open`: not covered; `not-applicable`: nothing of the kind is taken.
 */
export type AsvsState = "gate" | "service" | "open" | "not-applicable";

export interface AsvsRow {
  /** `5.2.1`; to be cited as `v5.0.0-5.2.1`. */
  readonly requirement: string;
  /** What it asks for, in a few words. */
  readonly asks: string;
  readonly state: AsvsState;
  /** How, or why not, beginning small, without a full stop. */
  readonly how: string;
  /** Ids of checks that show it. */
  readonly checks: readonly string[];
}

type Judgement = readonly [state: AsvsState, how: string, checks?: readonly string[]];

const rules = ({ files }: Flow): FileRule[] => [...files.values()];
const isEnforced = ({ mode }: Flow): boolean => mode === "enforce";
const takesAny = (flow: Flow): boolean => rules(flow).some(({ types }) => types === "any");
const takes = (flow: Flow, pattern: RegExp): boolean =>
  rules(flow).some(({ types }) => types !== "any" && types.some((type) => pattern.test(type)));

const ARCHIVES = /^application\/(zip|vnd\.openxmlformats)/;
const IMAGES = /^image\//;

/** What the gate does in mode enforce; else what the service has to do, as far as the flow promises it. */
function kept(flow: Flow, how: string, checks: readonly string[]): Judgement {
  return isEnforced(flow) ? ["gate", how, checks] : ["service", how, checks];
}

/** The thirteen requirements, in their order. */
export function asvsCoverage(flow: Flow): readonly AsvsRow[] {
  return REQUIREMENTS.map(([requirement, asks, judge]) => {
    const [state, how, checks = []] = judge(flow);
    return { requirement, asks, state, how, checks };
  });
}

const REQUIREMENTS: readonly (readonly [string, string, (flow: Flow) => Judgement])[] = [
  ["5.1.1", "types and sizes are documented", documented],
  ["5.2.1", "only sizes that do no harm", sizes],
  ["5.2.2", "name and content agree", contents],
  ["5.2.3", "archives are bounded before unpacking", unpacking],
  ["5.2.4", "a quota for each user", quotas],
  ["5.2.5", "no links in archives", links],
  ["5.2.6", "pictures are bounded in pixels", pixels],
  ["5.3.1", "uploads are never run", running],
  ["5.3.2", "paths are made of own names", paths],
  ["5.3.3", "unpacking ignores names in archives", slips],
  ["5.4.1", "names of clients are checked", names],
  ["5.4.2", "names are encoded when served", servedNames],
  ["5.4.3", "files are scanned for malware", malware],
];

function documented(flow: Flow): Judgement {
  const missing = [
    ...(takesAny(flow) ? ["a list of types"] : []),
    ...(takes(flow, ARCHIVES) && flow.inspect.archives?.unpackedBytesMax == null
      ? ["the unpacked size"]
      : []),
  ];
  return missing.length === 0
    ? ["gate", "this file says it, and a machine reads it"]
    : ["open", `this file does not say ${missing.join(" and ")}`];
}

function sizes(flow: Flow): Judgement {
  const largest = Math.max(...rules(flow).map(({ sizeBytesMax }) => sizeBytesMax));
  const how = `${formatSize(largest)} a file${isEnforced(flow) ? ", counted while it arrives" : ""}`;
  return kept(flow, how, ["UPL-TR-01", "UPL-TR-02"]);
}

function contents(flow: Flow): Judgement {
  if (takesAny(flow)) return ["open", "types: any, so nobody verifies what a file is", ["UPL-TY-07"]];
  const inside = takes(flow, /^application\/zip$/) ? "; files inside of archives are not looked at" : "";
  if (!isEnforced(flow))
    return ["service", "only the types that are listed", ["UPL-TY-01", "UPL-TY-02", "UPL-TY-04"]];
  return kept(flow, `the declared type must agree with both, and the content is walked to its end${inside}`, [
    "UPL-TY-01",
    "UPL-TY-02",
    "UPL-TY-04",
  ]);
}

/** A judgement about archives, where there may be any. */
function ofArchives(flow: Flow, judge: () => Judgement): Judgement {
  if (takesAny(flow)) return ["open", "types: any, so there may be archives, and nobody looks into them"];
  return takes(flow, ARCHIVES) ? judge() : ["not-applicable", "no archives are taken"];
}

function unpacking(flow: Flow): Judgement {
  return ofArchives(flow, () => {
    const bytes = flow.inspect.archives?.unpackedBytesMax ?? null;
    if (bytes !== null)
      return ["service", `at most ${formatSize(bytes)} unpacked`, ["UPL-AR-03", "UPL-AR-04", "UPL-AR-06"]];
    return [
      "open",
      "the gate walks archives and does not unpack them; whoever does must bound it",
      ["UPL-AR-04"],
    ];
  });
}

function quotas(flow: Flow): Judgement {
  const quota = flow.permissions.shares.filter(({ kind }) => kind === "quota");
  if (quota.some(({ per }) => per === "principal")) return kept(flow, "quota per principal", ["UPL-PM-10"]);
  if (quota.some(({ per }) => per === "address"))
    return kept(flow, "quota per address: with caller: public users are not told apart", ["UPL-PM-10"]);
  return ["open", "there is no quota for each who sends", ["UPL-PM-10"]];
}

function links(flow: Flow): Judgement {
  return ofArchives(flow, () =>
    kept(flow, "entries that are links, devices or pipes are refused", ["UPL-AR-02"]),
  );
}

function pixels(flow: Flow): Judgement {
  if (takesAny(flow)) return ["open", "types: any, so there may be pictures, and nobody looks into them"];
  if (!takes(flow, IMAGES)) return ["not-applicable", "no pictures are taken"];
  const max = flow.inspect.images?.pixelsMax ?? null;
  return max === null
    ? ["open", "the gate does not decode pictures; whoever does must bound it", ["UPL-IM-01"]]
    : ["service", `at most ${max.toLocaleString("en")} pixels`, ["UPL-IM-01"]];
}

function running(flow: Flow): Judgement {
  return isEnforced(flow) && flow.deliver === "receipt"
    ? ["gate", "it keeps them under ids of its own, and hands them out as attachments", ["UPL-RS-04"]]
    : [
        "service",
        "the service keeps them, and checks look how it hands them out",
        ["UPL-NM-10", "UPL-RS-04"],
      ];
}

function paths(flow: Flow): Judgement {
  const checks = ["UPL-NM-01", "UPL-NM-02", "UPL-NM-07"];
  if (!isEnforced(flow)) return ["service", "the service chooses where it keeps them", checks];
  return flow.deliver === "receipt"
    ? ["gate", "it keeps them under ids of its own", checks]
    : ["gate", "names that are paths are refused; the service gets a clean name", checks];
}

function slips(flow: Flow): Judgement {
  return ofArchives(flow, () =>
    kept(flow, "entries whose names lead out of a folder are refused", ["UPL-AR-01"]),
  );
}

function names(flow: Flow): Judgement {
  return kept(flow, "names that are paths, commands or disguises are refused", [
    "UPL-NM-03",
    "UPL-NM-04",
    "UPL-RS-05",
  ]);
}

function servedNames(flow: Flow): Judgement {
  return isEnforced(flow) && flow.deliver === "receipt"
    ? ["gate", "one name, encoded as RFC 6266 says", ["UPL-RS-05"]]
    : ["service", "the service hands them out, and checks look at the name", ["UPL-RS-05"]];
}

function malware(flow: Flow): Judgement {
  return flow.inspect.malware
    ? ["service", "malware is refused", ["UPL-CT-01", "UPL-CT-02"]]
    : ["open", "nobody scans for malware", ["UPL-CT-01"]];
}

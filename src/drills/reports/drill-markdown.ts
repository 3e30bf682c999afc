/**
 * A drill as a page of Markdown for the flow's folder, made to be read in a pull request: the sentence first, then what was watched, then what was done.
 *
 * Always holds: no text of a client or a service can act as Markdown in it.
 */
import type { DrillFinding, DrillReport } from "../drill.ts";

/** The whole page, ending in a line break. */
export function drillMarkdown(report: DrillReport): string {
  const broken = report.findings.filter(({ isKept }) => !isKept);
  return [
    `# Drill: ${report.kind}, ${report.flow}`,
    "",
    `**${verdictWord(report)}.** ${plain(report.sentence)}`,
    "",
    `${whenOf(report)} · ${(report.elapsedMs / 1000).toFixed(1)} s · policy \`${report.policyVersion}\` · owner: ${plain(report.owner)} · ${plain(report.program)}`,
    "",
    ...(broken.length === 0 ? [] : ["## Broken", "", ...broken.flatMap(brokenLines)]),
    ...section("How the failure was made", report.injected),
    ...(report.findings.length === 0 ? [] : ["## What was watched", "", ...table(report.findings), ""]),
    ...seenLines(report),
    ...section("What was put back", report.putBack),
    `To repeat it: \`sluicegate drill ${report.flow} ${report.kind}\``,
    "",
  ].join("\n");
}

const WORDS = { kept: "Kept", broken: "Broken", inconclusive: "Inconclusive" } as const;

const verdictWord = ({ verdict }: DrillReport): string => WORDS[verdict];

const whenOf = ({ startedAtMs }: DrillReport): string =>
  `${new Date(startedAtMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;

function brokenLines({ what, promised, seen }: DrillFinding): string[] {
  return [`- **${plain(what)}**`, `  - Promised: ${plain(promised)}`, `  - Seen: ${plain(seen)}`, ""];
}

function section(title: string, sentences: readonly string[]): string[] {
  return sentences.length === 0
    ? []
    : [`## ${title}`, "", ...sentences.map((each) => `- ${plain(each)}`), ""];
}

function table(findings: readonly DrillFinding[]): string[] {
  const rows = findings.map(({ what, promised, seen, isKept }) => [
    isKept ? "kept" : "**broken**",
    plain(what),
    plain(promised),
    plain(seen),
  ]);
  return [["", "What", "Promised", "Seen"], ["---", "---", "---", "---"], ...rows].map(
    (row) => `| ${row.join(" | ")} |`,
  );
}

function seenLines({ seen }: DrillReport): string[] {
  const lines = (["clients", "service", "metrics"] as const).flatMap((who) => {
    const counts = Object.entries(seen[who]);
    if (counts.length === 0) return [];
    const said = counts.map(([word, count]) => `${count} × \`${word.replaceAll("`", "'")}\``).join(", ");
    return [`- ${TITLES[who]}: ${said}`];
  });
  return lines.length === 0 ? [] : ["## What was counted", "", ...lines, ""];
}

const TITLES = {
  clients: "Clients were answered",
  service: "The service, told of an upload",
  metrics: "The gate's metrics",
} as const;

/** One line in which nothing but backticks in pairs means anything to Markdown. */
function plain(text: string): string {
  const [even, ...rest] = text.replace(/[\s\p{Cc}]+/gu, " ").split("`");
  const isPaired = rest.length % 2 === 0;
  const parts = [even ?? "", ...rest];
  return parts
    .map((part, index) =>
      isPaired && index % 2 === 1 ? `\`${part.replaceAll("|", "\\|")}\`` : escaped(part),
    )
    .join(isPaired ? "" : "\\`");
}

const escaped = (text: string): string => text.replace(/[\\|*_<>[\]#]/g, (character) => `\\${character}`);

/**
 * What a flow promises, as sentences that stand alone: those parts of `sluicegate explain` that somebody needs who looks at how the flow does. The rest, such
 * as every refusal and what checks do, is in the command.
 */
import { explainFlow } from "../../flows/explain-flow.ts";
import type { Flow } from "../../flows/flow.ts";

interface Part {
  readonly title: RegExp;
  /** How a line of it is said without its heading. */
  readonly say: (line: string, index: number) => string | null;
}

const asIs = (line: string): string => line;

const PARTS: readonly Part[] = [
  { title: /^The route$/, say: asIs },
  // The lines that follow say what the other modes would be.
  { title: /^The mode is /, say: (line, index) => (index === 0 ? line : null) },
  { title: /^Accepted$/, say: (line) => (line === "Nothing else." ? line : `Taken: ${line}`) },
  { title: /^Who may send/, say: asIs },
  { title: /^Expected when all is well$/, say: asIs },
  { title: /^When something fails/, say: (line) => `If it fails: ${line}` },
];

/** Sentences in the order in which they are explained. */
export function promiseSentences(flow: Flow): readonly string[] {
  return explainFlow(flow)
    .split("\n\n")
    .flatMap((block) => {
      const [title = "", ...lines] = block.split("\n");
      const part = PARTS.find((one) => one.title.test(title));
      if (part === undefined) return [];
      const when = title.endsWith(", in mode enforce") ? "In mode enforce: " : "";
      return lines.flatMap((line, index) => {
        const said = part.say(line.trim(), index);
        return said === null ? [] : [when + said];
      });
    });
}

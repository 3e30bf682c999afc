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
  // The first line, method and path, stands on the page already.
  { title: /^The route$/, say: (line, index) => (index === 0 ? null : line) },
  { title: /^Accepted$/, say: (line) => (line === "Nothing else." ? line : `Taken: ${line}`) },
  { title: /^Who may send/, say: asIs },
  { title: /^Expected when all is well$/, say: asIs },
  // What holds for every flow alike, such as a full disk, is left out.
  { title: /^When something fails/, say: (line) => (/^The (service|exchange) /.test(line) ? line : null) },
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

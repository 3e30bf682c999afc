/**
 * Writes `expect.body` into a flow file: one line or a few words more, and not one other byte changed.
 */
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";
import { GateError } from "../problems/gate-error.ts";
import { formatSetupProblem } from "../problems/setup-problem.ts";
import { readWrittenFile } from "../setup/written-file.ts";
import { readYaml } from "../setup/yaml-source.ts";
import { replaceFile } from "./replace-file.ts";

/**
 * Adds the key; what stands at it already is left.
 * @param path the schema's, relative to the flow's folder
 * @throws     GateError FLOW_INVALID where the file cannot be read, changed, or is written in a way in which this cannot be done
 */
export async function writeExpectedBody(file: string, path: string): Promise<void> {
  const written = await readWrittenFile(file, "FLOW_INVALID");
  if (!written.ok) throw invalid(written.problems.map(formatSetupProblem).join("\n"));
  const { problems } = readYaml(written.text, file, "FLOW_INVALID");
  if (problems.length > 0) throw invalid(problems.map(formatSetupProblem).join("\n"));
  const changed = withExpectedBody(written.text, path);
  if (changed === null)
    throw invalid(
      `${file} is written in a way in which no line can be added; write expect: { body: ${path} }.`,
    );
  if (changed === written.text) return;
  try {
    await replaceFile(file, Buffer.from(changed));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    throw new GateError("FLOW_INVALID", { message: `${file} cannot be changed (${reason}).`, cause });
  }
}

/** The text with the key; `null` where there is no place for it. */
function withExpectedBody(text: string, path: string): string | null {
  const document = parseDocument(text, { version: "1.2", schema: "core" });
  const root = document.contents;
  if (!isMap(root) || root.flow === true) return null;
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  const expect = root.get("expect", true);
  if (expect === undefined) {
    const end = text === "" || text.endsWith("\n") ? "" : lineEnd;
    return `${text}${end}${lineEnd}expect:${lineEnd}  body: ${path}${lineEnd}`;
  }
  if (!isMap(expect)) return null;
  if (expect.has("body")) return text;
  return expect.flow === true
    ? intoBraces(text, expect, path)
    : beforeFirst(text, expect.items[0], `body: ${path}`, lineEnd);
}

function intoBraces(text: string, group: YAMLMap, path: string): string | null {
  const brace = group.range?.[0];
  if (brace === undefined || text[brace] !== "{") return null;
  const comma = group.items.length === 0 ? "" : ",";
  const rest = text.slice(brace + 1);
  return `${text.slice(0, brace + 1)} body: ${path}${comma}${/^\s/.test(rest) ? "" : " "}${rest}`;
}

/** On a line of its own above the first key, with its indentation. */
function beforeFirst(
  text: string,
  first: Pair<unknown, unknown> | undefined,
  line: string,
  lineEnd: string,
): string | null {
  const offset = isScalar(first?.key) ? first.key.range?.[0] : undefined;
  if (offset === undefined) return null;
  const indentation = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
  if (indentation.trim() !== "") return null;
  return `${text.slice(0, offset)}${line}${lineEnd}${indentation}${text.slice(offset)}`;
}

function invalid(message: string): GateError {
  return new GateError("FLOW_INVALID", { message });
}

/**
 * A test for pytest that fails as long as a case is broken and passes once it is mended.
 *
 * Always holds: the file stands alone (standard library, and Sluicegate only where the answer alone does not tell); comments hold what others
 * chose as one printable line each, code holds it as base64 or as an escaped literal.
 */
import type { CaseReport, CheckResult, CheckRun, RecordedExchange, WantedAnswer } from "../run/check-run.ts";
import { credentialNotes, pythonText } from "./curl-command.ts";
import { requestLines, SENDER } from "./python-sender.ts";
import { attackOf } from "./run-words.ts";
import { type SentRequest, sentRequest } from "./sent-request.ts";
import { shownLine } from "./shown-text.ts";

/** The test of one case as a file's text, or `null` where none can be made (no flow to check again, nothing sent). */
export function pytestCase(run: CheckRun, result: CheckResult, report: CaseReport): string | null {
  const attack = attackOf(report);
  if (attack === null) return null;
  const request = sentRequest(attack);
  const isTold = report.wanted !== undefined && report.wanted !== null && isUnwanted(attack, report.wanted);
  const head = comments(run, result, report);
  const name = testName(result, report);
  if (isTold && report.wanted && typeof request !== "string")
    return `${head}\n${answerTest(name, attack, request, report.wanted)}`;
  return run.target.flow === null
    ? null
    : `${head}\n${checkTest(name, run.target.flow, run.target.origin, result)}`;
}

/** Whether the answer that came is one that the test refuses: else the test would pass today. */
function isUnwanted(attack: RecordedExchange, wanted: WantedAnswer): boolean {
  const status = attack.answers[0]?.status;
  return status === undefined ? !wanted.mayJustClose : !wanted.statuses.includes(status);
}

function comments(run: CheckRun, result: CheckResult, report: CaseReport): string {
  const lines = [
    `${result.id}: ${result.title}`,
    `Case: ${report.name}`,
    ...(report.promised === null ? [] : [`Promised: ${report.promised}`]),
    ...(report.observed === null ? [] : [`Observed: ${report.observed}`]),
    `Made from run ${run.id}. It is sent to ${run.target.origin}, or to SLUICEGATE_TARGET where that is set.`,
  ];
  // Named first, so that no comment below can be read as naming another one (PEP 263).
  const encoding = "# coding: utf-8\n";
  return encoding + lines.map((line) => `# ${shownLine(line, 300)}\n`).join("");
}

function testName(result: CheckResult, report: CaseReport): string {
  const words = `${result.id} ${report.name}`.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  return `test_${words.slice(0, 90).replace(/^_+|_+$/g, "")}`;
}

function answerTest(
  name: string,
  attack: RecordedExchange,
  request: SentRequest,
  wanted: WantedAnswer,
): string {
  const statuses = [...wanted.statuses.map(String), ...(wanted.mayJustClose ? ["None"] : [])];
  const told = statuses.map((each) => (each === "None" ? "no answer" : each)).join(" or ");
  const lines = [
    `def ${name}() -> None:`,
    ...credentialNotes(request).map((note) => `    # ${note}`),
    ...requestLines(request, "    "),
    `    status = status_of(send(os.environ.get("SLUICEGATE_TARGET", ${pythonText(attack.origin)}), request))`,
    `    assert status in (${statuses.join(", ")},), f"answered {status or 'nothing'}, wanted ${told}"`,
  ];
  return `${SENDER}\n\n${lines.join("\n")}\n`;
}

/** What is stored decides, or several requests do: the check itself is run again. */
function checkTest(name: string, flow: string, origin: string, result: CheckResult): string {
  const words = ["sluicegate", "check", flow].map(pythonText).join(", ");
  const lines = [
    "# The answer alone does not tell: the check looks at what is stored, or sends more than one request.",
    "import os",
    "import subprocess",
    "",
    "",
    `def ${name}() -> None:`,
    `    target = os.environ.get("SLUICEGATE_TARGET", ${pythonText(origin)})`,
    `    command = [${words}, "--target", target, "--only", ${pythonText(result.id)}]`,
    "    done = subprocess.run(command, capture_output=True, text=True, check=False)",
    "    assert done.returncode == 0, done.stdout + done.stderr",
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * `sluicegate record FLOW`: keeps the answer to a good upload as what is expected from now on.
 */
import { recordAnswers } from "../checks/expectation/record-answers.ts";
import { isAccepted } from "../checks/judge.ts";
import type { TlsTrust } from "../checks/open-connection.ts";
import { controlContent } from "../checks/payloads/form.ts";
import type { CheckSubject } from "../checks/run/run-request.ts";
import { type Attempt, tryControl } from "../checks/targets/ask.ts";
import { diagnoseControl } from "../checks/targets/diagnose-control.ts";
import type { Flow } from "../flows/flow.ts";
import { refusedHost } from "./allowed-host.ts";
import { type CheckArguments, orUsage, USAGE } from "./check-options.ts";
import { findRoute, openRoute, trustOf } from "./check-route.ts";
import { shownPath } from "./find-flows.ts";
import type { CommandIo } from "./io.ts";
import { newRunId } from "./runs-folder.ts";

export interface RecordArguments extends CheckArguments {
  readonly flow: string;
  /** Whether `expect:` of the flow file is written, too. */
  readonly writeExpect?: boolean;
}

/** One answer alone does not show what varies from upload to upload. */
const ANSWERS = 3;

/** Exit codes: 0 recorded, 2 usage, 3 the upload was not accepted, 4 refused for safety. */
export async function recordCommand(args: RecordArguments, io: CommandIo): Promise<number> {
  return orUsage(io, () => record(args, io));
}

async function record(args: RecordArguments, io: CommandIo): Promise<number> {
  const route = await findRoute(args, io, newRunId());
  if (route === null || route.kind === "url") return USAGE;
  const refused = await refusedHost(route.origin, args, io);
  if (refused !== null) return refused;
  const { subject } = await openRoute(route, args, io);
  try {
    return await recordFrom(
      subject,
      { flow: route.flow, writesFlow: args.writeExpect === true, tls: await trustOf(args) },
      io,
    );
  } finally {
    for (const left of await subject.cleanUp()) io.err(`Left on the target: ${left}`);
    await subject.close();
  }
}

interface RecordRequest {
  readonly flow: Flow;
  readonly writesFlow: boolean;
  readonly tls: TlsTrust;
}

async function recordFrom(
  subject: CheckSubject,
  { flow, writesFlow, tls }: RecordRequest,
  io: CommandIo,
): Promise<number> {
  const answers = [];
  for (let sent = 0; sent < ANSWERS; sent += 1) {
    const attempt = await tryControl(subject.target, tls);
    const answer = attempt.exchange?.answers[0];
    if (attempt.exchange === null || answer === undefined || !isAccepted(subject.target, attempt.exchange)) {
      io.err(notAccepted(subject, attempt));
      return 3;
    }
    await subject.evidence?.received(attempt.exchange, controlContent(subject.target));
    answers.push(answer);
  }
  const { files, fields } = controlContent(subject.target);
  const sent = [...files.map(({ name }) => name), ...fields.map(([, value]) => value)];
  const { written, changes, lineToWrite } = await recordAnswers({
    flow,
    answers,
    sent,
    secrets: subject.secrets(),
    now: new Date(),
    writesFlow,
  });
  io.out(
    `Recorded from ${ANSWERS} answers of ${subject.target.origin}: ${written.map(shownPath).join(", ")}.`,
  );
  for (const change of changes) io.out(`Other than before: ${change}`);
  if (lineToWrite !== null)
    io.out(`Write into ${shownPath(flow.folder)}/flow.yaml, or use --write-expect: ${lineToWrite}`);
  return 0;
}

function notAccepted(subject: CheckSubject, { exchange, error }: Attempt): string {
  const stop = diagnoseControl(subject, exchange, error);
  return stop?.sentence ?? "The upload was not accepted, so there is nothing to record.";
}

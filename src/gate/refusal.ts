/**
 * From a verdict to what is answered and what is remembered.
 */

import { ERROR_CODES, isErrorCode } from "../problems/error-code.ts";
import { GateError, quoteSeen } from "../problems/gate-error.ts";
import type { RefusalRecord } from "../records/records.ts";
import type { Finding } from "../uploads/finding.ts";
import type { ReceivedFile } from "../uploads/stages.ts";

/** A refusal by verdict, on its way to the answer; `findings` are all of them, not just the one that decided. */
export class Refusal extends GateError {
  readonly findings: readonly Finding[];

  constructor(error: GateError, findings: readonly Finding[]) {
    super(error.code, {
      message: error.publicMessage,
      details: error.details,
      ...(error.expected === null ? {} : { expected: error.expected }),
      ...(error.seen === null ? {} : { seen: error.seen }),
    });
    this.findings = findings;
  }
}

/** The error of one finding about one file. */
export function gateErrorOf(
  finding: Finding,
  file: ReceivedFile,
  all: readonly Finding[] = [finding],
): Refusal {
  const code = isErrorCode(finding.code) ? finding.code : "FILE_STRUCTURE_INVALID";
  const name =
    file.declaredName === null || file.declaredName === ""
      ? "The file"
      : `The file ${quoteSeen(file.declaredName)}`;
  const title = ERROR_CODES[code].title;
  const error = new GateError(code, {
    message: `${name} in field ${quoteSeen(file.field)} does not pass: ${title.charAt(0).toLowerCase()}${title.slice(1)}.`,
    expected: finding.expected,
    seen: finding.seen,
    details: {
      field: file.field,
      ...(finding.byteOffset === null ? {} : { byteOffset: finding.byteOffset }),
    },
  });
  return new Refusal(error, all);
}

/** What the records keep of an error. */
export function refusalRecord(error: GateError): RefusalRecord {
  return {
    code: error.code,
    message: error.publicMessage,
    expected: error.expected,
    seen: error.seen,
    findings: error instanceof Refusal ? error.findings : [],
  };
}

/** Any failure as a GateError; what nobody foresaw becomes GATE_FAILED and keeps its cause for the log. */
export function asGateError(error: unknown): GateError {
  return error instanceof GateError
    ? error
    : new GateError("GATE_FAILED", { cause: error, retryAfterSeconds: 10 });
}

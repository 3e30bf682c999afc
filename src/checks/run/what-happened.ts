/**
 * What a control upload that failed says of the target, in a sentence, where nobody has a better one.
 */
import { isAccepted } from "../judge.ts";
import type { Exchange } from "../send-probe.ts";
import type { Stop } from "./check-run.ts";
import type { CheckSubject } from "./run-request.ts";
import { sayAnswers } from "./say-outcome.ts";

const TLS = /CERT|SSL|TLS|SELF_SIGNED|ISSUER|ALTNAME/;

interface Failed {
  readonly reasons: readonly string[];
  readonly exchange: Exchange | null;
  readonly error: unknown;
}

export function whatHappened({ target }: CheckSubject, { reasons, exchange, error }: Failed): Stop {
  if (exchange !== null && isAccepted(target, exchange)) {
    const told = `The control upload was answered ${sayAnswers(exchange)}, and yet: ${reasons.join("; ")}.`;
    return { kind: "control-refused", sentence: `${told} Nothing else was sent.` };
  }
  if (exchange !== null) {
    const told = `The control upload, which must be taken, was not: ${sayAnswers(exchange)}.`;
    return { kind: "control-refused", sentence: `${told} Nothing else was sent.` };
  }
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (typeof code === "string" && TLS.test(code))
    return {
      kind: "tls",
      sentence: `No TLS connection to ${target.origin} could be made: ${reasons.join("; ")} (${code}).`,
    };
  if (typeof code === "string")
    return {
      kind: "unreachable",
      sentence: `${target.origin} cannot be reached: ${reasons.join("; ")} (${code}).`,
    };
  return {
    kind: "control-refused",
    sentence: `The control upload could not be made: ${reasons.join("; ")}.`,
  };
}

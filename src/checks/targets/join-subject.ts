/**
 * Puts a subject together from what is known of a route and how one looks behind it.
 */
import { type Answer, headerOf } from "../answer-reader.ts";
import type { Target } from "../check.ts";
import { isAccepted, isSamePlace } from "../judge.ts";
import type { TlsTrust } from "../open-connection.ts";
import { controlContent } from "../payloads/form.ts";
import type { CheckedTarget } from "../run/check-run.ts";
import type { CheckSubject } from "../run/run-request.ts";
import type { Sight } from "../sight/open-sight.ts";
import { type Attempt, ask, tryControl } from "./ask.ts";
import { findFramework, whatServes } from "./find-framework.ts";

/** The target with what the operator lets one see, and who there is to send as. */
export function seenBy(target: Target, { identities, promises }: Sight): Target {
  return {
    ...target,
    promises: { ...target.promises, ...promises },
    ...(identities === null ? {} : { identities }),
  };
}

/** The target with what its control upload has shown of where a good upload leads. */
export function led(target: Target, { exchange }: Attempt): Target {
  const [answer] = exchange?.answers ?? [];
  const location = answer === undefined ? null : headerOf(answer, "location");
  if (exchange === null || answer === undefined || location === null) return target;
  const isRedirect = answer.status >= 300 && answer.status < 400 && isAccepted(target, exchange);
  return isRedirect && !isSamePlace(target, location) ? { ...target, leadsElsewhere: true } : target;
}

/** A subject that nobody has waived or looked at anything of, and of which no answer is on record. */
export function joinSubject(target: Target, about: CheckedTarget, sight: Sight): CheckSubject {
  return {
    target,
    about,
    evidence: sight.evidence,
    hooks: sight.hooks,
    cleanUp: () => sight.cleanUp(),
    secrets: () => sight.secrets(),
    waivers: new Map(),
    manual: new Map(),
    expected: null,
    close: () => sight.close(),
  };
}

/** The control upload; what it has stored is of this run, too. */
export async function seenControl(target: Target, { evidence }: Sight, tls?: TlsTrust): Promise<Attempt> {
  await evidence?.clear();
  const attempt = await tryControl(target, tls);
  if (attempt.exchange !== null) await evidence?.received(attempt.exchange, controlContent(target));
  return attempt;
}

export function trusting(tls: TlsTrust | undefined): { readonly tls?: TlsTrust } {
  return tls === undefined ? {} : { tls };
}

type Found = Pick<CheckedTarget, "framework" | "serves">;

/** Where nothing may be asked. */
export const NOTHING_FOUND: Found = { framework: null, serves: null };

/** Framework and server, from answers that are there and that of a page that is not. */
export async function whoServes(
  target: Target,
  answers: readonly (Answer | null)[],
  tls?: TlsTrust,
): Promise<Found> {
  const known = findFramework(answers);
  const missing = known === null ? await ask(target, `/flowcheck-${target.seed}-nothing-here`, tls) : null;
  const all = [...answers, missing];
  return { framework: known ?? findFramework(all), serves: whatServes(all) };
}

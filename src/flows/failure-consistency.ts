/**
 * Contradictions within `failure`, and with what goes on to the service.
 *
 * Works on what is written, checked or not, so that all problems are told at once.
 */
import type { SetupProblem } from "../problems/setup-problem.ts";
import { problemAt, problemAtKey } from "../setup/schema-problems.ts";
import { groupIn, type WrittenGroup } from "../setup/written-group.ts";
import type { YamlSource } from "../setup/yaml-source.ts";
import { RETRY_KEYS } from "./failure-schema.ts";

const NO_RETRY: ReadonlySet<unknown> = new Set([undefined, "refuse", "keep", "pass"]);

/** All contradictions of a flow's `failure`. */
export function findFailureContradictions(source: YamlSource, flow: WrittenGroup): SetupProblem[] {
  const failure = groupIn(flow.failure);
  const retried = RETRY_KEYS.filter((key) => failure[key] === "retry");
  return [...checkCredentials(source, flow, retried), ...checkRetryFor(source, failure, retried)];
}

/** A request that waits in the records keeps nobody's credentials, so a later try could not be the same request. */
function checkCredentials(
  source: YamlSource,
  { credentials }: WrittenGroup,
  retried: readonly string[],
): SetupProblem[] {
  if (credentials === "strip") return [];
  const sentence =
    "a request that is kept for another try never keeps the client's Authorization and Cookie; write credentials: strip in this flow, so that every try is the same.";
  return retried.map((key) => problemAt(source, ["failure", key], sentence));
}

function checkRetryFor(
  source: YamlSource,
  failure: WrittenGroup,
  retried: readonly string[],
): SetupProblem[] {
  // What is no known word may be a retry, misspelt; the schema says so.
  const isSaid = RETRY_KEYS.every((key) => NO_RETRY.has(failure[key]));
  if (!("retry-for" in failure) || retried.length > 0 || !isSaid) return [];
  const sentence = `nothing is tried again here; remove it, or write retry at one of ${RETRY_KEYS.join(", ")}.`;
  return [problemAtKey(source, ["failure", "retry-for"], sentence)];
}

/**
 * Where a result is: the line of the flow file that makes the promise, and the route that was asked.
 */
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { CheckResult, CheckRun } from "../run/check-run.ts";
import { sayTarget } from "./run-words.ts";

/** Name of the base of addresses: the target's origin. */
export const TARGET_BASE = "TARGET";

/** `locations` and `relatedLocations` of a SARIF result. */
export function locations(run: CheckRun, result: CheckResult) {
  const route = { physicalLocation: { artifactLocation: { uri: routeUri(run), uriBaseId: TARGET_BASE } } };
  const { flowFile } = run.target;
  if (flowFile === null) return { locations: [route] };
  const startLine = lineOf(flowFile.lines, result.flowKey);
  const promise = {
    physicalLocation: { artifactLocation: { uri: fileUri(flowFile.path) }, region: { startLine } },
  };
  return {
    locations: [promise],
    relatedLocations: [{ id: 1, ...route, message: { text: `The route: ${sayTarget(run)}` } }],
  };
}

/** Of a key that has no line of its own, the line of what it stands in; else the first. */
function lineOf(lines: Readonly<Record<string, number>>, flowKey: string | null): number {
  for (let key = flowKey ?? ""; key !== ""; key = key.slice(0, Math.max(0, key.lastIndexOf(".")))) {
    if (Object.hasOwn(lines, key)) return lines[key] ?? 1;
  }
  return 1;
}

/** Relative to the base, so without a slash at its begin. */
function routeUri({ target }: CheckRun): string {
  const url = URL.parse(`${target.origin}${target.path.toWellFormed()}`);
  if (url === null) return "";
  return encoded(`${url.pathname}${url.search}`.replace(/^\/+/, ""));
}

function fileUri(path: string): string {
  if (isAbsolute(path)) return pathToFileURL(path.toWellFormed()).href;
  const names = path.replaceAll("\\", "/").split("/");
  return names.map((name) => encodeURIComponent(name.toWellFormed())).join("/");
}

/** What the URL class leaves as it is, though RFC 3986 does not allow it. */
function encoded(uri: string): string {
  return uri.replace(/[^\w.~:/?#@!$&'()*+,;=%-]/g, (character) => encodeURIComponent(character));
}

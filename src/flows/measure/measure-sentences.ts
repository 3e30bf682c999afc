/**
 * What `sluicegate measure` and `compare` will do with a flow, and what is watched beside traffic, in sentences.
 */
import { relative } from "node:path";
import { formatDuration } from "../../setup/duration.ts";
import { listWords } from "../../setup/reading.ts";
import type { Flow, FlowMeasure, FlowWatch } from "../flow.ts";

/** How the route is loaded, what counts as a change, and by what two measurements are told apart. */
export function measureSentences({ measure, folder }: Flow): string[] {
  if (measure.ratePerSecond === null && measure.caches.length === 0 && !isSeen(measure.fingerprint)) {
    return [
      `Little is written about it: it sends at half of what the route can do, which it finds out first, and nothing tells it what the service runs. ${effectSentence(measure)}`,
    ];
  }
  return [
    measure.ratePerSecond === null
      ? "It sends at half of what the route can do, which it finds out first."
      : `It sends ${perTime(measure.ratePerSecond)} on average.`,
    effectSentence(measure),
    ...measure.caches.map(cacheSentence),
    ...fingerprintSentences(measure.fingerprint, folder),
  ];
}

function isSeen({ path, command, headers }: FlowMeasure["fingerprint"]): boolean {
  return path !== null || command !== null || headers.length > 0;
}

function perTime(ratePerSecond: number): string {
  return ratePerSecond >= 1
    ? `${round(ratePerSecond)} uploads a second`
    : `${round(ratePerSecond * 60)} uploads a minute`;
}

function effectSentence({ smallestEffect, errorMarginShare }: FlowMeasure): string {
  const { share, ms } = smallestEffect;
  return `A change of response time matters from ${round(share * 100)} % or ${formatDuration(ms)} on, whichever is more; so much more wrong or failed answers do not: ${round(errorMarginShare * 100)} %.`;
}

function cacheSentence({ name, header, clear }: FlowMeasure["caches"][number]): string {
  const told = header === null ? "" : ` Its state is told by ${header}.`;
  const cleared = clear === null ? " It is not emptied by anybody." : ` It is emptied by: ${clear}`;
  return `Answers come through the cache "${name}".${told}${cleared}`;
}

function fingerprintSentences(
  { path, command, headers, files, environment }: FlowMeasure["fingerprint"],
  folder: string,
): string[] {
  const ways = [
    ...(path === null ? [] : [`asks ${path}`]),
    ...(command === null ? [] : [`runs ${command}`]),
    ...(headers.length === 0 ? [] : [`reads the headers ${listWords(headers, "and")}`]),
  ];
  const counting = [...files.map((file) => relative(folder, file)), ...environment];
  return [
    ways.length === 0
      ? "Nothing tells it what the service runs; write measure.fingerprint, so that a change of two things at once is noticed."
      : `To know what the service runs it ${listWords(ways, "and")}.`,
    ...(counting.length === 0 ? [] : [`What else has to be the same: ${listWords(counting, "and")}.`]),
  ];
}

/** What is looked at beside traffic; nothing where nothing is written. */
export function watchSentences({ probeEveryMs, versionHeader, jobs }: FlowWatch): string[] {
  return [
    ...(probeEveryMs === null
      ? []
      : [`Every ${formatDuration(probeEveryMs)} a small marked upload is sent through and removed again.`]),
    ...(versionHeader === null ? [] : [`The service's version is told by its header ${versionHeader}.`]),
    ...(jobs === null
      ? []
      : [`Jobs of the last hour are told at ${jobs.path}: ${jobs.failed} of ${jobs.total} failed.`]),
  ];
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

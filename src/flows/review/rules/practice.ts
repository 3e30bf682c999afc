/**
 * Rules about what was practised: drills, the way back, and the figures before any change.
 */
import type { DrillFile } from "../../documents/drill-file.ts";
import { daysBetween } from "../../written-day.ts";
import { dayOf } from "../read-upkeep.ts";
import { foundIf, type ReviewedFlow, type ReviewRule } from "../review-rule.ts";

/** So long does a drill, or a measurement, say something about today. */
export const PRACTICE_DAYS = 90;

export const PRACTICE_RULES: readonly ReviewRule[] = [
  {
    id: "REVIEW-DRILL-NEVER",
    title: "No failure was ever tried",
    when: "`mode` is `enforce`, and there is no report in the flow's `drills/`.",
    why: "What `failure` promises is then a guess, until the first outage shows it.",
    remedy: "run sluicegate drill avatars upstream-down, which makes the failure on a gate of its own",
    find: ({ flow, upkeep: { drills } }) =>
      foundIf(flow.mode === "enforce" && drills.length === 0, () => ({
        path: ["mode"],
        what: "the flow is enforced, and no failure was ever tried on it",
        remedy: `run sluicegate drill ${flow.name} upstream-down`,
      })),
  },
  {
    id: "REVIEW-DRILL-OLD",
    title: "A failure was tried long ago",
    when: `\`mode\` is \`enforce\`, and the newest report of a kind in \`drills/\` is more than ${PRACTICE_DAYS} days old.`,
    why: "The service and the gate have changed since.",
    remedy: "run sluicegate drill avatars upstream-down again",
    find: (reviewed) => drillFindings(reviewed, (drill) => isOld(drill, reviewed.today), wordsOfOld),
  },
  {
    id: "REVIEW-DRILL-OTHER-POLICY",
    title: "A failure was tried with another policy",
    when: "`mode` is `enforce`, and the newest report of a kind in `drills/` names another policy version than the flow has.",
    why: "What was shown then is not what the flow promises now.",
    remedy: "run sluicegate drill avatars upstream-down again",
    find: (reviewed) =>
      drillFindings(
        reviewed,
        (drill) => !isOld(drill, reviewed.today) && hasOtherPolicy(drill, reviewed.flow.policyVersion),
        (kinds) => `the flow was changed after the drill of ${kinds}`,
      ),
  },
  {
    id: "REVIEW-ROLLBACK-FAILED",
    title: "The way back did not work",
    when: "The last line of `rollbacks.md` has another exit code than 0.",
    why: "Whoever needs it next will find that out under pressure.",
    remedy: "mend rollback.command, and run sluicegate rollback avatars",
    find: ({ flow, upkeep: { tries } }) => {
      const last = tries.at(-1);
      if (last === undefined || last.exitCode === 0) return [];
      const how =
        last.exitCode === null ? "was ended before it was done" : `failed with exit code ${last.exitCode}`;
      return [
        {
          path: ["rollback"],
          what: `the way back ${how} when ${last.who} last tried it, on ${dayOf(last.atMs)}`,
          remedy: `mend rollback.command, and run sluicegate rollback ${flow.name}`,
        },
      ];
    },
  },
  {
    id: "REVIEW-ROLLBACK-BEFORE-CHANGE",
    title: "The way back was tried before the flow changed",
    when: "The last try in `rollbacks.md` that worked names another policy version than the flow has, and no later day stands at `rollback.tried`.",
    why: "It was shown to lead back from another flow than this one.",
    remedy: "run sluicegate rollback avatars once more",
    find: ({ flow, upkeep: { tries } }) => {
      const last = tries.at(-1);
      if (last === undefined || last.exitCode !== 0 || last.policyVersion === null) return [];
      const isLaterByHand = (flow.notes.rollback?.tried ?? "") > dayOf(last.atMs);
      return foundIf(last.policyVersion !== flow.policyVersion && !isLaterByHand, () => ({
        path: ["rollback"],
        what: `the flow was changed after the way back was tried, on ${dayOf(last.atMs)}`,
        remedy: `run sluicegate rollback ${flow.name} once more`,
      }));
    },
  },
  {
    id: "REVIEW-BASELINE-MISSING",
    title: "Nobody knows how it was before",
    when: "There is no `baseline.json` in the flow's folder, or it cannot be read.",
    why: "After the next change nobody can say whether the route became slower.",
    remedy: "run sluicegate measure avatars --target URL --baseline",
    find: ({ flow, upkeep: { baselineDay } }) =>
      foundIf(baselineDay === null || baselineDay === "unreadable", () => ({
        path: ["flow"],
        what:
          baselineDay === null
            ? "response time, errors, cache and database calls were never measured"
            : "baseline.json in the flow's folder cannot be read",
        remedy: `run sluicegate measure ${flow.name} --target URL --baseline`,
      })),
  },
  {
    id: "REVIEW-BASELINE-OLD",
    title: "It was measured long ago",
    when: `\`baseline.json\` is more than ${PRACTICE_DAYS} days old.`,
    why: "What is compared with it has changed in more than one thing.",
    remedy: "run sluicegate measure avatars --target URL --baseline",
    find: ({ flow, today, upkeep: { baselineDay } }) => {
      if (baselineDay === null || baselineDay === "unreadable") return [];
      const days = daysBetween(baselineDay, today);
      return foundIf(days > PRACTICE_DAYS, () => ({
        path: ["flow"],
        what: `the baseline was measured ${days} days ago`,
        remedy: `run sluicegate measure ${flow.name} --target URL --baseline`,
      }));
    },
  },
];

/** One finding for all kinds of which it is so. */
function drillFindings(
  { flow, upkeep: { drills } }: ReviewedFlow,
  isSo: (newest: DrillFile) => boolean,
  say: (kinds: string) => string,
) {
  if (flow.mode !== "enforce") return [];
  const newest = [...new Map(drills.map((drill) => [drill.kind, drill])).values()];
  const kinds = newest.filter(isSo).map(({ kind }) => kind);
  return foundIf(kinds.length > 0, () => ({
    path: ["mode"],
    what: say(kinds.join(", ")),
    remedy: kinds.map((kind) => `run sluicegate drill ${flow.name} ${kind}`).join("; "),
  }));
}

const wordsOfOld = (kinds: string): string =>
  `more than ${PRACTICE_DAYS} days have passed since the drill of ${kinds}`;

const isOld = ({ day }: DrillFile, today: string): boolean => daysBetween(day, today) > PRACTICE_DAYS;

const hasOtherPolicy = ({ report }: DrillFile, version: string): boolean =>
  report !== null && report.policyVersion !== version;

/**
 * Rules about how a flow is checked. Those about waivers are found by `checks/waivers/review-waivers.ts`, which reads them.
 */
import { daysBetween } from "../../written-day.ts";
import { foundIf, type ReviewRule } from "../review-rule.ts";
import { REVIEW_DAYS } from "./upkeep.ts";

export const CHECKING_RULES: readonly ReviewRule[] = [
  {
    id: "REVIEW-ANSWER-NEVER-RECORDED",
    title: "The expected answer was never recorded",
    when: "There is no `expected/created.answer.json` in the flow's folder.",
    why: "A changed answer is then noticed by the clients that break, and not by a check.",
    remedy: "run sluicegate record avatars --target URL",
    find: ({ flow, isAnswerRecorded }) =>
      foundIf(!isAnswerRecorded, () => ({
        path: [flow.notes.expect === null ? "flow" : "expect"],
        what: "the service's answer to an accepted upload was never recorded",
        remedy: `run sluicegate record ${flow.name} --target URL`,
      })),
  },
  {
    id: "REVIEW-READ-BACK-MISSING",
    title: "Nobody can see what is stored",
    when: "`verify` has neither `read-back` nor the hook `stored`.",
    why: "A service that says no and stores the file all the same then passes its checks.",
    remedy: "write read-back: { id: { pointer: /id }, url: /api/files/{id} }",
    find: ({ flow: { verify } }) => {
      if (verify === null) return [];
      const { url, state, list, command } = verify.readBack;
      const canSee = [url, state, list, command].some((way) => way !== null) || verify.hooks.has("stored");
      return foundIf(!canSee, () => ({
        path: ["verify"],
        what: "a check cannot see what was stored",
        remedy: "write read-back: with url, state, list or command",
      }));
    },
  },
  {
    id: "REVIEW-MANUAL-OLD",
    title: "Somebody has looked, long ago",
    when: `An entry of \`verify.manual\` is more than ${REVIEW_DAYS} days old.`,
    why: "What a person saw then says little about what runs now.",
    remedy: "have somebody look again, and write when: 2026-11-22",
    find: ({ flow: { verify }, today }) =>
      (verify?.manual ?? []).flatMap(({ check, who, when }, index) => {
        const days = daysBetween(when, today);
        if (days <= REVIEW_DAYS) return [];
        return [
          {
            path: ["verify", "manual", index, "when"],
            what: `${who} looked at ${check} ${days} days ago`,
            remedy: `have somebody look again, and write when: ${today}`,
          },
        ];
      }),
  },
  {
    id: "REVIEW-WAIVER-OVER",
    title: "A waiver has run out",
    when: "The day `until` of an entry of waivers.yaml is over.",
    why: "It does not count any more: the check fails again if the fault is still there.",
    remedy: "remove the entry if the check passes, else ask its owner and run sluicegate waive again",
    find: () => [],
  },
  {
    id: "REVIEW-WAIVER-ENDS",
    title: "A waiver runs out soon",
    when: "The day `until` of an entry of waivers.yaml is within 14 days.",
    why: "From the next day on the check fails again, perhaps in the middle of a release.",
    remedy: "remove the entry if the fault is mended, else ask its owner and run sluicegate waive again",
    find: () => [],
  },
];

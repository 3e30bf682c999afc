/**
 * Rules about who answers for a flow, what happens when something fails, and how it is undone.
 */
import { daysBetween } from "../../written-day.ts";
import { foundIf, type ReviewRule } from "../review-rule.ts";

/** What was tried longer ago says little about today. */
export const REVIEW_DAYS = 180;

export const UPKEEP_RULES: readonly ReviewRule[] = [
  {
    id: "REVIEW-OWNER-WITHOUT-ADDRESS",
    title: "Nobody can be reached",
    when: "`owner` has no e-mail address.",
    why: "Whoever finds the route broken at night has a name and nowhere to write to.",
    remedy: "write owner: accounts team <accounts@example.com>",
    find: ({ flow }) =>
      foundIf(!flow.owner.includes("@"), () => ({
        path: ["owner"],
        what: "the owner has no address",
        remedy: `write owner: ${flow.owner} <address@example.com>`,
      })),
  },
  {
    id: "REVIEW-NOTICED-MISSING",
    title: "Nobody knows where trouble shows",
    when: "There is no `noticed`.",
    why: "Without the exact place where a user notices it, a fault of the route is looked for in the wrong one.",
    remedy: "write noticed: Account → Edit profile; the picture stays grey",
    find: ({ flow }) =>
      foundIf(flow.noticed === null, () => ({
        path: ["flow"],
        what: "it is not said where a user notices that the route does not work",
        remedy: "write noticed: with the page and what is seen there",
      })),
  },
  {
    id: "REVIEW-FAILURE-MISSING",
    title: "Nobody has decided what happens when something fails",
    when: "There is no `failure`.",
    why: "Then the defaults hold, and the first outage is when somebody finds out what they are.",
    remedy: "write failure: { upstream-down: refuse, storage-full: refuse }",
    find: ({ written }) =>
      foundIf(written.failure === undefined, () => ({
        path: ["flow"],
        what: "it is not said what happens when the service is down or the disk is full",
        remedy: "write failure: { upstream-down: refuse, storage-full: refuse }",
      })),
  },
  {
    id: "REVIEW-ROLLBACK-MISSING",
    title: "Nobody has written how to undo it",
    when: "There is no `rollback`.",
    why: "Under pressure somebody will have to find out what else depends on the flow.",
    remedy:
      "write rollback: { note: Set mode to observe and reload., command: sluicegate mode avatars observe, tried: 2026-11-22 }",
    find: ({ flow }) =>
      foundIf(flow.notes.rollback === null, () => ({
        path: ["flow"],
        what: "it is not said how it is undone",
        remedy: `write rollback: { note: …, command: sluicegate mode ${flow.name} observe, tried: … }`,
      })),
  },
  {
    id: "REVIEW-ROLLBACK-NEVER-TRIED",
    title: "The way back was never tried",
    when: "`rollback` has no `tried`.",
    why: "A way back that nobody has gone is a guess.",
    remedy: "run sluicegate rollback avatars, which writes tried: 2026-11-22 when it worked",
    find: ({ flow }) =>
      foundIf(flow.notes.rollback !== null && flow.notes.rollback.tried === undefined, () => ({
        path: ["rollback"],
        what: "the way back was never tried",
        remedy: `run sluicegate rollback ${flow.name}, which writes the day when it worked`,
      })),
  },
  {
    id: "REVIEW-ROLLBACK-OLD",
    title: "The way back was tried long ago",
    when: `\`rollback.tried\` is more than ${REVIEW_DAYS} days ago.`,
    why: "The service has changed since, and nobody knows whether the way back still leads there.",
    remedy: "run sluicegate rollback avatars, which writes tried: 2026-11-22 when it worked",
    find: ({ flow, today }) => {
      const tried = flow.notes.rollback?.tried;
      if (tried === undefined || daysBetween(tried, today) <= REVIEW_DAYS) return [];
      return [
        {
          path: ["rollback", "tried"],
          what: `the way back was last tried ${daysBetween(tried, today)} days ago`,
          remedy: `run sluicegate rollback ${flow.name}, which writes the day when it worked`,
        },
      ];
    },
  },
];

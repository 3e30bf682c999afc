import { createHash } from "node:crypto";
import type { Check, Target } from "../check.ts";
import {
  acceptedId,
  jsonOf,
  pointedAt,
  readPlace,
  scenario,
  statusOf,
  tellsIds,
} from "../define-scenario.ts";
import { utf8 } from "../payloads/bytes.ts";
import { controlProbe } from "../payloads/upload.ts";
import type { Stage } from "../scenario.ts";
import { takesKnownTypes } from "../type-case.ts";

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d|\b1[6-9]\d{11}\b/;

/** What a record must hold beside what all of them do. */
interface Said {
  readonly what: string;
  readonly text: string;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** What the operator must be able to read of an upload, years later. */
async function judgeRecord(stage: Stage, target: Target, id: string, said: Said): Promise<void> {
  const text = JSON.stringify((await stage.hooks.record?.(id)) ?? null);
  if (!text.includes(id)) return stage.complain("there is no record of the upload");
  if (!text.includes(said.text)) stage.complain(`the record does not say ${said.what}`);
  if (!/"[^"]*polic[^"]*":"[^"]+"/i.test(text)) stage.complain("the record does not say by which policy");
  if (!/"[^"]*(?:state|verdict)[^"]*":"[^"]+"/i.test(text))
    stage.complain("the record does not say the verdict");
  if (!TIME.test(text)) stage.complain("the record does not say when");
  if (!text.includes(target.path.replace("{name}", "")))
    stage.complain("the record does not say by which route");
}

/** UPL-VO-06: what is known of an upload afterwards. */
export const verdictRecord: Check = {
  id: "UPL-VO-06",
  title: "The record of an upload says what it was, how it was judged, by which policy and when",
  why: "When a hole in a policy is found, only the record tells which files came through it.",
  standards: ["v5.0.0-16.2.1", "v5.0.0-5.4.3", "CWE-459"],
  flags: ["o"],
  remedy: {
    fastapi:
      "Keep a row for each upload: digest, verdict, by which version of the rules, when; and delete by age with a log line.",
    django: "A model for each upload with digest, verdict, version and time; a command that deletes by age.",
    flask: "The same in a table.",
    gate: "Nothing to write: `sluicegate show ID`; `records.keep: 90d`.",
  },
  cases: [],
  scenarios: [
    scenario(
      "an accepted upload",
      1,
      async (stage) => {
        const main = await stage.as("main");
        const id = await acceptedId(stage, "an upload", main, controlProbe(main));
        if (id !== null)
          await judgeRecord(stage, main, id, {
            what: "which bytes they were",
            text: sha256(main.file.control.bytes),
          });
      },
      { appliesTo: tellsIds, hooks: ["record"] },
    ),
    scenario(
      "a refused upload",
      1,
      async (stage) => {
        const main = await stage.as("main");
        const bytes = utf8("this is text and no picture");
        const sent = await stage.send("a file that is not what it says", controlProbe(main, { bytes }));
        if (statusOf(sent) < 400) return stage.complain(`it was answered ${statusOf(sent)}`);
        const place = main.promises?.id;
        const told = place === undefined ? null : readPlace(sent, place);
        const id = told ?? pointedAt(jsonOf(sent), "/uploadId");
        if (typeof id !== "string") return stage.complain("the refusal does not name the upload");
        const code = pointedAt(jsonOf(sent), "/code");
        await judgeRecord(stage, main, id, {
          what: "the rule",
          text: typeof code === "string" ? code : '"rule":',
        });
      },
      {
        appliesTo: (target) => (tellsIds(target) === true ? takesKnownTypes(target) : tellsIds(target)),
        hooks: ["record"],
      },
    ),
  ],
};

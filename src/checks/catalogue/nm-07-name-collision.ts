import { createHash } from "node:crypto";
import type { Check, CheckCase, Target } from "../check.ts";
import { accepts, multipartOnly, whereAll } from "../define-case.ts";
import {
  acceptedId,
  jsonOf,
  pathOf,
  plainRequest,
  pointedAt,
  scenario,
  tellsIds,
} from "../define-scenario.ts";
import { makesAnew } from "../judge.ts";
import { honestName, hostileName, namedProbe } from "../name-case.ts";
import { joined, latin1 } from "../payloads/bytes.ts";
import { controlContent, formOf, formProbe } from "../payloads/form.ts";
import { canBeSized, sizedControl } from "../payloads/sized-file.ts";
import { controlProbe } from "../payloads/upload.ts";
import type { Stage } from "../scenario.ts";
import { fileAt, isWhole } from "../stored-file.ts";

const isBroken = (name: string) => (name.includes("\ufffd") ? "a name with a broken character" : null);

/** Two uploads whose names some file system takes for one; each must arrive with its own bytes. */
function twins(name: string, one: string, other: string): CheckCase {
  return accepts(name, (target) => namedProbe(target, (extension) => one + extension), {
    appliesTo: multipartOnly,
    twin: (target) => namedProbe(target, (extension) => other + extension),
  });
}

/** A valid file with other bytes than the control. */
function otherBytes(target: Target) {
  return { bytes: sizedControl(target, Math.min(target.file.sizeBytesMax, 4096)).bytes };
}

/** Two uploads of one name: the first must still be what it was, under an id of its own. */
async function oneNameTwice(stage: Stage): Promise<void> {
  const target = await stage.as("main");
  const first = await acceptedId(stage, "the first", target, controlProbe(target));
  const other = otherBytes(target);
  const second = await acceptedId(
    stage,
    "another of its name",
    target,
    controlProbe(await stage.as("main"), other),
  );
  if (first === null || second === null) return;
  if (first === second) stage.complain("two files of one name have one id");
  await isStillTheControl(stage, target, first);
  const link = await stage.hooks.mintLink?.({ uploadId: first });
  if (link === undefined) return;
  const fetched = await fileAt(stage, await stage.as("nobody"), link).get("the first, fetched again");
  isWhole(stage, fetched, target, target.file.control.bytes);
}

async function isStillTheControl(stage: Stage, target: Target, id: string): Promise<void> {
  const { file, promises } = target;
  const { path, sha256 } = promises?.state ?? {};
  if (path === undefined || sha256 === undefined || makesAnew(target)) return;
  const told = await stage.send(
    "the first's state",
    plainRequest(await stage.as("main"), "GET", pathOf(path, id)),
  );
  if (pointedAt(jsonOf(told), sha256) !== createHash("sha256").update(file.control.bytes).digest("hex"))
    stage.complain("the first file is no longer what it was when it was stored");
}

/** UPL-NM-07: one name, two files. */
export const nameCollision: Check = {
  id: "UPL-NM-07",
  title: "A name decides nothing about where a file goes",
  why: "Where the name is the place, the second upload replaces the first, whoever sent it.",
  standards: ["v5.0.0-5.3.2", "CWE-73", "CWE-178", "CWE-176", "CVE-2014-9390"],
  flags: ["s", "i"],
  remedy: {
    fastapi:
      "Never build a path from `UploadFile.filename`: store under `uuid4().hex`, keep the name as text beside it, cut to what you show. Two uploads of one name are two files, and no letter case or normal form makes them one.",
    django:
      "Django's storages add letters to a name that is taken, but two at once may race: `upload_to` with a uuid.",
    flask:
      "Store under a uuid of your own; `secure_filename` is for showing only, and `safe_join` for every read.",
    gate: "Nothing to write: each upload has an id of its own; `forward` passes the name on, so the service must not store by it either.",
  },
  cases: [
    accepts("the same name with other bytes", (target) => controlProbe(target, otherBytes(target)), {
      appliesTo: canBeSized,
    }),
    accepts(
      "two files of one name in one upload",
      (target) => {
        const content = controlContent(target);
        const files = [...content.files, ...controlContent(target, otherBytes(target)).files];
        return formProbe(target, formOf({ ...content, files }), { ...content, files });
      },
      {
        appliesTo: (target) => {
          const applies = multipartOnly(target);
          if (applies !== true) return applies;
          return target.file.countMax < 2 ? "the route takes one file" : canBeSized(target);
        },
      },
    ),
    twins("composed and decomposed", "caf\u00e9", "cafe\u0301"),
    twins("sharp s and two s", "stra\u00dfe", "strasse"),
    twins("capitals and small letters", "PHOTO", "photo"),
    honestName("the extension in capitals", (extension, stem) => `${stem}${extension.toUpperCase()}`),
    hostileName("invalid UTF-8", (extension) => joined(latin1("caf\xe9"), extension), isBroken),
  ],
  scenarios: [
    scenario("the first of two files of one name stays what it was", 4, oneNameTwice, {
      appliesTo: whereAll(multipartOnly, canBeSized, tellsIds),
    }),
  ],
};

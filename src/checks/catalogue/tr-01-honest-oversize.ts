import type { Check, Target } from "../check.ts";
import { refuses, strictly } from "../define-case.ts";
import { canBeSized, sizedControl } from "../payloads/sized-file.ts";
import { controlProbe, controlRequest } from "../payloads/upload.ts";
import { probeSteps, withHeader, withLines } from "../payloads/upload-request.ts";

/** More than any honest upload of the route could have, form and all. */
function farTooManyBytes({ file, fields }: Target): number {
  const texts = fields.reduce((sum, field) => sum + field.countMax * (field.lengthCharsMax * 4 + 1024), 0);
  return 2 * (file.countMax * (file.sizeBytesMax + 1024) + texts) + 1024 * 1024;
}

/** The control's head with a length far beyond the limit, and no body before an answer has come. */
function declaredTooLarge(target: Target, ...lines: readonly string[]) {
  const request = withHeader(
    controlRequest(target),
    "Content-Length",
    `Content-Length: ${farTooManyBytes(target)}`,
  );
  return probeSteps(withLines(request, ...lines), () => ["await-answer"]);
}

const atLimit = (target: Target) => controlProbe(target, sizedControl(target, target.file.sizeBytesMax));
const HEAD_BYTES_MAX = 16 * 1024;

/** UPL-TR-01: a client that says honestly that it will send too much. */
export const honestOversize: Check = {
  id: "UPL-TR-01",
  title: "A body that is declared too large is refused before it is sent",
  why: "Where the limit is looked at only after the body was read, every client can fill memory and disk.",
  standards: ["v5.0.0-5.2.1", "CWE-770", "API4"],
  flags: ["s"],
  topic: "size",
  remedy: {
    fastapi:
      "Give Starlette ≥ 1.6.0 a `max_body_size`, and before that look at `Content-Length` in a pure ASGI middleware and answer 413 before `receive()` is called. The check of who sends belongs into the same place: a dependency runs after the form was read.",
    django:
      "`DATA_UPLOAD_MAX_MEMORY_SIZE` does not bound files. Look at `request.META['CONTENT_LENGTH']` in a middleware before anything touches `request.POST` or `request.FILES`, and answer 413.",
    flask:
      "Set `MAX_CONTENT_LENGTH` (default: none); Flask then answers 413 as soon as the form is asked for. Ask for the caller before `request.files`.",
    gate: "`accept.files.NAME.max-size: 5 MiB`. The gate answers 413 or 401 before the body, and sends no `100 Continue`.",
  },
  cases: [
    // The limit may be kept without being kept this early.
    ...strictly([
      refuses("Content-Length far beyond the limit", (target) => declaredTooLarge(target), {
        statuses: [401, 413],
        gateCodes: ["BODY_TOO_LARGE", "FILE_TOO_LARGE"],
        takenBytesMax: HEAD_BYTES_MAX,
        withinMs: 2000,
      }),
      refuses(
        "the same with Expect: 100-continue: no 100 comes",
        (target) => declaredTooLarge(target, "Expect: 100-continue"),
        {
          statuses: [401, 413, 417],
          gateCodes: ["BODY_TOO_LARGE", "FILE_TOO_LARGE"],
          takenBytesMax: HEAD_BYTES_MAX,
          withinMs: 2000,
          withoutContinue: true,
        },
      ),
      refuses(
        "the same by nobody: 401, and no 100 comes",
        (target) => declaredTooLarge(target, "Expect: 100-continue"),
        {
          statuses: [401, 413],
          gateCodes: ["CREDENTIALS_MISSING"],
          takenBytesMax: HEAD_BYTES_MAX,
          withinMs: 2000,
          withoutContinue: true,
        },
        { as: "nobody" },
      ),
    ]),
    refuses(
      "a file of one byte more than the limit",
      (target) => controlProbe(target, sizedControl(target, target.file.sizeBytesMax + 1)),
      { statuses: [413], gateCodes: ["FILE_TOO_LARGE", "BODY_TOO_LARGE"] },
      { appliesTo: canBeSized, twin: atLimit },
    ),
  ],
};

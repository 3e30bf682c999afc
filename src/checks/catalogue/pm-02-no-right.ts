import type { Check, Refusal } from "../check.ts";
import { refuses } from "../define-case.ts";
import { controlProbe, controlRequest } from "../payloads/upload.ts";
import { probeSteps } from "../payloads/upload-request.ts";

const noRight: Refusal = { statuses: [403], gateCodes: ["PERMISSION_DENIED"] };

/** UPL-PM-02: somebody who is known, and may not upload. */
export const noRightToUpload: Check = {
  id: "UPL-PM-02",
  title: "A caller without the right to upload is refused before the body",
  why: "Where only the login is checked, whoever may read may also write.",
  standards: ["v5.0.0-8.2.1", "CWE-862", "API5"],
  flags: ["i"],
  remedy: {
    fastapi:
      "Check the right beside the identity (a scope by `Security(…, scopes=[…])`), answer 403, and log it.",
    django:
      "`@permission_required('app.add_upload', raise_exception=True)`: without `raise_exception` it is a redirect to the login page.",
    flask: "Check the right in `before_request` or a decorator, `abort(403)`, and log it.",
    gate: '`permissions.require: { scope: "avatars:write" }`.',
  },
  cases: [
    refuses("a caller without the right", (target) => controlProbe(target), noRight, { as: "readOnly" }),
    refuses(
      "the same, refused before the body",
      (target) => probeSteps(controlRequest(target), () => ["await-answer"]),
      { ...noRight, takenBytesMax: 16 * 1024, withinMs: 2000 },
      { as: "readOnly" },
    ),
  ],
};

import type { Check, CheckCase } from "../check.ts";
import { multipartOnly, refuses, strictly } from "../define-case.ts";
import { controlContent, formOf, formRequest } from "../payloads/form.ts";
import { probeOf } from "../payloads/upload-request.ts";

function continued(name: string, parameters: string): CheckCase {
  return refuses(
    name,
    (target) => {
      const content = controlContent(target);
      const form = { ...formOf(content), boundary: "real" };
      return probeOf(formRequest(target, form, content, `multipart/form-data; ${parameters}`));
    },
    { statuses: [400, 415], gateCodes: ["PROTOCOL_BOUNDARY_INVALID", "CONTENT_TYPE_UNSUPPORTED"] },
    { appliesTo: multipartOnly },
  );
}

/** UPL-MP-06: a boundary in the pieces of RFC 2231. */
export const boundaryContinuation: Check = {
  id: "UPL-MP-06",
  title: "A boundary in pieces or in extended notation is refused",
  why: "A component that joins RFC 2231 pieces sees another form than one that does not.",
  standards: ["v5.0.0-1.5.3", "CWE-436"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Refuse a `Content-Type` that matches `boundary\\*` in a middleware: nothing sends that in earnest.",
    django: "The same in a Django middleware, before `request.POST` is touched.",
    flask: "Werkzeug joins the pieces: refuse `boundary*` in `before_request`, before the form is parsed.",
    gate: "Nothing to write: 400.",
  },
  cases: strictly([
    continued("two pieces", "boundary*0=re; boundary*1=al"),
    continued("one extended value", "boundary*=utf-8''real"),
    continued("two pieces beside a plain boundary", "boundary=real; boundary*0=ot; boundary*1=her"),
    continued("an extended value beside a plain boundary", "boundary=real; boundary*=utf-8''other"),
    continued("an extended value before a plain boundary", "boundary*=utf-8''other; boundary=real"),
  ]),
};

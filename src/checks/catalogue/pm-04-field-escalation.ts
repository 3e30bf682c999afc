import type { Check, CheckCase, Refusal } from "../check.ts";
import { multipartOnly, neutralises } from "../define-case.ts";
import { noFurtherHarm } from "../harms.ts";
import { fieldPart, formProbe, formWithParts } from "../payloads/form.ts";

const unknownField: Refusal = {
  statuses: [400, 413, 422],
  gateCodes: ["FIELD_UNKNOWN", "PROTOCOL_TOO_MANY_PARTS"],
};

/** The control with fields that the route does not promise. Where they arrive all the same, other fields than were promised came. */
function withFields(name: string, fields: Readonly<Record<string, string>>): CheckCase {
  return neutralises(
    name,
    (target) => {
      const parts = Object.entries(fields).map(([field, value]) => fieldPart(field, value));
      return formProbe(target, formWithParts(target, ...parts));
    },
    unknownField,
    noFurtherHarm,
    { appliesTo: multipartOnly },
  );
}

/** UPL-PM-04: fields that nobody asked for. */
export const fieldEscalation: Check = {
  id: "UPL-PM-04",
  title: "A field that the route does not name changes nothing",
  why: "A service that takes the whole form as its object lets the client set owner, place and verdict.",
  standards: ["v5.0.0-8.2.3", "v5.0.0-8.4.1", "v5.0.0-15.3.3", "CWE-915", "API3"],
  flags: ["i"],
  remedy: {
    fastapi:
      "Take named `Form()` parameters and never `**form`: owner, tenant, path and status come from the session.",
    django: "`ModelForm.Meta.fields` lists what may be set; never `exclude`, never `Model(**request.POST)`.",
    flask: "Take named fields; never `Model(**request.form)`.",
    gate: "`accept.fields` lists what may come; everything else is 400.",
  },
  cases: [
    withFields("owner and tenant", { owner: "admin", tenant: "other" }),
    withFields("owner_id and user[id]", { owner_id: "1", "user[id]": "1" }),
    withFields("bucket, path and key", { bucket: "public", path: "../static", key: "index.html" }),
    withFields("acl", { acl: "public-read" }),
    withFields("status and verdict", { status: "clean", scan_status: "clean", verdict: "accept" }),
    withFields("role", { role: "admin", is_admin: "true" }),
  ],
};

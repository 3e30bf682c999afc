import type { Check, CheckCase, Target } from "../check.ts";
import { accepts, multipartOnly, neutralises, refuses, strictly } from "../define-case.ts";
import { noFurtherHarm } from "../harms.ts";
import { controlContent, formOf, formRequest } from "../payloads/form.ts";
import { probeOf } from "../payloads/upload-request.ts";

const refused = {
  statuses: [400, 415],
  gateCodes: ["PROTOCOL_BOUNDARY_INVALID", "CONTENT_TYPE_UNSUPPORTED", "REQUEST_MALFORMED"],
  withinMs: 1000,
};

/** The control with `boundary` in the body and `parameter` in the Content-Type. */
function bounded(target: Target, boundary: string, parameter = `boundary=${boundary}`) {
  const content = controlContent(target);
  const form = { ...formOf(content), boundary };
  return probeOf(formRequest(target, form, content, `multipart/form-data; ${parameter}`));
}

const ofLength = (lengthBytes: number) => "b".repeat(lengthBytes);
const longest = (target: Target) => bounded(target, ofLength(70));

function invalid(name: string, boundary: string, parameter?: string): CheckCase {
  return refuses(name, (target) => bounded(target, boundary, parameter), refused, {
    appliesTo: multipartOnly,
    twin: longest,
  });
}

/** UPL-MP-05: boundaries at and beyond what RFC 2046 section 5.1.1 allows. */
export const boundaryLengths: Check = {
  id: "UPL-MP-05",
  title: "The boundary is taken as RFC 2046 has it, and otherwise refused",
  why: "A boundary that two parsers read differently gives two different forms out of one body; one of 252 bytes made a parser spin.",
  standards: ["CWE-835", "CWE-436", "CVE-2026-19484"],
  flags: ["s"],
  remedy: {
    fastapi:
      "python-multipart ≥ 0.0.32 (CVE-2026-19484 is a boundary of exactly 252 bytes). Refuse a boundary of more than 70 characters yourself where an older one has to stay: RFC 2046 section 5.1.1.",
    django:
      "Django ≥ 5.2.19, 6.0.10 or 6.1.3; answer 400 to `MultiPartParserError`, which it does unless a view catches it.",
    flask:
      "Werkzeug ≥ 3.1.6; a missing boundary gives an empty form there: look that the file is there, and answer 400.",
    gate: "Nothing to write: boundaries of 1 to 70 characters, as RFC 2046 says.",
  },
  cases: strictly([
    invalid("no boundary parameter", "b", "charset=utf-8"),
    invalid("an empty boundary", "", "boundary="),
    invalid("an empty boundary in quotes", "", 'boundary=""'),
    invalid("71 characters", ofLength(71)),
    invalid("252 characters", ofLength(252)),
    invalid("257 characters", ofLength(257)),
    invalid("1,024 characters", ofLength(1024)),
    invalid("a space at the end", "b ", 'boundary="b "'),
    invalid("a comma without quotes", "a,b"),
    invalid("an open quote", "b", 'boundary="b'),
    invalid("a character that is not allowed", "b@d", 'boundary="b@d"'),
    invalid("two boundaries, the second in use", "second", "boundary=first; boundary=second"),
    invalid("two boundaries, the first in use", "first", "boundary=first; boundary=second"),
    accepts("one character", (target) => bounded(target, "b"), { appliesTo: multipartOnly, twin: longest }),
    accepts("in quotes", (target) => bounded(target, "b", 'boundary="b"'), {
      appliesTo: multipartOnly,
      twin: longest,
    }),
    neutralises(
      "every character that is allowed, in quotes",
      (target) => bounded(target, "a'()+_,-./:=? z", 'boundary="a\'()+_,-./:=? z"'),
      refused,
      noFurtherHarm,
      { appliesTo: multipartOnly, twin: longest },
    ),
  ]),
};

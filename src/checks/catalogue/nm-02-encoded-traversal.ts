import type { Check, CheckCase } from "../check.ts";
import { rawOnly, refuses, strictly } from "../define-case.ts";
import { isPath } from "../harms.ts";
import { honestName, hostileName } from "../name-case.ts";
import { joined, latin1 } from "../payloads/bytes.ts";
import { controlRequest } from "../payloads/upload.ts";
import { probeOf } from "../payloads/upload-request.ts";

/** The name in a raw upload's own path, written as it is. */
function inPath(name: string, lastSegment: string): CheckCase {
  return refuses(
    `in the request's path: ${name}`,
    (target) => {
      const line = `${target.method} ${target.path.replace("{name}", lastSegment)} HTTP/1.1`;
      return probeOf({ ...controlRequest(target), line });
    },
    { statuses: [400, 404], gateCodes: ["REQUEST_TARGET_INVALID", "ROUTE_UNKNOWN", "REQUEST_MALFORMED"] },
    { appliesTo: rawOnly },
  );
}

/** UPL-NM-02: a path that becomes one when it is decoded once more. */
export const encodedTraversal: Check = {
  id: "UPL-NM-02",
  title: "A file name or path is decoded once and judged after that",
  why: "What is checked before the last decoding is checked in vain.",
  standards: ["v5.0.0-1.1.1", "CWE-22", "CWE-174"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Never build a path from `UploadFile.filename`: store under `uuid4().hex`, keep the name as text beside it, cut to what you show. Do not `unquote` a name: it was decoded already.",
    django:
      "`upload_to` as a callable that returns a uuid; `FileSystemStorage` cleans names, other storages and `open(name)` do not. Do not `unquote` a name.",
    flask:
      "Store under a uuid of your own; `secure_filename` is for showing only, and `safe_join` for every read. Do not `unquote` a name.",
    gate: "Nothing to write: names are decoded once, and what still looks encoded is refused.",
  },
  cases: [
    hostileName("percent-encoded dots and slash", (extension) => `%2e%2e%2fcanary${extension}`, isPath),
    hostileName("percent-encoded twice", (extension) => `%252e%252e%252fcanary${extension}`, isPath),
    hostileName("percent-encoded backslash", (extension) => `..%5ccanary${extension}`, isPath),
    hostileName(
      "overlong UTF-8 for a dot",
      (extension) => joined(latin1("\xc0\xae\xc0\xae/canary"), extension),
      isPath,
    ),
    hostileName(
      "overlong UTF-8 for a slash",
      (extension) => joined(latin1("..\xc0\xafcanary"), extension),
      isPath,
    ),
    // A path only to who normalises a name after it was looked at.
    ...strictly([
      hostileName(
        "full-width dots and slash",
        (extension) => `\uff0e\uff0e\uff0fcanary${extension}`,
        (name) => isPath(name.normalize("NFKC")),
      ),
    ]),
    hostileName("a fraction slash", (extension) => `..\u2215canary${extension}`, isPath),
    honestName("a percent sign that encodes nothing", (extension) => `100% done${extension}`),
    inPath("dots and an encoded slash", "..%2fcanary.bin"),
    inPath("encoded dots and slash", "%2e%2e%2fcanary.bin"),
    inPath("dots as a segment", "a/../../canary.bin"),
    inPath("encoded dots as a segment", "%2e%2e/canary.bin"),
    inPath("an encoded NUL", "canary.bin%00.png"),
    // Names that are odd, and names: to who decodes them once, as is right.
    ...strictly([
      inPath("encoded twice", "%252e%252e%252fcanary.bin"),
      inPath("an encoded backslash", "..%5ccanary.bin"),
      inPath("a broken percent encoding", "canary%zz.bin"),
      inPath("invalid UTF-8", "canary%ff.bin"),
    ]),
  ],
};

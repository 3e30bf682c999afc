import type { Check, SampleFile, Target } from "../check.ts";
import { whereAll } from "../define-case.ts";
import { tellsIds } from "../define-scenario.ts";
import { utf8 } from "../payloads/bytes.ts";
import { htmlFile } from "../payloads/document-files.ts";
import { controlProbe } from "../payloads/upload.ts";
import type { Scenario, Stage } from "../scenario.ts";
import type { Exchange } from "../send-probe.ts";
import { header, isWhole, stored } from "../stored-file.ts";

const ACTIVE = /html|svg|xml|javascript|xhtml/i;

/** Nothing that a browser would open, run, embed or keep. */
function judgeHeaders(stage: Stage, exchange: Exchange): void {
  const disposition = header(exchange, "content-disposition") ?? "";
  const policy = header(exchange, "content-security-policy") ?? "";
  const type = header(exchange, "content-type") ?? "";
  if (!/^attachment\b/i.test(disposition)) stage.complain(`the file is not an attachment: ${disposition}`);
  if (header(exchange, "x-content-type-options") !== "nosniff")
    stage.complain("the type may be sniffed: no nosniff");
  if (!/\bsandbox\b/.test(policy) || !policy.includes("default-src 'none'"))
    stage.complain(`the file may run in the site's name: Content-Security-Policy: ${policy}`);
  if (header(exchange, "cross-origin-resource-policy") === null)
    stage.complain("any page may embed the file");
  if (!/no-store|private/.test(header(exchange, "cache-control") ?? ""))
    stage.complain("a shared cache may keep it");
  if (type === "" || ACTIVE.test(type)) stage.complain(`the file is served as ${type || "no type"}`);
}

function served(name: string, file: (target: Target) => Partial<SampleFile>, onlyAny: boolean): Scenario {
  const takesAny = ({ file: promise }: Target): true | string =>
    !onlyAny || promise.types === "any" || "the route takes known types only";
  return stored(
    name,
    1,
    (target) => controlProbe(target, file(target)),
    async (stage, { get, target }) => {
      const exchange = await get("fetched by a link");
      isWhole(stage, exchange, target, { ...target.file.control, ...file(target) }.bytes);
      judgeHeaders(stage, exchange);
    },
    { appliesTo: whereAll(tellsIds, takesAny) },
  );
}

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="canary()"/>';

/** UPL-RS-04: how a stored file comes out again. */
export const downloadHeaders: Check = {
  id: "UPL-RS-04",
  title: "A stored file is handed out so that no browser runs it",
  why: "A file that opens in the site's own name runs its script with the visitor's session.",
  standards: ["v5.0.0-3.2.1", "v5.0.0-3.4.3", "v5.0.0-3.4.4", "CWE-79"],
  flags: ["s", "o"],
  remedy: {
    fastapi:
      "`FileResponse(path, filename=…, content_disposition_type='attachment')` with `X-Content-Type-Options: nosniff`, `Content-Security-Policy: default-src 'none'; sandbox`, `Cross-Origin-Resource-Policy: same-origin`, `Cache-Control: private, no-store`.",
    django:
      "`FileResponse(f, as_attachment=True)` and these headers; media from another host, not from `MEDIA_URL` of the site.",
    flask: "`send_file(…, as_attachment=True)` and these headers in `after_request`.",
    gate: "Hand out by `/.sluicegate/files/{id}` with a minted link: all of these are set.",
  },
  cases: [],
  scenarios: [
    served("the control file", () => ({}), false),
    served("a page", () => htmlFile(), true),
    served(
      "a drawing with a script",
      () => ({ name: "a.svg", mediaType: "image/svg+xml", bytes: utf8(SVG) }),
      true,
    ),
  ],
};

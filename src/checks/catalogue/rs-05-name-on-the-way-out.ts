import type { Check } from "../check.ts";
import { acceptedId, answerOf, readPlace, scenario, statusOf, tellsIds } from "../define-scenario.ts";
import { hidesCharacters, isPath, isTooLong, isWindowsSpecial } from "../harms.ts";
import { isAccepted } from "../judge.ts";
import { namedProbe } from "../name-case.ts";
import { controlProbe } from "../payloads/upload.ts";
import type { Scenario, Stage } from "../scenario.ts";
import type { Exchange } from "../send-probe.ts";
import { fileAt, header, lastingHeaders, stored } from "../stored-file.ts";

/** One valid header with one name, or with an ASCII form and an extended one. @see RFC 6266 section 4.1, RFC 8187 section 3.2.1 */
const DISPOSITION =
  /^attachment; ?filename="((?:[ !#-[\]-~]|\\["\\])*)"(?:; ?filename\*=UTF-8''((?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-Fa-f]{2})+))?$/i;

function judgeName(stage: Stage, exchange: Exchange): void {
  const answer = answerOf(exchange);
  const dispositions = answer?.headers.filter(([name]) => name === "content-disposition") ?? [];
  const [only, ...more] = dispositions;
  if (only === undefined || more.length > 0) {
    stage.complain(`the file comes with ${dispositions.length} Content-Disposition headers`);
    return;
  }
  const match = DISPOSITION.exec(only[1]);
  if (match === null) {
    stage.complain(`not one valid Content-Disposition: ${JSON.stringify(only[1])}`);
    return;
  }
  const name = match[2] === undefined ? (match[1] ?? "") : decodeURIComponent(match[2]);
  for (const harm of [isPath, hidesCharacters, isWindowsSpecial, isTooLong]) {
    const found = harm(name);
    if (found !== null) stage.complain(`the file comes with ${found}: ${JSON.stringify(name)}`);
  }
  if (header(exchange, "x-canary") !== null) stage.complain("the name has become a header of its own");
}

/** A hostile name is refused, or comes out clean. */
function named(name: string, nameOf: (extension: string) => string): Scenario {
  return scenario(
    name,
    2,
    async (stage) => {
      const main = await stage.as("main");
      const sent = await stage.send("the upload", namedProbe(main, nameOf));
      const place = main.promises?.id;
      if (!isAccepted(main, sent) || place === undefined) {
        if (statusOf(sent) < 400 || statusOf(sent) >= 500)
          stage.complain(`the upload is answered ${statusOf(sent)}`);
        return;
      }
      const path = await stage.hooks.mintLink?.({ uploadId: readPlace(sent, place) ?? "" });
      if (path === undefined) return;
      const fetched = await fileAt(stage, await stage.as("nobody"), path).get("fetched by a link");
      if (statusOf(fetched) !== 200) stage.complain(`the file is answered ${statusOf(fetched)}`);
      judgeName(stage, fetched);
    },
    {
      appliesTo: tellsIds,
      hooks: ["mintLink"],
      twin: async (stage) => {
        const main = await stage.as("main");
        const id = await acceptedId(stage, "the control upload", main, controlProbe(main));
        const path = id === null ? undefined : await stage.hooks.mintLink?.({ uploadId: id });
        if (path !== undefined)
          judgeName(stage, await fileAt(stage, await stage.as("nobody"), path).get("fetched"));
      },
    },
  );
}

const OVERRIDES = [
  "response-content-disposition=inline",
  "response-content-type=text/html",
  "filename=evil.html",
  "name=evil.html",
  "download=0",
  "inline=1",
  "content-type=text/html",
];

/** UPL-RS-05: the name under which a stored file comes out again. */
export const nameOnTheWayOut: Check = {
  id: "UPL-RS-05",
  title: "A stored file comes out under one clean name that nobody can change",
  why: "A name that the URL may set makes every link of the site a download of whatever the attacker calls it.",
  standards: ["v5.0.0-5.4.1", "v5.0.0-5.4.2", "CWE-113"],
  flags: ["s", "o"],
  remedy: {
    fastapi: "`FileResponse(filename=…)`; never a header formatted by hand, never a name from the query.",
    django: "`FileResponse(filename=…)` or `content_disposition_header()` (Django ≥ 4.2).",
    flask: "`send_file(download_name=…)`.",
    gate: "Downloads by `/.sluicegate/files/{id}` have one valid name; parameters that would change it are ignored.",
  },
  cases: [],
  scenarios: [
    named("a path", (extension) => `../../etc/canary${extension}`),
    named("a line break and a header", (extension) => `a%0d%0aX-Canary: 1${extension}`),
    named("a tag", (extension) => `<img src=x onerror=canary()>${extension}`),
    named("letters that run backwards", (extension) => `invoice\u202egnp.exe${extension}`),
    named("characters that are not seen", (extension) => `in\u200bvoice\ufeff${extension}`),
    named("parameters of its own", (extension) => `x; filename=evil.exe; y=${extension}`),
    named("letters of many alphabets", (extension) => `Übersicht 図 файл${extension}`),
    named("a name that Windows keeps", (extension) => `con${extension}`),
    named("a percent sign", (extension) => `100%25%2e%2e${extension}`),
    stored(
      "parameters of the URL",
      OVERRIDES.length + 1,
      (target) => controlProbe(target),
      async (stage, file) => {
        const plain = answerOf(await file.get("as it was given out"));
        for (const query of OVERRIDES) {
          const answer = answerOf(await file.getWith(query, query));
          if (answer === null || answer.status >= 400 || plain === null) continue;
          if (lastingHeaders(answer).join() !== lastingHeaders(plain).join())
            stage.complain(`${query} changes the headers of the answer`);
        }
      },
    ),
  ],
};

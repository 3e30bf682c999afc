import type { Check, Target } from "../check.ts";
import { whereAll } from "../define-case.ts";
import { answerOf, statusOf, tellsIds } from "../define-scenario.ts";
import { makesAnew } from "../judge.ts";
import { canBeSized, sizedControl } from "../payloads/sized-file.ts";
import { controlProbe } from "../payloads/upload.ts";
import type { Scenario, Stage } from "../scenario.ts";
import { header, isWhole, lastingHeaders, type StoredFile, stored } from "../stored-file.ts";

const SIZE_BYTES = 100_000;
const SLACK_BYTES = 64 * 1024;
const WITHIN_MS = 2000;

const file = (target: Target) => sizedControl(target, SIZE_BYTES);

function ranged(
  name: string,
  requestsMax: number,
  look: (stage: Stage, file: StoredFile) => Promise<void>,
): Scenario {
  return stored(name, requestsMax, (target) => controlProbe(target, file(target)), look, {
    appliesTo: whereAll(tellsIds, canBeSized),
  });
}

/** A header that may cost no more than the file itself. */
function bounded(name: string, range: string): Scenario {
  return ranged(name, 1, async (stage, { get }) => {
    const exchange = await get(name, `Range: ${range}`);
    const bytes = answerOf(exchange)?.body.length ?? 0;
    if (![200, 206, 400, 416, 431].includes(statusOf(exchange)))
      stage.complain(`the range is answered ${statusOf(exchange)}`);
    if (bytes > SIZE_BYTES + SLACK_BYTES) stage.complain(`${bytes} bytes came of a file of ${SIZE_BYTES}`);
    if ((exchange.answeredAfterMs ?? exchange.elapsedMs) > WITHIN_MS)
      stage.complain("the answer took too long");
  });
}

const many = (count: number, part: (at: number) => string): string =>
  `bytes=${Array.from({ length: count }, (_, at) => part(at)).join(",")}`;

/** UPL-RS-07: asking for parts of a file. */
export const rangeAbuse: Check = {
  id: "UPL-RS-07",
  title: "Ranges cost no more than the file, and HEAD tells what GET would",
  why: "A thousand overlapping ranges in one header make a server send a small file a thousand times.",
  standards: ["CWE-400", "CVE-2025-62727"],
  flags: ["b", "o"],
  remedy: {
    fastapi:
      "Starlette ≥ 0.49.1 (CVE-2025-62727) for `FileResponse` and `StaticFiles`; bound the number of ranges.",
    django:
      "Django's `FileResponse` has no ranges; what serves media (nginx `max_ranges 1`) must bound them.",
    flask: "Werkzeug's `send_file(conditional=True)` takes one range; keep it current.",
    gate: "Downloads by `/.sluicegate/files/{id}`: one range, else 416 or the whole.",
  },
  cases: [],
  scenarios: [
    bounded(
      "1,000 ranges",
      many(1000, (at) => `${at * 10}-${at * 10 + 1}`),
    ),
    bounded(
      "1,000 ranges of everything",
      many(1000, () => "0-"),
    ),
    bounded(
      "overlapping ranges",
      many(200, (at) => `${at}-${SIZE_BYTES - at}`),
    ),
    bounded("numbers beyond any file", "bytes=0-99999999999999999999"),
    bounded("backwards", "bytes=500-100"),
    bounded("a unit that nobody knows", `${"x".repeat(5000)}=0-1`),
    ranged("one honest range", 2, async (stage, { get, target }) => {
      const part = await get("the first ten bytes", "Range: bytes=0-9");
      const expected = Buffer.from(file(target).bytes.subarray(0, 10));
      if (statusOf(part) === 200) return isWhole(stage, part, target, file(target).bytes);
      const ten = Buffer.from(answerOf(part)?.body ?? []);
      const isTen = makesAnew(target) ? ten.length === 10 : ten.equals(expected);
      if (statusOf(part) !== 206 || !isTen)
        stage.complain(`ten bytes are answered ${statusOf(part)} and are not these ten`);
      if (!makesAnew(target) && header(part, "content-range") !== `bytes 0-9/${SIZE_BYTES}`)
        stage.complain(`ten bytes come as ${header(part, "content-range")}`);
    }),
    ranged("beyond the end", 1, async (stage, { get, target }) => {
      const beyond = await get("beyond the end", `Range: bytes=${SIZE_BYTES}-`);
      if (statusOf(beyond) === 200) return isWhole(stage, beyond, target, file(target).bytes);
      if (statusOf(beyond) !== 416) stage.complain(`beyond the end is answered ${statusOf(beyond)}`);
    }),
    ranged("If-Range with another version", 1, async (stage, { get, target }) => {
      const whole = await get("if-range", "Range: bytes=0-9", 'If-Range: "another"');
      isWhole(stage, whole, target, file(target).bytes);
    }),
    ranged("HEAD", 2, async (stage, { get, head }) => {
      const [whole, asked] = [answerOf(await get("GET")), answerOf(await head("HEAD"))];
      if (whole === null || asked === null) return stage.complain("there is no answer");
      if (lastingHeaders(whole).join("\n") !== lastingHeaders(asked).join("\n"))
        stage.complain(
          `HEAD tells ${lastingHeaders(asked).join("; ")} where GET has ${lastingHeaders(whole).join("; ")}`,
        );
    }),
  ],
};

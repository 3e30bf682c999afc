import { createHash } from "node:crypto";
import { headerOf } from "../answer-reader.ts";
import type { Check, Refusal, SampleFile, Target } from "../check.ts";
import { withCredential } from "../credential.ts";
import {
  ACCEPTED,
  acceptedId,
  answerOf,
  plainRequest,
  refused,
  scenario,
  statusOf,
  tellsIds,
} from "../define-scenario.ts";
import type { GrantWish, LinkWish } from "../hooks.ts";
import { makesAnew } from "../judge.ts";
import { canBeSized, sizedControl } from "../payloads/sized-file.ts";
import { controlProbe } from "../payloads/upload.ts";
import type { Play, Scenario, Stage } from "../scenario.ts";

const badGrant: Refusal = {
  statuses: [401, 403],
  gateCodes: ["CREDENTIALS_INVALID", "GRANT_MISMATCH", "GRANT_USED"],
};
const SMALL_BYTES = 2048;
const LARGER_BYTES = 4096;

/** The target with a permission that says what is wished. */
async function granted(stage: Stage, wish: GrantWish): Promise<Target> {
  const lines = (await stage.hooks.mintGrant?.(wish)) ?? [];
  return withCredential(await stage.as("main"), ...lines);
}

const file = (target: Target, sizeBytes: number): Partial<SampleFile> => sizedControl(target, sizeBytes);
const digestOf = ({ bytes }: SampleFile): string => createHash("sha256").update(bytes).digest("hex");

/** An upload with a permission that is not for it; the twin has the same permission and keeps to it. */
function misused(
  name: string,
  wish: (target: Target) => GrantWish,
  sizeBytes: number,
  refusal: Refusal,
  good: GrantWish | ((target: Target) => GrantWish) = wish,
): Scenario {
  const play =
    (wished: GrantWish | ((target: Target) => GrantWish), bytes: number, expect: typeof ACCEPTED): Play =>
    async (stage) => {
      const plain = await stage.as("main");
      const target = await granted(stage, typeof wished === "function" ? wished(plain) : wished);
      await stage.send(name, controlProbe(target, file(target, bytes)), { expect });
      const got = await stage.received();
      if (expect.outcome === "refused" && got !== null && got.length > 0)
        stage.complain("the service got it");
    };
  return scenario(name, 1, play(wish, sizeBytes, refused(refusal)), {
    hooks: ["mintGrant"],
    appliesTo: canBeSized,
    twin: play(good, SMALL_BYTES, ACCEPTED),
  });
}

const replayed = scenario(
  "a permission used twice",
  2,
  async (stage) => {
    const target = await granted(stage, {});
    await stage.send("first", controlProbe(target), { expect: ACCEPTED });
    await stage.send("again", controlProbe(target), { expect: refused(badGrant) });
    const got = await stage.received();
    if (got !== null && got.length !== 1)
      stage.complain(`the service got ${got.length} uploads by one permission`);
  },
  { hooks: ["mintGrant"] },
);

interface Download {
  readonly name: string;
  readonly method?: string;
  readonly wish?: Partial<LinkWish>;
  readonly change?: (path: string, otherPath: string) => string;
}

/** A link that is not good for what is asked; the twin is the link as it was given out. */
function download({ name, method = "GET", wish = {}, change = (path) => path }: Download): Scenario {
  const play =
    (isAttack: boolean): Play =>
    async (stage) => {
      const main = await stage.as("main");
      const id = await acceptedId(stage, "one upload", main, controlProbe(main));
      const again = await stage.as("main");
      const other = await acceptedId(stage, "another upload", again, controlProbe(again));
      if (id === null || other === null || stage.hooks.mintLink === undefined) return;
      const path = await stage.hooks.mintLink({ uploadId: id, ...(isAttack ? wish : {}) });
      const otherPath = await stage.hooks.mintLink({ uploadId: other });
      const nobody = await stage.as("nobody");
      if (!isAttack) return fetchIt(stage, nobody, path);
      const answer = await stage.send(name, plainRequest(nobody, method, change(path, otherPath)), {
        expect: refused({
          statuses: [400, 401, 403, 404, 405],
          gateCodes: ["LINK_INVALID", "METHOD_NOT_ALLOWED"],
        }),
      });
      if (Buffer.from(main.file.control.bytes).equals(answerOf(answer)?.body ?? new Uint8Array()))
        stage.complain("the file came all the same");
    };
  return scenario(name, 3, play(true), {
    appliesTo: tellsIds,
    hooks: ["mintLink"],
    twin: play(false),
  });
}

async function fetchIt(stage: Stage, target: Target, path: string): Promise<void> {
  const answer = await stage.send("the link as it was given out", plainRequest(target, "GET", path));
  const body = answerOf(answer)?.body ?? new Uint8Array();
  const isSame = makesAnew(target) ? body.length > 0 : Buffer.from(target.file.control.bytes).equals(body);
  if (statusOf(answer) !== 200 || !isSame)
    stage.complain(`a good link is answered ${statusOf(answer)} with ${body.length} bytes`);
  if (headerOf(answerOf(answer) ?? { headers: [] }, "content-length") === null)
    stage.complain("the file comes without its length");
}

/** What follows the last `=` or `/` of one path, put into the other. */
function swappedToken(path: string, otherPath: string): string {
  const at = (text: string): number => text.indexOf("?") + 1;
  return path.slice(0, at(path)) + otherPath.slice(at(otherPath));
}

const altered = (path: string): string => {
  const at = path.length - 10;
  return path.slice(0, at) + (path[at] === "A" ? "B" : "A") + path.slice(at + 1);
};

/** UPL-PM-07: a permission or link for one thing, used for another. */
export const capabilityReuse: Check = {
  id: "UPL-PM-07",
  title: "A permission or link is good for what it names, once, and for its time",
  why: "A signed link that does not bind size, type and file lets its holder upload or fetch anything.",
  standards: ["CWE-294", "CWE-345"],
  flags: ["s", "o"],
  remedy: {
    fastapi:
      "Bind what is signed: route, method, size, type, digest, one use and a short time; check each of them. Presigned URLs of a store: POST policy with `content-length-range`, not a bare PUT.",
    django:
      "As FastAPI; `django.core.signing.TimestampSigner` signs one value only: sign all of them together, and remember that it was used.",
    flask:
      "As FastAPI; `itsdangerous.URLSafeTimedSerializer` with all of them inside, and a table of what was used.",
    gate: "`permissions: { caller: grant }`: size, types, digest, flow and single use are bound and checked.",
  },
  cases: [],
  scenarios: [
    replayed,
    misused("a permission whose time is over", () => ({ isExpired: true }), SMALL_BYTES, badGrant, {}),
    misused("a permission for another route", () => ({ isForOtherRoute: true }), SMALL_BYTES, badGrant, {}),
    misused("a permission signed by somebody else", () => ({ isForeign: true }), SMALL_BYTES, badGrant, {}),
    misused("a larger file than permitted", () => ({ fileBytesMax: SMALL_BYTES }), LARGER_BYTES, {
      statuses: [403, 413],
      gateCodes: ["FILE_TOO_LARGE", "BODY_TOO_LARGE", "GRANT_MISMATCH"],
    }),
    misused(
      "another type than permitted",
      () => ({ types: ["application/x-unheard-of"] }),
      SMALL_BYTES,
      {
        statuses: [403, 415, 422],
        gateCodes: ["GRANT_MISMATCH", "FILE_TYPE_NOT_ALLOWED", "FILE_TYPE_MISMATCH"],
      },
      {},
    ),
    misused(
      "another file than permitted",
      (target) => ({ sha256: digestOf(sizedControl(target, SMALL_BYTES)) }),
      LARGER_BYTES,
      { statuses: [403, 413, 422], gateCodes: ["GRANT_MISMATCH"] },
    ),
    download({ name: "a link whose time is over", wish: { isExpired: true } }),
    download({ name: "a link signed by somebody else", wish: { isForeign: true } }),
    download({ name: "a link with one character changed", change: altered }),
    download({ name: "a link without its signature", change: (path) => path.replace(/\?.*$/, "") }),
    download({ name: "the link of another file", change: swappedToken }),
    download({ name: "a link to read, used to write", method: "PUT" }),
    download({ name: "a link to read, used to delete", method: "DELETE" }),
  ],
};

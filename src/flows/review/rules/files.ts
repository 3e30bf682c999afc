/**
 * Rules about what files may be, and what becomes of them.
 */
import { formatDuration } from "../../../setup/duration.ts";
import { formatSize } from "../../../setup/size.ts";
import type { FileRule, Flow } from "../../flow.ts";
import { foundIf, type ReviewFinding, type ReviewRule } from "../review-rule.ts";

/** What nobody verifies is opaque; beyond this size it is a place to keep anything. */
const OPAQUE_BYTES = 100 * 1024 ** 2;
/** A receipt is fetched by the request that brings it, or by a job soon after. */
const RECEIPT_MS = 24 * 3_600_000;
/** Deflate writes at most 1,032 bytes for one. */
const DEFLATE_RATIO = 1032;

const MARKUP: ReadonlySet<string> = new Set(["image/svg+xml", "text/html", "application/xhtml+xml"]);

/** Formats that are archives, whatever they are called. */
const ARCHIVE = /^application\/(zip|x-tar|gzip|x-7z-compressed|vnd\.openxmlformats-.*|vnd\.oasis\..*)$/;

/** A finding for each file field that is so. */
function eachFile(flow: Flow, find: (rule: FileRule) => Omit<ReviewFinding, "path"> | null): ReviewFinding[] {
  return [...flow.files].flatMap(([name, rule]) => {
    const found = find(rule);
    return found === null ? [] : [{ path: ["accept", "files", name, "types"], ...found }];
  });
}

const takesMarkup = ({ types }: FileRule): boolean =>
  types === "any" || types.some((type) => MARKUP.has(type));

const takesArchives = ({ types }: FileRule): boolean =>
  types !== "any" && types.some((type) => ARCHIVE.test(type));

/** Whether somebody has looked at what the service does with archives, and it held. */
const isLookedAt = ({ verify }: Flow): boolean =>
  verify?.manual.some(({ check, result }) => /^UPL-AR-/.test(check) && result === "pass") === true;

export const FILE_RULES: readonly ReviewRule[] = [
  {
    id: "REVIEW-ANY-TYPE-LARGE",
    title: "Any bytes, and many of them",
    when: "`types: any` with a `max-size` of more than 100 MiB.",
    why: "Nobody verifies what it is, so the route is a place to keep and hand on anything.",
    remedy: "write types: [text/csv], or a max-size that the real files need",
    find: ({ flow }) =>
      eachFile(flow, ({ types, sizeBytesMax }) =>
        types === "any" && sizeBytesMax > OPAQUE_BYTES
          ? {
              what: `up to ${formatSize(sizeBytesMax)} of any content are taken`,
              remedy: "write types: with the types that are really sent, or the max-size that they need",
            }
          : null,
      ),
  },
  {
    id: "REVIEW-MARKUP-SERVED",
    title: "Pages and SVG pictures are taken, and handed out again",
    when: "A field takes SVG, HTML or `types: any`, and `verify.read-back.url` says that the service hands the bytes out.",
    why: "A script in such a file runs as a page of the service, with the session of whoever opens it.",
    remedy:
      "write types: without them; or hand files out as attachments with nosniff, and note that under verify.manual as UPL-RS-04",
    find: ({ flow }) => {
      const url = flow.verify?.readBack.url ?? null;
      const isNoted = flow.verify?.manual.some(
        ({ check, result }) => check === "UPL-RS-04" && result === "pass",
      );
      if (url === null || isNoted === true) return [];
      return eachFile(flow, (rule) =>
        takesMarkup(rule)
          ? {
              what: `SVG pictures and HTML pages are taken, and handed out again at ${url}`,
              remedy:
                "write types: without them; or hand files out as attachments with nosniff, and note that under verify.manual as UPL-RS-04",
            }
          : null,
      );
    },
  },
  {
    id: "REVIEW-ARCHIVE-UNBOUNDED",
    title: "Archives without a bound on what is inside",
    when: "A field takes ZIP, DOCX, XLSX or PPTX, `inspect.archives` has no `max-unpacked`, and nobody has noted a check UPL-AR-… under `verify.manual`.",
    why: "The gate walks an archive and does not unpack it: whoever does meets up to a thousand times its size.",
    remedy:
      "write verify: { manual: [{ check: UPL-AR-04, result: pass, who: …, when: …, note: what bounds it where it is unpacked }] }",
    find: ({ flow }) => {
      if (isLookedAt(flow) || (flow.inspect.archives?.unpackedBytesMax ?? null) !== null) return [];
      return eachFile(flow, (rule) =>
        takesArchives(rule)
          ? {
              what: `${formatSize(rule.sizeBytesMax)} of an archive may be up to ${roughly(rule.sizeBytesMax * DEFLATE_RATIO)} unpacked, and nothing here bounds that`,
              remedy:
                flow.mode === "off"
                  ? "write inspect: { archives: { max-unpacked: 100 MiB, max-entries: 1000 } }"
                  : "write a note under verify.manual (check: UPL-AR-04) of what bounds it where it is unpacked",
            }
          : null,
      );
    },
  },
  {
    id: "REVIEW-RECEIPT-LONG",
    title: "Receipts that are good for long",
    when: "`deliver: receipt`, and `receipts.lifetime` of the settings is more than 24 h.",
    why: "Whoever finds a receipt in a log or a queue can present it to the service until it ends.",
    remedy: "write receipts: { lifetime: 1h } in sluicegate.yaml",
    find: ({ flow, receiptLifetimeMs }) =>
      foundIf(
        flow.deliver === "receipt" && receiptLifetimeMs !== null && receiptLifetimeMs > RECEIPT_MS,
        () => ({
          path: ["deliver"],
          what: `its receipts are good for ${formatDuration(receiptLifetimeMs ?? 0)}`,
          remedy: "write receipts: { lifetime: 1h } in sluicegate.yaml",
        }),
      ),
  },
];

/** In the largest unit, whole. */
function roughly(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${Math.round(bytes / 1024 ** power)} ${units[power]}`;
}

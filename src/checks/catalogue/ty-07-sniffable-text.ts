import type { Check, CheckCase, ReceivedUpload } from "../check.ts";
import { joined, latin1, repeated, utf8 } from "../payloads/bytes.ts";
import { htmlFile } from "../payloads/document-files.ts";
import { hostileFile, isActiveType, sampleOf, takesType, wrongBytes } from "../type-case.ts";

/** Told to the service as text of the verified kind, and nothing that a browser would show as a page. */
function isNoText(received: ReceivedUpload): string | null {
  const type = received.files[0]?.mediaType ?? "";
  return /^(text\/(plain|csv)|application\/json)\b/.test(type)
    ? null
    : (isActiveType(received) ?? `the service was told ${type}`);
}

function neutralText(name: string, mediaType: string, bytes: Uint8Array): CheckCase {
  return hostileFile(name, () => sampleOf(mediaType, bytes), isNoText, {
    appliesTo: takesType(mediaType),
  });
}

const PAGE = htmlFile().bytes;

/** UPL-TY-07: text that a browser would take for a page. */
export const sniffableText: Check = {
  id: "UPL-TY-07",
  title: "Text is UTF-8 without control characters, and is passed on as text",
  why: "A browser that is not told what a text is guesses, and UTF-16 or UTF-7 hides a page from whoever searches for one.",
  standards: ["v5.0.0-3.2.1", "v5.0.0-3.4.4", "CWE-79"],
  flags: ["s"],
  topic: "types",
  remedy: {
    fastapi:
      "Hand out with `X-Content-Type-Options: nosniff` and `Content-Disposition: attachment`, text as `text/plain; charset=utf-8`, best from another host.",
    django:
      "`SECURE_CONTENT_TYPE_NOSNIFF` does not reach media served by the web server: set nosniff and attachment there, too.",
    flask: "`send_file(as_attachment=True)` and nosniff in `after_request`.",
    gate: "`accept.files.NAME.types: [image/png, image/jpeg]`: content, extension and declared type must agree. Downloads through `/.sluicegate/files/` are attachments with nosniff.",
  },
  cases: [
    neutralText("a page as plain text", "text/plain", PAGE),
    neutralText("a page as CSV", "text/csv", PAGE),
    wrongBytes("a page as JSON", "application/json", PAGE),
    wrongBytes(
      "UTF-16 with a byte order mark",
      "text/plain",
      joined(latin1("\xff\xfe"), Buffer.from("<script>", "utf16le")),
    ),
    wrongBytes("UTF-16 without one", "text/plain", new Uint8Array(Buffer.from("<script>", "utf16le"))),
    wrongBytes("UTF-16 as JSON", "application/json", new Uint8Array(Buffer.from("{}", "utf16le"))),
    neutralText("UTF-7", "text/plain", utf8("+ADw-script+AD4-\n")),
    wrongBytes("NULs in front", "text/plain", joined(repeated(0, 16), PAGE)),
    wrongBytes("ISO-8859-1", "text/plain", latin1("caf\xe9\n")),
    wrongBytes("an escape sequence", "text/plain", latin1("a\x1b[2Jb\n")),
  ],
};

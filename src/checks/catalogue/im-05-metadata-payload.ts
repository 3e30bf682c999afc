import type { Check, CheckCase } from "../check.ts";
import { keeps } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { dropsMetadata, GIF, JPEG, neutralPicture, PNG, WEBP } from "../image-case.ts";
import { joined, latin1, utf8 } from "../payloads/bytes.ts";
import { gifBytes, jpegBytes, jpegSegment, pngBytes, pngChunk } from "../payloads/image-files.ts";
import {
  exifDescription,
  iptcCaption,
  jpegWithExif,
  jpegWithIptc,
  jpegWithXmp,
  xmpPacket,
} from "../payloads/image-metadata.ts";
import { riffChunk, webpBytes } from "../payloads/image-variants.ts";

/** Inert: it would say something only where it is shown as a page, or filled in as a template. */
const MARKUP = '"><script>void "flowcheck"</script>{{7*7}}';
const ESCAPED = MARKUP.replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function marked(name: string, mediaType: string, file: () => Uint8Array): CheckCase {
  const harm = keeps("a script in its texts", "<script>", "&lt;script", "{{7*7}}");
  return neutralPicture(name, mediaType, file, harm, { appliesTo: dropsMetadata });
}

const gifComment = () => joined(Uint8Array.of(0x21, 0xfe, MARKUP.length), MARKUP, Uint8Array.of(0));

/** UPL-IM-05: pictures whose texts are pages and templates. */
export const metadataPayload: Check = {
  id: "UPL-IM-05",
  title: "Texts in a picture are dropped, or are text wherever they are shown",
  why: "A gallery that shows a picture's caption shows what its sender wrote there, script and all.",
  standards: ["CWE-79"],
  flags: ["s"],
  topic: "images",
  remedy: pythonRemedy(
    "Encode pictures anew without metadata before they are stored; where a caption is wanted, read it before, cut it to a length, and let the template escape it (never `|safe` or `Markup`).",
    "Name the picture types in `types: [...]` (not `any`) and set `mode: enforce`: the gate then refuses pictures with the beginnings of pages and scripts in their texts. Texts of other languages, such as templates, pass: encode anew in the service.",
  ),
  cases: [
    marked("in the description of a JPEG", JPEG, () => jpegWithExif(exifDescription(MARKUP))),
    marked("in the XMP of a JPEG", JPEG, () => jpegWithXmp(xmpPacket(`<dc:title>${ESCAPED}</dc:title>`))),
    marked("in the caption of a JPEG", JPEG, () => jpegWithIptc(iptcCaption(MARKUP))),
    marked("in the comment of a JPEG", JPEG, () => jpegBytes(jpegSegment(0xfe, utf8(MARKUP)))),
    marked("in a text of a PNG", PNG, () => pngBytes(pngChunk("tEXt", latin1(`Title\0${MARKUP}`)))),
    marked("in the comment of a GIF", GIF, () => gifBytes(gifComment())),
    marked("in the description of a WebP", WEBP, () =>
      webpBytes([riffChunk("EXIF", exifDescription(MARKUP))]),
    ),
  ],
};

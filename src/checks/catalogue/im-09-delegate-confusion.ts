import { type LeadingFile, leadsNowhere } from "../callback-scenario.ts";
import type { Check, CheckCase } from "../check.ts";
import { fileOfType, onTopic } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { JPEG, PNG } from "../image-case.ts";
import { delegateTexts } from "../payloads/rare-images.ts";
import { refusedFile, takesType } from "../type-case.ts";

/** Nobody is there: the discard port. */
const NOWHERE = "http://127.0.0.1:9/flowcheck";

function named(mediaType: string): readonly CheckCase[] {
  const { name } = fileOfType(mediaType, new Uint8Array());
  return delegateTexts(NOWHERE).map(([what, text]) =>
    refusedFile(`${what} named ${name}`, () => fileOfType(mediaType, text), {
      appliesTo: takesType(mediaType),
    }),
  );
}

function leading(mediaType: string): readonly LeadingFile[] {
  return delegateTexts(NOWHERE).map(([what], index) => ({
    what: `${what} as ${mediaType}`,
    mediaType,
    fileAt: (url) => fileOfType(mediaType, delegateTexts(url)[index]?.[1] ?? new Uint8Array()),
  }));
}

/** UPL-IM-09: texts that some picture programs obey. */
export const delegateConfusion: Check = {
  id: "UPL-IM-09",
  title: "A picture is what its bytes are, and no text that a picture program obeys",
  why: "A program that chooses its reader by itself runs PostScript, fetches addresses or reads files for what is called picture.jpg.",
  standards: ["CWE-78", "CWE-918", "CVE-2026-56379", "CVE-2026-105403"],
  flags: ["s", "o"],
  remedy: pythonRemedy(
    'Name the formats: `Image.open(file, formats=["PNG", "JPEG"])`; with ImageMagick say the format in front of the name (`png:-`) and forbid MVG, MSL, PS, EPS, PDF and URL in `policy.xml`; with ffmpeg set `-protocol_whitelist file,pipe`.',
    "Name the picture types in `types: [...]` (not `any`) and set `mode: enforce`: the gate goes by the bytes.",
  ),
  cases: onTopic("types", [...named(JPEG), ...named(PNG)]),
  scenarios: leadsNowhere("an address in a text that is named as a picture is asked for by nobody", [
    ...leading(JPEG),
    ...leading(PNG),
  ]),
};

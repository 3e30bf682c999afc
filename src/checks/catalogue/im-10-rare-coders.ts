import type { Check } from "../check.ts";
import { fileOfType } from "../content-case.ts";
import { whereAll } from "../define-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { PNG } from "../image-case.ts";
import { rareImages } from "../payloads/rare-images.ts";
import { refusedFile, takesNot, takesType } from "../type-case.ts";

/** UPL-IM-10: pictures of formats that nobody asked for. */
export const rareCoders: Check = {
  id: "UPL-IM-10",
  title: "Only the picture formats that the route names reach a decoder",
  why: "A picture library opens dozens of formats, and the flaws are in those that nobody uses.",
  standards: ["v5.0.0-15.2.5", "CWE-1395", "CVE-2026-114112", "CVE-2026-114113"],
  flags: ["s"],
  topic: "types",
  remedy: pythonRemedy(
    'Pass `formats=["PNG", "JPEG"]` to every `Image.open`; with libvips call `pyvips.block_untrusted_set(True)` and open with the loader of the one format; never let a library guess among all it knows.',
    "Name the picture types in `types: [...]` (not `any`) and set `mode: enforce`: the gate refuses other formats by their bytes, whatever they are called.",
    {
      django:
        "Django's `ImageField` lets Pillow try every format it has: add a validator that looks at `value.image.format`, and allow the extensions with `FileExtensionValidator` as well.",
    },
  ),
  cases: rareImages().flatMap((file) => [
    refusedFile(`an honest ${file.mediaType}`, () => file, { appliesTo: takesNot(file.mediaType) }),
    refusedFile(`${file.name} named picture.png`, () => fileOfType(PNG, file.bytes), {
      appliesTo: whereAll(takesType(PNG), takesNot(file.mediaType)),
    }),
  ]),
};

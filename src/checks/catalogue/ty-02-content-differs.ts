import type { Check, SampleFile, Target } from "../check.ts";
import { exeFile, htmlFile } from "../payloads/document-files.ts";
import { refusedFile, SAMPLES } from "../type-case.ts";

const isText = (mediaType: string) => /^text\/|json/.test(mediaType);

/** Other bytes under the control's name and type; text under text is no difference that a reader could see. */
function differs(other: SampleFile) {
  return ({ file }: Target): true | string => {
    if (file.control.mediaType === other.mediaType) return `the control is a ${other.mediaType}`;
    return !(isText(file.control.mediaType) && isText(other.mediaType)) || "both are text";
  };
}

/** UPL-TY-02: a name and type that are allowed, and bytes that are something else. */
export const contentDiffers: Check = {
  id: "UPL-TY-02",
  title: "The content must be what name and type say",
  why: "The name and the declared type are the client's words; what opens the file goes by its bytes.",
  standards: ["v5.0.0-5.2.2", "CWE-646"],
  flags: ["s"],
  topic: "types",
  remedy: {
    fastapi:
      "Decide by content: a magic number and a structural parse (`PIL.Image.open(f, formats=['PNG', 'JPEG']).verify()`), in a thread, and agree extension and declared type with it. `UploadFile.content_type` is the client's word.",
    django:
      "`FileExtensionValidator` looks at the name and `ImageField` at what Pillow can open: add a validator of your own on the content, with a list of formats.",
    flask:
      "`FileStorage.mimetype` is the client's word. Decide by content: magic number and structural parse (`PIL.Image.open(f, formats=[…]).verify()`).",
    gate: "`accept.files.NAME.types: [image/png, image/jpeg]`: content, extension and declared type must agree.",
  },
  cases: [...SAMPLES, htmlFile(), exeFile()].map((other) =>
    refusedFile(`the bytes of ${other.name}`, () => ({ bytes: other.bytes }), { appliesTo: differs(other) }),
  ),
};

import { leadsNowhere } from "../callback-scenario.ts";
import type { Check, CheckCase, SampleFile } from "../check.ts";
import { onTopic, refusedInside } from "../content-case.ts";
import { whereAll } from "../define-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { utf8 } from "../payloads/bytes.ts";
import { serialisedObjects } from "../payloads/serialised-objects.ts";
import { refusedFile, takesNot } from "../type-case.ts";

/** Nobody is there: the discard port. */
const FILES = serialisedObjects("http://127.0.0.1:9/flowcheck");

function refusedWhereTaken(file: SampleFile) {
  return refusedInside(`${file.name}, where its type is taken`, file.mediaType, {
    file: () => file.bytes,
    twin: () => utf8("flowcheck: an ordinary text\n"),
  });
}

/** Pickles of protocol 0 and YAML are text: without a name they are a text file like any other. */
function tellsFrom({ name, bytes }: SampleFile): CheckCase["appliesTo"] {
  const isText = bytes.every((byte) => byte < 0x80);
  return ({ file, protocol }) =>
    !(
      isText &&
      protocol === "raw" &&
      file.types !== "any" &&
      file.types.some((type) => type.startsWith("text/"))
    ) || `the route takes text, and ${name} is text`;
}

/** UPL-CT-06: objects that run something when they are read. */
export const deserialisation: Check = {
  id: "UPL-CT-06",
  title: "No upload is read by a function that runs what it reads",
  why: "A pickle is a program: whoever loads an uploaded model runs the uploader's code.",
  standards: ["v5.0.0-1.5.2", "CWE-502"],
  flags: ["s", "o"],
  remedy: pythonRemedy(
    "Never call `pickle.load`, `joblib.load`, `numpy.load(allow_pickle=True)`, `torch.load(weights_only=False)` or `yaml.load` with a loader other than `SafeLoader` on what came in. Take models as safetensors or ONNX, arrays as `.npy` with `allow_pickle=False`, and data with `yaml.safe_load` or JSON.",
    "Name the types in `types: [...]` (not `any`): the gate knows none of these formats and refuses them. It cannot know what the service does with the bytes that it takes.",
  ),
  cases: [
    ...onTopic(
      "types",
      FILES.map((file) =>
        refusedFile(file.name, () => file, {
          appliesTo: whereAll(takesNot(file.mediaType), tellsFrom(file)),
        }),
      ),
    ),
    ...onTopic("malware", FILES.map(refusedWhereTaken)),
  ],
  scenarios: leadsNowhere(
    "an object that asks for an address is never evaluated",
    FILES.map(({ name, mediaType }, index) => ({
      what: name,
      mediaType,
      fileAt: (url) => serialisedObjects(url)[index] ?? { name, mediaType, bytes: new Uint8Array() },
    })),
  ),
};

/**
 * Remedies that are the same Python in each framework, and differ in where it goes.
 */
import type { Framework, Remedy } from "./remedy.ts";

const PLACES: Readonly<Record<Framework, string>> = {
  fastapi:
    "In FastAPI do it in a dependency of the route, with `run_in_threadpool`, before the file gets its place; answer 422.",
  django:
    "In Django make it a validator of the form's `FileField`, so that `is_valid()` fails before `save()`.",
  flask: "In Flask do it on `request.files[...]` before `save()`, and answer 422 with `abort`.",
};

/** @param say what to do, for any framework; @param gate with the gate in front; @param own sentences in place of where it goes. */
export function pythonRemedy(
  say: string,
  gate: string,
  own: Partial<Record<Framework, string>> = {},
): Remedy {
  const at = (framework: Framework) => `${say} ${own[framework] ?? PLACES[framework]}`;
  return { fastapi: at("fastapi"), django: at("django"), flask: at("flask"), gate };
}

/** The gate reads a ZIP's directory against its local headers, and unpacks nothing. */
export const GATE_READS_ZIP =
  "Name `application/zip` in `types` (not `any`) and set `mode: enforce`: the gate then reads the directory against every local header and refuses this. It does so for ZIP and Office files only; leave other archive types out of `types`.";

export const GATE_UNPACKS_NOTHING =
  "No line of flow.yaml does this yet: the gate unpacks nothing, and `inspect.archives` is only a promise that `sluicegate check` tests. Until then leave archive types out of `types: [...]` (never `any`), or keep the budget in the service that unpacks.";

export const GATE_DECODES_NOTHING =
  "No line of flow.yaml does this yet: the gate proves that a picture is whole and decodes nothing, and `inspect.images` is only a promise that `sluicegate check` tests. Until then check and re-encode in the service, and keep `types: [...]` and `max-size` small.";

export const GATE_READS_NO_DOCUMENT =
  "No line of flow.yaml does this yet: the gate proves a document's structure and does not look for active content; `inspect.documents` is only a promise that `sluicegate check` tests. Until then leave the type out of `types: [...]`, or check in the service.";

export const GATE_SCANS_NOTHING =
  "No line of flow.yaml does this yet: `inspect.malware` can only be `off` where the gate acts. Until then scan in the service, with `deliver: receipt` so that the file waits in the gate's store while it is scanned.";

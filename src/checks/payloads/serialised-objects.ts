/**
 * Serialised Python objects that, read by the wrong function, ask for an address. They do nothing else, and nothing where nobody evaluates them.
 *
 * @see Python's pickletools (protocol 0), NumPy's lib.format, PyYAML's python/object/apply
 */
import type { SampleFile } from "../check.ts";
import { joined, latin1, utf8 } from "./bytes.ts";

const OCTETS = "application/octet-stream";

/** `urllib.request.urlopen(url)` as a pickle: global, mark, text, tuple, call, stop. */
function pickle(url: string): Uint8Array {
  return utf8(`curllib.request\nurlopen\n(S'${url}'\ntR.`);
}

/** An array of one object: its header padded to 64 bytes, then a pickle. */
function objectArray(url: string): Uint8Array {
  const header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117);
  return joined(latin1("\x93NUMPY\x01\0\x76\0"), `${header}\n`, pickle(url));
}

/** One file of each kind. */
export function serialisedObjects(url: string): readonly SampleFile[] {
  return [
    { name: "model.pkl", mediaType: OCTETS, bytes: pickle(url) },
    { name: "model.joblib", mediaType: OCTETS, bytes: pickle(url) },
    { name: "model.npy", mediaType: OCTETS, bytes: objectArray(url) },
    {
      name: "data.yaml",
      mediaType: "application/yaml",
      bytes: utf8(`!!python/object/apply:urllib.request.urlopen ["${url}"]\n`),
    },
  ];
}

import { type LeadingFile, leadsNowhere } from "../callback-scenario.ts";
import type { Check, CheckCase } from "../check.ts";
import { fileOfType, onTopic, readsText, refusedInside } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { utf8 } from "../payloads/bytes.ts";
import { farType, fetchingType, LAUGH, laughingType } from "../payloads/drawings.ts";

const JSON_TYPE = "application/json";
const XML = "application/xml";
const YAML = "application/yaml";
const NOWHERE = "http://127.0.0.1:9/flowcheck";
const DEPTH = 100_000;
const DIGITS = 100_000;

const HONEST: Readonly<Record<string, string>> = {
  [JSON_TYPE]: '{"item":"pen","price":2}\n',
  [XML]: '<?xml version="1.0"?><item price="2">pen</item>\n',
  [YAML]: "item: pen\nprice: 2\n",
};

/** A text that must be refused, soon. */
function hostile(name: string, mediaType: string, text: () => string): CheckCase {
  return refusedInside(name, mediaType, {
    file: () => utf8(text()),
    twin: () => utf8(HONEST[mediaType] ?? ""),
    bytesMax: 2 * DEPTH + 1024,
    appliesTo: readsText(mediaType),
    refusal: { withinMs: 3000 },
  });
}

const xml = (type: string, inside: string) => `<?xml version="1.0"?>${type}<item>${inside}</item>\n`;
const include = (url: string) =>
  `<?xml version="1.0"?><item xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="${url}" parse="text"/></item>\n`;

/** Lists that each hold the one before nine times: 9 to the power of 6 in all. */
function yamlAnchors(): string {
  const levels = Array.from({ length: 6 }, (_, index) => {
    const inner = Array<string>(9).fill(index === 0 ? "ha" : `*a${index - 1}`);
    return `a${index}: &a${index} [${inner.join(", ")}]`;
  });
  return `${levels.join("\n")}\n`;
}

function leading(what: string, text: (url: string) => string): LeadingFile {
  return { what, mediaType: XML, fileAt: (url) => fileOfType(XML, utf8(text(url))) };
}

/** UPL-DC-10: texts with a structure, and parsers that do not come back. */
export const structuredText: Check = {
  id: "UPL-DC-10",
  title: "JSON, XML and YAML are read with bounds, and in one way",
  why: "A hundred thousand brackets end a recursive parser, and of two equal keys each reader takes another.",
  standards: ["v5.0.0-1.5.1", "CWE-776", "CWE-674"],
  flags: ["s", "o"],
  remedy: pythonRemedy(
    "JSON: refuse a depth over 64 before parsing, catch `RecursionError` and `ValueError`, and refuse double keys with `object_pairs_hook`; Python 3.11 and newer refuses numbers of more than 4,300 digits. XML: `defusedxml` with `forbid_dtd=True`. YAML: `yaml.safe_load`, on a text without `&`, or count aliases.",
    "Name `application/json` in `types: [...]` (not `any`) and set `mode: enforce`: the gate reads JSON to its end and bounds its depth. Double keys and long numbers pass, and it knows neither XML nor YAML: those it refuses where types are named.",
  ),
  cases: onTopic("documents", [
    hostile("JSON 100,000 deep", JSON_TYPE, () => `${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}`),
    hostile("JSON with a key twice", JSON_TYPE, () => '{"price":2,"price":99}\n'),
    hostile("JSON with a key twice, once escaped", JSON_TYPE, () => '{"price":2,"pri\\u0063e":99}\n'),
    hostile("JSON with a number of 100,000 digits", JSON_TYPE, () => `{"price":${"9".repeat(DIGITS)}}\n`),
    hostile("JSON with a number that is none", JSON_TYPE, () => '{"price":NaN}\n'),
    hostile("XML with an entity to fetch", XML, () => xml(fetchingType("item", NOWHERE), "&far;")),
    hostile("XML with entities that unfold to 8 MiB", XML, () => xml(laughingType("item"), LAUGH)),
    hostile("XML 20,000 deep", XML, () => `${"<a>".repeat(DEPTH / 5)}${"</a>".repeat(DEPTH / 5)}`),
    hostile("YAML whose lists unfold to half a million", YAML, yamlAnchors),
    hostile("YAML with an object of the program's", YAML, () => "!!python/object:builtins.object {}\n"),
  ]),
  scenarios: leadsNowhere("an address in XML is asked for by nobody", [
    leading("an entity", (url) => xml(fetchingType("item", url), "&far;")),
    leading("a document type", (url) => xml(farType("item", url), "")),
    leading("an inclusion", include),
  ]),
};

import { type LeadingFile, leadsNowhere } from "../callback-scenario.ts";
import type { Check } from "../check.ts";
import { DOCX, fileOfType, onTopic, XLSX } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { neutralOffice, officeOf } from "../office-case.ts";
import { latin1 } from "../payloads/bytes.ts";
import { compoundFile } from "../payloads/compound-file.ts";
import type { OfficeParts, Relationship } from "../payloads/office-files.ts";
import { deflatedEntry, storedEntry } from "../payloads/zip-archive.ts";

const NOWHERE = "http://127.0.0.1:9/flowcheck";
const LINK = "a link to elsewhere";
const RUN = "<w:p><w:r><w:t>A letter.</w:t></w:r></w:p>";

/** The relationship leads elsewhere, and the body uses it: it is the first one of the document. */
function outside(type: string, url: string, body: string): OfficeParts {
  const relationship: Relationship = { type, target: url, isExternal: true };
  return { relationships: [relationship], body: RUN + body };
}

const picture = (url: string) =>
  outside(
    "image",
    url,
    '<w:p><w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:imagedata r:link="rId1"/></v:shape></w:pict></w:r></w:p>',
  );
const chunk = (url: string) => outside("aFChunk", url, '<w:altChunk r:id="rId1"/>');
const linked = (url: string) =>
  outside(
    "oleObject",
    url,
    '<w:p><w:r><w:object><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" Type="Link" ProgID="Word.Document" r:id="rId1" UpdateMode="Always"/></w:object></w:r></w:p>',
  );
const subDocument = (url: string) => outside("subDocument", url, '<w:subDoc r:id="rId1"/>');

/** The template stands in the relationships of the settings, a part of its own. */
function template(url: string): OfficeParts {
  const settings =
    '<w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:attachedTemplate r:id="rId1"/></w:settings>';
  const relations = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="${url}" TargetMode="External"/></Relationships>`;
  return {
    parts: [
      deflatedEntry("word/settings.xml", settings),
      deflatedEntry("word/_rels/settings.xml.rels", relations),
    ],
    overrides: {
      "/word/settings.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml",
    },
    relationships: [{ type: "settings", target: "settings.xml" }],
  };
}

/** A field that asks another program, its instruction split over two runs as it is when somebody hides it. */
const dde: OfficeParts = {
  body: `${RUN}<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DD</w:instrText></w:r><w:r><w:instrText>EAUTO flowcheck "a"</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`,
};

const object = (name: string) =>
  storedEntry(name, compoundFile([{ name: "\u0001Ole10Native", content: latin1("\0") }]));
const embedded: OfficeParts = {
  parts: [object("word/embeddings/oleObject1.bin")],
  overrides: { "/word/embeddings/oleObject1.bin": "application/vnd.openxmlformats-officedocument.oleObject" },
  relationships: [{ type: "oleObject", target: "embeddings/oleObject1.bin" }],
};
const control: OfficeParts = {
  parts: [
    deflatedEntry(
      "word/activeX/activeX1.xml",
      '<ax:ocx xmlns:ax="http://schemas.microsoft.com/office/2006/activeX" ax:classid="{00000000-0000-0000-0000-000000000000}" ax:persistence="persistStreamInit"/>',
    ),
  ],
  overrides: { "/word/activeX/activeX1.xml": "application/vnd.ms-office.activeX+xml" },
  relationships: [{ type: "control", target: "activeX/activeX1.xml" }],
};
const ribbon: OfficeParts = {
  parts: [
    deflatedEntry(
      "customUI/customUI.xml",
      '<customUI xmlns="http://schemas.microsoft.com/office/2006/01/customui" onLoad="flowcheck"/>',
    ),
  ],
  relationships: [
    {
      type: "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility",
      target: "../customUI/customUI.xml",
    },
  ],
};

/** Another workbook that this one takes its numbers from. */
function workbookLink(url: string): OfficeParts {
  const xml =
    '<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><externalBook r:id="rId1"/></externalLink>';
  const relations = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" Target="${url}" TargetMode="External"/></Relationships>`;
  return {
    parts: [
      deflatedEntry("xl/externalLinks/externalLink1.xml", xml),
      deflatedEntry("xl/externalLinks/_rels/externalLink1.xml.rels", relations),
    ],
    overrides: {
      "/xl/externalLinks/externalLink1.xml":
        "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml",
    },
    relationships: [{ type: "externalLink", target: "externalLinks/externalLink1.xml" }],
  };
}

const LEADING: readonly (readonly [what: string, type: string, parts: (url: string) => OfficeParts])[] = [
  ["a template", DOCX, template],
  ["a picture", DOCX, picture],
  ["a part of the text", DOCX, chunk],
  ["a linked object", DOCX, linked],
  ["a document within", DOCX, subDocument],
  ["another workbook", XLSX, workbookLink],
];

const files: readonly LeadingFile[] = LEADING.map(([what, mediaType, parts]) => ({
  what: `${what} that lies elsewhere`,
  mediaType,
  fileAt: (url) => fileOfType(mediaType, officeOf(mediaType, parts(url))),
}));

/** UPL-DC-08: documents that fetch the rest of themselves. */
export const officeLinks: Check = {
  id: "UPL-DC-08",
  title: "An Office document brings everything with it, and no object of another program",
  why: "A template that lies elsewhere brings macros into a document that has none when it is looked at.",
  standards: ["CWE-829", "CWE-610"],
  flags: ["s", "o"],
  remedy: pythonRemedy(
    'Read every `.rels` of the package with `defusedxml` and refuse `TargetMode="External"` of any type but hyperlinks, parts below `embeddings/`, `activeX/` and `customUI/` by their content types, and fields that are `DDE` or `DDEAUTO` once all runs of a field are joined. Convert to PDF in a process without network.',
    "No line of flow.yaml does this: the gate refuses macros in Office documents and does not read where their relationships lead. Leave the Office types out of `types: [...]`, or check in the service.",
  ),
  cases: onTopic("documents", [
    ...LEADING.map(([what, mediaType, parts]) =>
      neutralOffice(`${what} that lies elsewhere`, mediaType, parts(NOWHERE), LINK, NOWHERE),
    ),
    neutralOffice(
      "a field that asks another program",
      DOCX,
      dde,
      "a field that asks another program",
      "DDEAUTO",
    ),
    neutralOffice(
      "an object of another program",
      DOCX,
      embedded,
      "an object of another program",
      "oleObject1.bin",
    ),
    neutralOffice("a control (ActiveX)", DOCX, control, "a control", "activeX1.xml"),
    neutralOffice(
      "a ribbon that calls something",
      DOCX,
      ribbon,
      "a ribbon that calls something",
      "customUI.xml",
    ),
  ]),
  scenarios: leadsNowhere("an address in an Office document is asked for by nobody", files),
};

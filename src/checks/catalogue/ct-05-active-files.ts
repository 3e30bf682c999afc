import type { Check, SampleFile } from "../check.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { joined, latin1, repeated, utf8 } from "../payloads/bytes.ts";
import { refusedFile, takesNot } from "../type-case.ts";

const NOWHERE = "http://127.0.0.1:9/flowcheck";
const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';

const text = (name: string, mediaType: string, content: string): SampleFile => ({
  name,
  mediaType,
  bytes: utf8(content),
});

/** A shortcut that leads nowhere: the header with its class, and nothing else. @see [MS-SHLLINK] section 2.1 */
function shortcut(): Uint8Array {
  const type = latin1("\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46");
  return joined(latin1("\x4c\0\0\0"), type, repeated(0, 56), repeated(0, 4));
}

/** Inert: each has the form of its type, and leads to a port of one's own machine where nobody listens. */
const FILES: readonly SampleFile[] = [
  text(
    "page.mht",
    "message/rfc822",
    "From: <flowcheck>\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<html></html>\r\n",
  ),
  text("link.url", "application/internet-shortcut", `[InternetShortcut]\r\nURL=${NOWHERE}\r\n`),
  { name: "link.lnk", mediaType: "application/x-ms-shortcut", bytes: shortcut() },
  text("query.iqy", "text/x-ms-iqy", `WEB\r\n1\r\n${NOWHERE}\r\n`),
  text("sheet.slk", "application/x-sylk", 'ID;P\r\nC;Y1;X1;K"flowcheck"\r\nE\r\n'),
  text(
    "folder.library-ms",
    "application/windows-library+xml",
    `${XML}<libraryDescription xmlns="http://schemas.microsoft.com/windows/2009/library"><name>flowcheck</name></libraryDescription>\n`,
  ),
  text(
    "sheet.xsl",
    "application/xslt+xml",
    `${XML}<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>\n`,
  ),
  text(
    "run.wsf",
    "application/x-wsf",
    '<job id="flowcheck"><script language="JScript">void 0;</script></job>\n',
  ),
  text("app.hta", "application/hta", "<html><head><hta:application/></head></html>\n"),
  text("search.search-ms", "application/xml", `${XML}<persistedQuery version="1.0"/>\n`),
  text("settings.scf", "application/x-scf", "[Shell]\r\nCommand=2\r\n"),
  text("desktop.ini", "text/plain", "[.ShellClassInfo]\r\n"),
];

/** UPL-CT-05: files that a desktop acts on when they are opened, or only looked at. */
export const activeFiles: Check = {
  id: "UPL-CT-05",
  title: "Files that a desktop acts on are refused",
  why: "Some of them send a Windows user's password hash to another host as soon as the folder is looked at.",
  standards: ["CWE-434", "CWE-200"],
  flags: ["s"],
  topic: "types",
  remedy: pythonRemedy(
    "Keep a short list of allowed extensions and compare the last one, lower-cased; then find out by the bytes that the file is that type. A list of what is forbidden misses `.library-ms` and the next one.",
    "Name the types in `types: [...]` (not `any`) and set `mode: enforce`: extension, declared type and bytes must all say the same allowed type.",
    {
      django:
        "In Django use `FileExtensionValidator(allowed_extensions=[...])` and a validator of your own that looks at the bytes: the first one looks at the name alone.",
    },
  ),
  cases: FILES.map((file) => refusedFile(file.name, () => file, { appliesTo: takesNot(file.mediaType) })),
};

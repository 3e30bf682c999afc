import assert from "node:assert/strict";
import { test } from "node:test";
import { FILE_TYPES } from "../uploads/file-types.ts";
import { cleanFileName, extensionOf, judgeFileName } from "./file-name.ts";

/** Class of the check catalogue, name. Each is a path, a control sequence or a disguise. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["NM-01", "../c.png"],
  ["NM-01", "..\\c.png"],
  ["NM-01", "/abs.png"],
  ["NM-01", "C:\\c.png"],
  ["NM-01", "C:c.png"],
  ["NM-01", "\\\\host\\s.png"],
  ["NM-01", "a/../../c.png"],
  ["NM-01", "sub/a.png"],
  ["NM-01", ".."],
  ["NM-01", "."],
  ["NM-01", "</b>.png"],
  ["NM-02", "%2e%2e%2fc.png"],
  ["NM-02", "..%2fc.png"],
  ["NM-02", "%252e%252e%252fc.png"],
  ["NM-02", "%25252fc.png"],
  ["NM-02", "a%5Cb.png"],
  ["NM-02", "%c0%ae%c0%ae%c0%afc.png"],
  ["NM-02", "%e0%80%afc.png"],
  ["NM-02", "%u002e%u002fc.png"],
  ["NM-02", "\uff0e\uff0e\uff0fc.png"],
  ["NM-02", "a\uff3cb.png"],
  ["NM-02", "x.html%2epng"],
  ["NM-03", "a.html\0.png"],
  ["NM-03", "a.html%00.png"],
  ["NM-03", "a.html%0a.png"],
  ["NM-03", "a.html;.png"],
  ["NM-03", "a.asp:.jpg"],
  ["NM-03", "a.html/.png"],
  ["NM-03", "a\nb.png"],
  ["NM-03", "a\x85b.png"],
  ["NM-04", "photo\u202egnp.exe"],
  ["NM-04", "a\u2066b\u2069.png"],
  ["NM-04", "a\u200fb.png"],
  ["NM-04", "a\u200bb.png"],
  ["NM-04", "a\u200db.png"],
  ["NM-04", "\u200ca.png"],
  ["NM-04", "\ufeffa.png"],
  ["NM-04", "a\u00adb.png"],
  ["NM-04", "a\u3164.png"],
  ["NM-04", "a\u{e0041}.png"],
  ["NM-05", "CON"],
  ["NM-05", "NUL.txt"],
  ["NM-05", "aux.tar.zip"],
  ["NM-05", "COM1 .txt"],
  ["NM-05", "lpt¹.txt"],
  ["NM-05", "conin$.txt"],
  ["NM-05", "a.txt::$DATA"],
  ["NM-05", "a.txt:$x"],
  ["NM-05", "a.html."],
  ["NM-05", "a.html "],
  ["NM-06", `${"x".repeat(252)}.png`],
  ["NM-06", `${"é".repeat(126)}.png`],
  ["NM-06", "x".repeat(4096)],
  ["NM-07", "a\ufffd.png"],
  ["NM-07", "a\ud800.png"],
  ["NM-08", "a%0d%0aX-Canary: 1.png"],
  ["NM-08", "a\u2028b.png"],
  ["NM-08", "a\r\nX-Canary: 1.png"],
  ["NM-10", ".htaccess"],
  ["NM-10", ".png"],
  ["NM-10", ".env"],
  ["NM-10", "Web.Config"],
  ["NM-10", "uwsgi.ini"],
  ["NM-10", "__init__.py"],
  ["NM-10", "x.pth"],
  ["NM-10", ".well-known/x"],
  ["NM-06", ""],
];

for (const [checkClass, name] of REFUSED) {
  test(`${checkClass}: the name ${JSON.stringify(name).slice(0, 60)} is refused`, () => {
    const finding = judgeFileName(name);
    assert.equal(finding?.code, "FILE_NAME_INVALID");
    assert.equal(finding?.severity, "refuse");
    assert.doesNotMatch(finding?.seen ?? "", /[\p{Cc}\p{Cf}\u2028\u2029]/u);
  });
}

/** Names that are taken, and what a service gets: name, verified type, clean name. */
const CLEANED: readonly (readonly [string, string | null, string])[] = [
  ["photo.png", "image/png", "photo.png"],
  ["Photo.PNG", "image/png", "Photo.png"],
  ["photo.jpeg", "image/jpeg", "photo.jpg"],
  ["Grüße aus Köln.pdf", "application/pdf", "Grüße aus Köln.pdf"],
  ["e\u0301te\u0301.pdf", "application/pdf", "été.pdf"],
  ["Отчёт за 2026.docx", null, "Отчёт за 2026.docx"],
  ["報告書（最終）.pdf", "application/pdf", "報告書（最終）.pdf"],
  ["第１章．はじめに.pdf", "application/pdf", "第１章_はじめに.pdf"],
  ["می\u200cخواهم.pdf", "application/pdf", "میخواهم.pdf"],
  ["क्\u200dष.pdf", "application/pdf", "क्ष.pdf"],
  ["👩\u200d💻 plan.pdf", "application/pdf", "👩💻 plan.pdf"],
  ["👋🏽.png", "image/png", "👋🏽.png"],
  ["Screenshot 2026-11-22 at 10.30.45\u202fAM.png", "image/png", "Screenshot 2026-11-22 at 10.30.45 AM.png"],
  ["Screenshot from 2026-11-22 12:30:45.png", "image/png", "Screenshot from 2026-11-22 12_30_45.png"],
  ["Wait….pdf", "application/pdf", "Wait_.pdf"],
  ["v1.2.pdf", "application/pdf", "v1.2.pdf"],
  ["Dr. Müller.pdf", "application/pdf", "Dr. Müller.pdf"],
  ["2026.11.22 report (1).pdf", "application/pdf", "2026.11.22 report (1).pdf"],
  ["report.final.pdf", "application/pdf", "report_final.pdf"],
  ["shell.php.png", "image/png", "shell_php.png"],
  ["shell.php5.png", "image/png", "shell_php5.png"],
  ["a.html.zip", "application/zip", "a_html.zip"],
  ["AC⧸DC.mp4", "video/mp4", "AC_DC.mp4"],
  ["100% sure.pdf", "application/pdf", "100_ sure.pdf"],
  ["<img src=x onerror=alert(1)>.png", "image/png", "_img src_x onerror_alert(1)_.png"],
  ['say "hi".png', "image/png", "say _hi_.png"],
  ["it's.png", "image/png", "it_s.png"],
  ["-rf.png", "image/png", "_rf.png"],
  ["--help", null, "_help"],
  ["=cmd().csv", "text/csv", "_cmd().csv"],
  ["@x.txt", "text/plain", "_x.txt"],
  ["|id.png", "image/png", "_id.png"],
  ["$(id).png", "image/png", "_(id).png"],
  ["`id`.png", "image/png", "_id_.png"],
  ["{{7*7}}.png", "image/png", "_7_7_.png"],
  ["$" + "{jndi_ldap}.png", "image/png", "_jndi_ldap_.png"],
  ["msl:x.png", "image/png", "msl_x.png"],
  ["a;b&c.png", "image/png", "a_b_c.png"],
  ["A~1.png", "image/png", "A_1.png"],
  ["%22x%22.png", "image/png", "_22x_22.png"],
  ["＜b＞.png", "image/png", "_b_.png"],
  ["blob", "image/png", "blob.png"],
  ["blob", null, "blob"],
  ["???", null, "file"],
  ["data.BIN", null, "data.bin"],
  ["co*n.png", "image/png", "co_n.png"],
  ["_con.png", "image/png", "_con.png"],
];

for (const [name, mediaType, clean] of CLEANED) {
  test(`the name ${JSON.stringify(name)} is taken and reaches the service as ${JSON.stringify(clean)}`, () => {
    assert.equal(judgeFileName(name), null);
    assert.equal(cleanFileName(name, mediaType), clean);
    assert.equal(judgeFileName(clean), null);
  });
}

test("a file without a name gets one, with the extension of its type", () => {
  assert.equal(cleanFileName(null, "image/png"), "file.png");
  assert.equal(cleanFileName(null, null), "file");
  assert.equal(cleanFileName("", "application/pdf"), "file.pdf");
});

test("a clean name is clean for any name at all, and cleaning it again changes nothing", () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  const random = randomFrom(seed);
  const types = [null, ...FILE_TYPES.map(({ mediaType }) => mediaType)];
  for (let round = 0; round < 5_000; round += 1) {
    const name = randomName(random);
    const type = types[Math.floor(random() * types.length)] ?? null;
    const clean = cleanFileName(name, type);
    const shown = `${JSON.stringify(name)} → ${JSON.stringify(clean)}`;
    assert.equal(judgeFileName(clean), null, shown);
    assert.ok(Buffer.byteLength(clean) <= 200 && clean.length > 0, shown);
    assert.doesNotMatch(clean, /["'<>&$`|;:*?{}[\]\\/%#!^~=@]/, shown);
    assert.doesNotMatch(clean, /^[-.+=@ ]/, shown);
    if (type !== null) assert.equal(cleanFileName(clean, type), clean, shown);
  }
});

test("a long name keeps its extension and is cut between characters", () => {
  const clean = cleanFileName(`${"👩🏽".repeat(80)}.jpeg`, "image/jpeg");
  assert.ok(Buffer.byteLength(clean) <= 200);
  assert.match(clean, /^(?:👩🏽)+\.jpg$/u);
});

test("an extension is what follows the last dot, and only where something stands before it", () => {
  assert.equal(extensionOf("a.PNG"), "png");
  assert.equal(extensionOf("a.png.HtMl"), "html");
  assert.equal(extensionOf("a.7z"), "7z");
  assert.equal(extensionOf("v1.2"), null);
  assert.equal(extensionOf("png"), null);
  assert.equal(extensionOf(".png"), null);
  assert.equal(extensionOf("a.pn g"), null);
});

/** mulberry32: a small generator with a seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PIECES = [
  ..."abCON.. -_%$'\"<>/\\\0\n;:éßñ漢字",
  "\u0301",
  "\u202e",
  "\u200d",
  "．",
  "／",
  "👩🏽",
  "\ud800",
  ".php",
  ".png",
  "con",
  " ",
];

function randomName(random: () => number): string {
  const length = Math.floor(random() * (random() < 0.1 ? 300 : 12));
  return Array.from({ length }, () => PIECES[Math.floor(random() * PIECES.length)] ?? "").join("");
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { GateError } from "../problems/gate-error.ts";
import { type ContentDisposition, readContentDisposition } from "./content-disposition.ts";

const byteString = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** Reads as a form part does, or says `fault@index`. */
function read(value: string, mayBeExtendedAlone = false): ContentDisposition | string {
  let refused = "";
  try {
    return readContentDisposition(byteString(value), mayBeExtendedAlone, (fault, index, problem) => {
      refused = `${fault}@${index}`;
      return new GateError("REQUEST_MALFORMED", { message: problem });
    });
  } catch (error) {
    assert.ok(error instanceof GateError, String(error));
    return refused;
  }
}

/** `filename=` as written, and the name read. */
const FILE_NAMES: Readonly<Record<string, string>> = {
  'filename="a.png"': "a.png",
  "filename=a.png": "a.png",
  'FileName="a.png"': "a.png",
  'filename=""': "",
  'filename="a b;c=d.png"': "a b;c=d.png",
  'filename="файл 日本.png"': "файл 日本.png",
  'filename="a\tb"': "a\tb",
  // A percent sign means itself: browsers write a quote as %22, and a name that has %22 in it the same way.
  'filename="a%22b%0D%0A.png"': "a%22b%0D%0A.png",
  // As browsers, curl 7.81 and later, urllib3 and OkHttp write a backslash …
  'filename="a\\b.png"': "a\\b.png",
  'filename="C:\\new\\file.png"': "C:\\new\\file.png",
  // … and as Go, httpx, aiohttp and older curl do.
  'filename="a\\\\b.png"': "a\\b.png",
  'filename="a\\"b.png"': 'a"b.png',
  'filename="\\"quoted\\" \\\\.png"': '"quoted" \\.png',
  'filename="../../etc/passwd"': "../../etc/passwd",
  // .NET
  "filename=a.png; filename*=utf-8''a.png": "a.png",
  "filename=\"a b.png\"; filename*=utf-8''a%20b.png": "a b.png",
  "filename=\"=?utf-8?B?0YQucG5n?=\"; filename*=utf-8''%D1%84.png": "ф.png",
};

for (const [written, name] of Object.entries(FILE_NAMES)) {
  test(`${written} is the name ${JSON.stringify(name)}`, () => {
    assert.deepEqual(read(`form-data; name="f"; ${written}`), {
      type: "form-data",
      name: "f",
      fileName: name,
    });
  });
}

/** A value, and the fault with its place. */
const REFUSED: Readonly<Record<string, string>> = {
  "": "malformed@0",
  "; name=f": "malformed@0",
  "form-data;": "malformed@10",
  "form-data; name=f;": "malformed@18",
  "form-data; ;name=f": "malformed@11",
  "form-data name=f": "malformed@10",
  "form-data; name": "malformed@15",
  "form-data; name=": "malformed@16",
  "form-data; name =f": "malformed@15",
  "form-data; name=f g": "malformed@18",
  "form-data; name=ф": "malformed@16",
  'form-data; name="f': "malformed@16",
  'form-data; name="f"x': "malformed@19",
  "form-data; name='f g'": "malformed@19",
  "form-data; size=1": "malformed@11",
  'form-data; name="a\0b"': "malformed@18",
  'form-data; name="a\x7fb"': "malformed@18",
  "form-data; name=f; name=f": "duplicated@19",
  "form-data; name=f; NAME=g": "duplicated@19",
  'form-data; filename="a"; filename="b"': "duplicated@25",
  "form-data; filename*=utf-8''a; filename*=utf-8''a": "duplicated@31",
  "form-data; name*=utf-8''f": "extended@11",
  "form-data; name*0=f": "extended@11",
  "form-data; filename*0=a; filename*1=b": "extended@11",
  "form-data; filename*0*=utf-8''a": "extended@11",
  "form-data; filename*=utf-8''a": "extended@11",
  "form-data; filename=a; filename*=utf-8''b": "extended@23",
  "form-data; filename=a; filename*=utf-8''A": "extended@23",
  "form-data; filename=a; filename*=iso-8859-1''a": "extended@33",
  "form-data; filename=a; filename*=utf-8'en'a": "extended@33",
  "form-data; filename=a; filename*=\"utf-8''a\"": "extended@33",
  "form-data; filename=a; filename*=utf-8''%6": "extended@33",
  "form-data; filename=a; filename*=utf-8''%ff": "extended@33",
  "form-data; filename=a; filename*=utf-8''a%00": "extended@33",
  "form-data; filename=\"=?utf-8?B?0YQucG5o?=\"; filename*=utf-8''%D1%84.png": "extended@44",
  "form-data; filename=\"=?utf-8?Q?a?=\"; filename*=utf-8''a": "extended@37",
  'form-data; name="f"; filename="a\\\\"': "malformed@32",
  // A backslash before what may be the closing quote: a browser's name that ends in a backslash, or Go's quote?
  'form-data; name="a\\"': "malformed@18",
  'form-data; name="a\\"; filename="b.png"': "malformed@18",
  'form-data; name="a\\\\\\" ; filename="b.png"': "malformed@20",
};

for (const [value, fault] of Object.entries(REFUSED)) {
  test(`${JSON.stringify(value)} is refused as ${fault}`, () => {
    assert.equal(read(value), fault);
  });
}

test("bytes that are not UTF-8 are refused in a name and in a file name", () => {
  const refuse = (fault: string, index: number): GateError =>
    new GateError("REQUEST_MALFORMED", { message: `${fault}@${index}` });
  for (const bytes of ["\xff", "\xc0\xaf", "\xed\xa0\x80", "caf\xe9"]) {
    assert.throws(() => readContentDisposition(`form-data; name="${bytes}"`, false, refuse), {
      message: "encoding@16",
    });
    assert.throws(() => readContentDisposition(`form-data; name=f; filename="${bytes}"`, false, refuse), {
      message: "encoding@28",
    });
  }
});

test("a backslash before a space is a space in a field's name, as aiohttp writes it, and a backslash in a file's name", () => {
  assert.deepEqual(read('form-data; name="my\\ photo"; filename="my\\ photo"'), {
    type: "form-data",
    name: "my photo",
    fileName: "my\\ photo",
  });
});

test("a byte order mark stays in the name", () => {
  assert.deepEqual(read('form-data; name="\ufefff"'), { type: "form-data", name: "\ufefff", fileName: null });
});

test("filename* alone passes where the caller reads an HTTP header and not a form part", () => {
  const value = "attachment; filename*=UTF-8''%E2%82%AC%20rates.pdf";
  assert.deepEqual(read(value, true), { type: "attachment", name: null, fileName: "€ rates.pdf" });
});

test("both readings of a backslash end the string at the same place, or the value is refused", () => {
  // All strings of up to six of these; one reading takes \" for a quote, the other ends the string at each bare quote.
  const alphabet = ["\\", '"', "a", ";"];
  let accepted = 0;
  for (let code = 0; code < alphabet.length ** 6; code++) {
    const text = [...Array(6).keys()].map((digit) => alphabet[Math.floor(code / 4 ** digit) % 4]).join("");
    const reading = read(`form-data; name="${text}"`);
    if (typeof reading === "string") continue;
    accepted++;
    const asBrowser = /^[^"]*$/.test(text);
    const asGo = /^(?:[^"\\]|\\["\\]|\\(?!["\\]))*$/.test(text);
    assert.ok(asGo, text);
    if (asBrowser) assert.equal(reading.name, text.replaceAll("\\\\", "\\"));
    else assert.ok(text.includes('\\"'), text);
  }
  assert.ok(accepted > 500, `${accepted}`);
});

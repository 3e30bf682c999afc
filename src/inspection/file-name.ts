/**
 * File names: which are refused, and what a service gets in their place.
 *
 * A name that is a path, a control sequence or a disguise is refused: no honest program sends one, and every reader would make
 * something else of it. A name that is only odd to some interpreter (`$(x)`, quotes, markup, a leading dash) is taken, and the
 * service gets `cleanFileName` of it. Nothing is decoded: percent signs are only looked through to see what a second decoder would
 * make of them.
 */
import { quoteSeen } from "../problems/gate-error.ts";
import { findFileType } from "../uploads/file-types.ts";
import type { Finding } from "../uploads/finding.ts";
import { refusal } from "./flaw.ts";

const NAME_BYTES_MAX = 255;
const CLEAN_BYTES_MAX = 200;

/** Splits text into what a person takes for one character. */
const CHARACTERS = new Intl.Segmenter("und", { granularity: "grapheme" });

/** An extension: after the last dot, up to ten ASCII letters and digits with a letter among them (`.2` of `v1.2` is none). */
const EXTENSION = /\.(?=[0-9]*[A-Za-z])([A-Za-z0-9]{1,10})$/;

/** Windows takes these for devices with any extension and any spaces. */
const DEVICE = /^ *(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;

/** Names that servers and interpreters act on where they find them. A leading dot is refused for all of them. */
const ACTED_ON = new Set([
  "web.config",
  "uwsgi.ini",
  "php.ini",
  "__init__.py",
  "__main__.py",
  "conftest.py",
  "sitecustomize.py",
  "usercustomize.py",
]);

/** Names and stems as most are, of which none of the rules about odd characters can be true; those about words remain to be asked. */
const ORDINARY_NAME = /^[A-Za-z0-9][A-Za-z0-9 _()-]*\.[A-Za-z0-9]{1,10}$/;
const ORDINARY_STEM = /^[A-Za-z0-9]+(?:[ _()-][A-Za-z0-9]+)*$/;

/** Names that end so are read by programs that find them. */
const READ_BY_ITS_END = /\.pth$/i;
const NAME_OF_WINDOWS = "a device name of Windows";
const NAME_ACTED_ON = "a name that programs act on";

/** Pairs of a pattern and what it finds, in words; the first one that matches is told. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/[/\\]/, "a path separator"],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  [/[\0-\x1f\x7f-\x9f\u2028\u2029]/, "a control character"],
  [/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/, "a direction-changing character"],
  [
    /[\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0\ufff9-\ufffb]|\u034f|[\u{e0000}-\u{e007f}]/u,
    "an invisible character",
  ],
  // Joiners are part of honest Persian and Hindi words and of some emoji; next to ASCII they only hide.
  [/(?:^|[\0-\x7f])[\u200c\u200d]|[\u200c\u200d](?:$|[\0-\x7f\u200c\u200d])/, "an invisible character"],
  [/\ufffd/, "bytes that are not UTF-8"],
  [/^\./, "a leading dot"],
  [/[. ]$/, "a dot or space at the end"],
  [/^[A-Za-z]:|::|:\$/, "a drive or stream of Windows"],
  [/\.[A-Za-z0-9]{1,10}[;:]/, "an extension cut off by ; or :"],
  [DEVICE, NAME_OF_WINDOWS],
  [READ_BY_ITS_END, NAME_ACTED_ON],
];

/** Percent-encoded `.` `/` `\`, control characters, and overlong UTF-8, which no honest encoder writes. */
const ENCODED = /%(?:2e|2f|5c|[01][0-9a-f]|7f|c[01]|e0%80|f0%80|u002e|u002f|u005c|u2215|uff0e|uff0f)/i;
const DECODING_ROUNDS = 3;

/**
 * Whether a name may be taken at all.
 * @returns FILE_NAME_INVALID with what was seen in words and the name shortened and quoted; `null` where it may.
 */
export function judgeFileName(name: string): Finding | null {
  const problem = nameProblem(name);
  if (problem === null) return null;
  return refusal("FILE_NAME_INVALID", null, "a plain file name", `${problem} in ${quoteName(name)}`);
}

/** Format characters that `quoteSeen` leaves as they are (tags above the basic plane) are told by their number too. */
function quoteName(name: string): string {
  return quoteSeen(name).replace(/\p{Cf}/gu, (mark) => `\\u{${mark.codePointAt(0)?.toString(16)}}`);
}

function nameProblem(name: string): string | null {
  if (name === "") return "nothing";
  const lengthBytes = Buffer.byteLength(name);
  if (lengthBytes > NAME_BYTES_MAX) return `${lengthBytes} bytes (at most ${NAME_BYTES_MAX})`;
  return ORDINARY_NAME.test(name) ? wordProblem(name) : oddProblem(name);
}

function wordProblem(name: string): string | null {
  if (DEVICE.test(name)) return NAME_OF_WINDOWS;
  return READ_BY_ITS_END.test(name) || ACTED_ON.has(name.toLowerCase()) ? NAME_ACTED_ON : null;
}

function oddProblem(name: string): string | null {
  if (!name.isWellFormed()) return "bytes that are not UTF-8";
  const refused = REFUSED.find(([pattern]) => pattern.test(name));
  if (refused !== undefined) return refused[1];
  // Programs that normalise (NFKC) turn fullwidth and other slashes into real ones; those that only look like one are replaced.
  if (/[/\\]/.test(name.normalize("NFKC"))) return "a disguised path separator";
  if (hasEncodedPath(name)) return "a percent-encoded separator, dot or control character";
  return wordProblem(name);
}

function hasEncodedPath(name: string): boolean {
  let text = name;
  for (let round = 0; round < DECODING_ROUNDS; round += 1) {
    if (ENCODED.test(text)) return true;
    text = text.replace(/%([2-7][0-9a-f])/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  return false;
}

/** The extension of a name, lower-case and without dot; `null` where there is none, or nothing before it. */
export function extensionOf(name: string): string | null {
  const match = EXTENSION.exec(name);
  return match === null || match.index === 0 ? null : (match[1] ?? "").toLowerCase();
}

/**
 * The name that a service gets: composed (NFC), letters of every script kept, all that a shell, a page, a query or a file system
 * takes for something else replaced by `_`, and one extension.
 * @param name       as the client sent it, or `null`
 * @param mediaType  the verified type, which decides the extension; `null` keeps the name's own
 * @returns at most 200 UTF-8 bytes, never empty, never beginning with a dot, dash or equals sign.
 */
export function cleanFileName(name: string | null, mediaType: string | null): string {
  const given = (name ?? "").toWellFormed().normalize("NFC").trim();
  const verified = mediaType === null ? undefined : findFileType(mediaType)?.extensions[0];
  const extension = verified ?? extensionOf(given);
  const suffix = extension === null ? "" : `.${extension}`;
  const stem = extensionOf(given) === null ? given : given.replace(EXTENSION, "");
  // Cleaned again after the cut, which can leave `.php` of `.phpinfo` at the end; that takes at most one byte more.
  return cleanStem(cutToBytes(cleanStem(stem), CLEAN_BYTES_MAX - suffix.length - 1)) + suffix;
}

function cleanStem(stem: string): string {
  const plain = ORDINARY_STEM.test(stem) ? stem : withoutOddities(stem);
  if (plain === "" || plain === "_") return "file";
  return DEVICE.test(plain) ? `_${plain}` : plain;
}

function withoutOddities(stem: string): string {
  return (
    stem
      .replace(/\p{Zs}/gu, " ")
      .replace(/\p{Cf}/gu, "")
      .normalize("NFC")
      .replace(/\ufffd/g, "_")
      .replace(/[^\p{L}\p{M}\p{N}\p{So}\p{P}\p{Emoji_Modifier} +]/gu, "_")
      .replace(/\p{P}/gu, cleanPunctuation)
      .replace(/[. ]+$/, "")
      // A dot before what reads as an extension (`x.php.png`) makes some servers act on it; dots elsewhere are kept.
      .replace(/\.(?=[0-9]*\p{L}[\p{L}\p{M}\p{N}]*(?:\.|$))/gu, "_")
      .replace(/\.{2,}/g, "_")
      .replace(/^[-+.=@\s]+/, "_")
      .replace(/_{2,}/g, "_")
  );
}

/** Kept: `. _ - ( ) ,` and punctuation of other scripts that does not turn into something else when a program normalises it. */
function cleanPunctuation(character: string): string {
  if (/[._\-(),]/.test(character)) return character;
  const isAsciiLike =
    /[ -~]/.test(character.normalize("NFKC")) && !/^[(),]$/.test(character.normalize("NFKC"));
  return isAsciiLike ? "_" : character;
}

/** Cuts between characters, never inside one; what an accent or joiner belongs to stays together. */
function cutToBytes(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text;
  let cut = "";
  let usedBytes = 0;
  for (const { segment } of CHARACTERS.segment(text)) {
    usedBytes += Buffer.byteLength(segment);
    if (usedBytes > bytesMax) break;
    cut += segment;
  }
  return cut;
}

/**
 * What would be harm in something that got through, for the cases that may be neutralised instead of refused.
 */
import type { ReceivedUpload, UploadContent } from "./check.ts";

type Harm = (received: ReceivedUpload, content: UploadContent) => string | null;

/** Nothing beyond other bytes or other fields than were sent, which are always compared. */
export const noFurtherHarm: Harm = () => null;

/** The service must not see these headers. @param names lower-case. */
export function headersArrive(...names: readonly string[]): Harm {
  return (received) => {
    const seen = received.headers?.find(([name]) => names.includes(name.toLowerCase()));
    return seen === undefined ? null : `the service got the header ${seen[0]}: ${seen[1]}`;
  };
}

/** Why nothing can be told of headers: for `unclear` of a case that is about them. */
export const headersUnseen: Harm = ({ headers }) =>
  headers === null ? "it was accepted, and nobody can see which headers the service got" : null;

/** The name that the service got must pass all of these. */
export function nameHarms(...harms: readonly ((name: string) => string | null)[]): Harm {
  return (received) => {
    for (const { name } of received.files) {
      const found = name === null ? undefined : harms.map((harm) => harm(name)).find((each) => each !== null);
      if (found !== undefined) return `${found}: the service got the name ${JSON.stringify(name)}`;
    }
    return null;
  };
}

/** Separators, drive letters, dot names: anything that is a path and not a name. */
export function isPath(name: string): string | null {
  return /[/\\]|^[A-Za-z]:|^\.{1,2}$/.test(name) ? "a path, not a name" : null;
}

/** C0 and C1 controls, and characters that change direction or are not seen. */
export function hidesCharacters(name: string): string | null {
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name) ? "control or invisible characters" : null;
}

/** Devices, streams and endings that Windows reads differently. @see Microsoft, Naming Files, Paths, and Namespaces */
export function isWindowsSpecial(name: string): string | null {
  const isDevice = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\.|:|$)/i.test(name);
  return isDevice || /[:<>"|?*]|[. ]$/.test(name) ? "a name that is special on Windows" : null;
}

/** More bytes than a file name may have on common file systems. */
export function isTooLong(name: string): string | null {
  return Buffer.byteLength(name) > 255 ? "a name of more than 255 bytes" : null;
}

/** The name must not end in one of these (lower-case, with the dot), nor have it before a separator or NUL. */
export function endsIn(...extensions: readonly string[]): (name: string) => string | null {
  return (name) => {
    const bare =
      name
        .toLowerCase()
        .split(/[\0;:\n]/)[0]
        ?.replace(/[. ]+$/, "") ?? "";
    return extensions.some((extension) => bare.endsWith(extension)) ? "the dangerous extension kept" : null;
  };
}

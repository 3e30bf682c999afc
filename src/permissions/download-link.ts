/**
 * Download links: the service signs who may fetch which file, for a short time, and hands out the URL.
 *
 * In: the `token` of `/.sluicegate/files/{uploadId}?token=…`. Out: which file it is for. Always holds: a link is good for one file and cannot be taken
 * for anything else. It may be used more than once until it expires, since downloads break off and go on.
 * Not here: whether there is such a file, and what its name may be.
 */
import { GateError } from "../problems/gate-error.ts";
import type { GrantSettings } from "../settings/settings.ts";
import { parseUploadId, type UploadId } from "../uploads/upload-id.ts";
import { type MintedClaims, mintedTokenKeys, verifyMintedToken } from "./minted-token.ts";

/** Header `typ` of a download link. */
export const DOWNLOAD_LINK_TYPE = "sluicegate-download+jwt";

export interface DownloadLinkRules {
  readonly settings: GrantSettings;
  /** The gate's issuer: `receipts.issuer` of the settings. */
  readonly audience: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** What a link is for. */
export interface DownloadLink {
  readonly uploadId: UploadId;
  /** Order of the file in its upload, from 0. */
  readonly fileIndex: number;
  /** File name to offer, as the service wrote it, to be cleaned; `null` for the file's own. */
  readonly name: string | null;
  /** The last moment, clock skew included, at which the link is taken. */
  readonly expiresAtMs: number;
}

const CLAIM_NAMES: ReadonlySet<string> = new Set(["jti", "file", "name"]);

const FILE_INDEX_MAX = 1_000_000;

const NAME_CHARS_MAX = 255;

/**
 * Checks the token of a link.
 * @throws LINK_INVALID for everything that is wrong with it; PERMISSION_UNAVAILABLE where the keys cannot be had
 */
export async function verifyDownloadLink(token: string, rules: DownloadLinkRules): Promise<DownloadLink> {
  const verified = await verifyMintedToken(token, {
    ...rules,
    keys: mintedTokenKeys(rules.settings),
    typ: DOWNLOAD_LINK_TYPE,
    claimNames: CLAIM_NAMES,
  });
  if (!verified.ok) throw invalid(verified.why);
  return linkOf(verified);
}

function linkOf({ claims, subject, expiresAtMs }: MintedClaims): DownloadLink {
  const { file: fileIndex = 0, name = null } = claims;
  const uploadId = parseUploadId(subject);
  if (uploadId === null) throw invalid("Its sub is no upload id.");
  if (!isFileIndex(fileIndex)) throw invalid("Its file is not the number of a file, counted from 0.");
  if (name !== null && !isOfferedName(name))
    throw invalid(`Its name is no text of 1 to ${NAME_CHARS_MAX} characters.`);
  return { uploadId, fileIndex, name, expiresAtMs };
}

const isFileIndex = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < FILE_INDEX_MAX;

const isOfferedName = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= NAME_CHARS_MAX && value.isWellFormed();

const invalid = (why: string): GateError =>
  new GateError("LINK_INVALID", { message: `The link is not valid. ${why}` });

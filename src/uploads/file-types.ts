/**
 * The media types that the gate can verify: one row each, used by flow files (what may be asked for), by inspection (what may be
 * concluded) and by delivery (which extension a clean name gets).
 */

/** One verifiable type. `extensions` are lower-case without dot, the first one canonical; `aliases` are declared types read as this one. */
export interface FileType {
  readonly mediaType: string;
  readonly label: string;
  readonly extensions: readonly string[];
  readonly aliases: readonly string[];
}

const OOXML = "application/vnd.openxmlformats-officedocument";

export const FILE_TYPES = [
  {
    mediaType: "image/jpeg",
    label: "JPEG image",
    extensions: ["jpg", "jpeg", "jpe", "jfif"],
    aliases: ["image/jpg", "image/pjpeg"],
  },
  { mediaType: "image/png", label: "PNG image", extensions: ["png"], aliases: ["image/x-png"] },
  { mediaType: "image/gif", label: "GIF image", extensions: ["gif"], aliases: [] },
  { mediaType: "image/webp", label: "WebP image", extensions: ["webp"], aliases: [] },
  {
    mediaType: "application/pdf",
    label: "PDF document",
    extensions: ["pdf"],
    aliases: ["application/x-pdf"],
  },
  {
    mediaType: "application/zip",
    label: "ZIP archive",
    extensions: ["zip"],
    aliases: ["application/x-zip-compressed", "application/x-zip"],
  },
  {
    mediaType: `${OOXML}.wordprocessingml.document`,
    label: "Word document",
    extensions: ["docx"],
    aliases: [],
  },
  { mediaType: `${OOXML}.spreadsheetml.sheet`, label: "Excel workbook", extensions: ["xlsx"], aliases: [] },
  {
    mediaType: `${OOXML}.presentationml.presentation`,
    label: "PowerPoint presentation",
    extensions: ["pptx"],
    aliases: [],
  },
  { mediaType: "video/mp4", label: "MP4 video", extensions: ["mp4", "m4v"], aliases: ["video/x-m4v"] },
  { mediaType: "text/plain", label: "plain text", extensions: ["txt", "text", "log"], aliases: [] },
  {
    mediaType: "text/csv",
    label: "CSV table",
    extensions: ["csv"],
    aliases: ["text/x-csv", "application/csv", "application/vnd.ms-excel"],
  },
  { mediaType: "application/json", label: "JSON document", extensions: ["json"], aliases: ["text/json"] },
] as const satisfies readonly FileType[];

const BY_MEDIA_TYPE: ReadonlyMap<string, FileType> = new Map(
  FILE_TYPES.map((type) => [type.mediaType, type]),
);

/** The row of a media type as it is written in a flow file; `undefined` where the gate cannot verify that type. */
export function findFileType(mediaType: string): FileType | undefined {
  return BY_MEDIA_TYPE.get(mediaType);
}

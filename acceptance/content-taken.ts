/**
 * What the gate takes today of the checks CT, AR, IM and DC, on flows that name their types: all that applies, or these cases. Of a check that is not
 * here, it takes nothing. A flow that takes any bytes takes all of them.
 */
export const TAKEN: Readonly<Record<string, Readonly<Record<string, "all" | readonly string[]>>>> = {
  photos: {
    "UPL-IM-01": "all",
    "UPL-IM-02": "all",
    "UPL-IM-03": [
      "a PNG whose pixels are no deflate stream",
      "a PNG with an unknown filter",
      "a JPEG of no height",
      "a JPEG whose scan uses a table that is not there",
      "a JPEG with a table of too many codes",
      "a JPEG with Exif that goes in circles",
      "a GIF of no width",
    ],
    "UPL-IM-04": "all",
    "UPL-IM-05": ["in the XMP of a JPEG"],
  },
  papers: {
    "UPL-AR-04": "all",
    "UPL-AR-05": "all",
    "UPL-AR-06": "all",
    "UPL-AR-07": [
      "a size of 0",
      "a size of 10 bytes",
      "a size of one byte too few",
      "a size of one byte too many",
      "a wrong CRC-32",
    ],
    "UPL-AR-12": [
      "an NTFS field whose inner length is false",
      "a deflate stream with an impossible block",
      "a deflate stream that is cut off",
    ],
    "UPL-CT-01": "all",
    "UPL-CT-02": "all",
    "UPL-CT-03": "all",
    "UPL-CT-04": ["a PDF with a password"],
    "UPL-CT-07": "all",
    "UPL-DC-01": "all",
    "UPL-DC-02": "all",
    "UPL-DC-03": "all",
    "UPL-DC-04": "all",
    "UPL-DC-05": [
      "a page tree that is its own child",
      "an outline in circles",
      "a reference that leads to itself",
      "a length that is the stream's own",
      "a stream deflated forty times",
      "a page of 64 MiB",
      "an array 20,000 deep",
    ],
    "UPL-DC-06": [
      "encrypted",
      "a later revision of the page",
      "an object twice, one of them in no table",
      "a document behind a document",
    ],
    "UPL-DC-10": [
      "JSON with a key twice",
      "JSON with a key twice, once escaped",
      "JSON with a number of 100,000 digits",
    ],
  },
  offices: {
    "UPL-AR-04": "all",
    "UPL-AR-05": "all",
    "UPL-CT-02": "all",
    "UPL-DC-08": "all",
    "UPL-DC-09": [
      "entities that unfold to 8 MiB in the texts of a workbook",
      "an entity to fetch in the texts of a workbook",
    ],
    "UPL-IM-01": ["a WebP that says 65,000 by 65,000 pixels"],
    "UPL-IM-03": ["a WebP whose pixels are damaged"],
    "UPL-IM-04": "all",
  },
};

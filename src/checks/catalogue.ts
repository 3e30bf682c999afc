/**
 * Every check, by class and number.
 *
 * Rows of the design's catalogue that are not here, and why:
 * - UPL-PM-11 (the server fetches an address of the client): no route here takes an address; it comes with `Upload-Concat` of tus.
 * - UPL-RT-01, deleting twice: no route promises that an upload can be deleted.
 * - UPL-RT-05 (wrong resume): needs a resumable protocol.
 * - UPL-RT-08 (reading before the verdict) and UPL-FM-01, FM-02, FM-03 (scanner and parser failing): need inspection in a process of its own, and
 *   malware scanning; until then a file has its verdict before anybody is told its id.
 * - UPL-FM-06, a clock that is wrong: no operator can turn back the clock of a service that is in use; the gate's own tests do.
 * - UPL-VO-06, scanning again and the ends of retention: need an engine to scan with, and days to wait.
 * - UPL-CT-02, malware split over two pieces of an upload: needs a resumable protocol. UPL-CT-07, escaping where tables are exported: no route here
 *   exports anything. UPL-AR-05, an archive that holds itself: twelve levels say the same of a reader. UPL-IM-02 and the like, flat memory: only how
 *   long an answer takes can be seen over the wire.
 */
import { zipSlip } from "./catalogue/ar-01-zip-slip.ts";
import { linksInArchive } from "./catalogue/ar-02-links.ts";
import { overlappingEntries } from "./catalogue/ar-03-overlapping-entries.ts";
import { ratioBomb } from "./catalogue/ar-04-ratio-bomb.ts";
import { recursion } from "./catalogue/ar-05-recursion.ts";
import { entryFlood } from "./catalogue/ar-06-entry-flood.ts";
import { sizeLies } from "./catalogue/ar-07-size-lies.ts";
import { twoHeaders } from "./catalogue/ar-08-two-headers.ts";
import { whichDirectory } from "./catalogue/ar-09-which-directory.ts";
import { sameEntryTwice } from "./catalogue/ar-10-same-entry-twice.ts";
import { bytesOutside } from "./catalogue/ar-11-bytes-outside.ts";
import { rareFeatures } from "./catalogue/ar-12-rare-features.ts";
import { tarSpecials } from "./catalogue/ar-13-tar-specials.ts";
import { eicar } from "./catalogue/ct-01-eicar.ts";
import { wrappedEicar } from "./catalogue/ct-02-wrapped-eicar.ts";
import { pastTheWindow } from "./catalogue/ct-03-past-the-window.ts";
import { unscannable } from "./catalogue/ct-04-unscannable.ts";
import { activeFiles } from "./catalogue/ct-05-active-files.ts";
import { deserialisation } from "./catalogue/ct-06-deserialisation.ts";
import { formulaInjection } from "./catalogue/ct-07-formula-injection.ts";
import { pdfScript } from "./catalogue/dc-01-pdf-script.ts";
import { pdfActions } from "./catalogue/dc-02-pdf-actions.ts";
import { embeddedFiles } from "./catalogue/dc-03-embedded-files.ts";
import { pdfXml } from "./catalogue/dc-04-pdf-xml.ts";
import { pdfDos } from "./catalogue/dc-05-pdf-dos.ts";
import { pdfAmbiguity } from "./catalogue/dc-06-pdf-ambiguity.ts";
import { officeMacros } from "./catalogue/dc-07-office-macros.ts";
import { officeLinks } from "./catalogue/dc-08-office-links.ts";
import { officeXml } from "./catalogue/dc-09-office-xml.ts";
import { structuredText } from "./catalogue/dc-10-structured-text.ts";
import { storageFails } from "./catalogue/fm-04-storage-fails.ts";
import { serviceFails } from "./catalogue/fm-05-service-fails.ts";
import { badPolicy } from "./catalogue/fm-06-bad-policy.ts";
import { overload } from "./catalogue/fm-07-overload.ts";
import { crash } from "./catalogue/fm-08-crash.ts";
import { pixelFlood } from "./catalogue/im-01-pixel-flood.ts";
import { metadataBomb } from "./catalogue/im-02-metadata-bomb.ts";
import { corruptPictures } from "./catalogue/im-03-corrupt-pictures.ts";
import { locationLeak } from "./catalogue/im-04-location-leak.ts";
import { metadataPayload } from "./catalogue/im-05-metadata-payload.ts";
import { trailingData } from "./catalogue/im-06-trailing-data.ts";
import { svgScript } from "./catalogue/im-07-svg-script.ts";
import { svgFetch } from "./catalogue/im-08-svg-fetch.ts";
import { delegateConfusion } from "./catalogue/im-09-delegate-confusion.ts";
import { rareCoders } from "./catalogue/im-10-rare-coders.ts";
import { partFlood } from "./catalogue/mp-01-part-flood.ts";
import { hugeTextField } from "./catalogue/mp-02-huge-text-field.ts";
import { endlessPartHeader } from "./catalogue/mp-03-endless-part-header.ts";
import { preambleEpilogue } from "./catalogue/mp-04-preamble-epilogue.ts";
import { boundaryLengths } from "./catalogue/mp-05-boundary-lengths.ts";
import { boundaryContinuation } from "./catalogue/mp-06-boundary-continuation.ts";
import { nameSmuggling } from "./catalogue/mp-07-name-smuggling.ts";
import { duplicates } from "./catalogue/mp-08-duplicates.ts";
import { splittingBytes } from "./catalogue/mp-09-splitting-bytes.ts";
import { partEncodings } from "./catalogue/mp-10-part-encodings.ts";
import { truncation } from "./catalogue/mp-11-truncation.ts";
import { nearBoundary } from "./catalogue/mp-12-near-boundary.ts";
import { oddFields } from "./catalogue/mp-13-odd-fields.ts";
import { textRules } from "./catalogue/mp-14-text-rules.ts";
import { traversal } from "./catalogue/nm-01-traversal.ts";
import { encodedTraversal } from "./catalogue/nm-02-encoded-traversal.ts";
import { truncatingBytes } from "./catalogue/nm-03-truncating-bytes.ts";
import { displaySpoof } from "./catalogue/nm-04-display-spoof.ts";
import { windowsNames } from "./catalogue/nm-05-windows-names.ts";
import { overlongName } from "./catalogue/nm-06-overlong-name.ts";
import { nameCollision } from "./catalogue/nm-07-name-collision.ts";
import { markupInName } from "./catalogue/nm-08-markup-in-name.ts";
import { metacharacters } from "./catalogue/nm-09-metacharacters.ts";
import { configNames } from "./catalogue/nm-10-config-names.ts";
import { noCredential } from "./catalogue/pm-01-no-credential.ts";
import { noRightToUpload } from "./catalogue/pm-02-no-right.ts";
import { otherObject } from "./catalogue/pm-03-other-object.ts";
import { fieldEscalation } from "./catalogue/pm-04-field-escalation.ts";
import { crossSite } from "./catalogue/pm-05-cross-site.ts";
import { guessableIds } from "./catalogue/pm-06-guessable-ids.ts";
import { capabilityReuse } from "./catalogue/pm-07-capability-reuse.ts";
import { revokedMidUpload } from "./catalogue/pm-08-revoked.ts";
import { bypass } from "./catalogue/pm-09-bypass.ts";
import { quotaAndRate } from "./catalogue/pm-10-quota-and-rate.ts";
import { credentialInWrongPlace } from "./catalogue/pm-12-wrong-place.ts";
import { successContract } from "./catalogue/rs-01-success-contract.ts";
import { errorContract } from "./catalogue/rs-02-error-contract.ts";
import { leakage } from "./catalogue/rs-03-leakage.ts";
import { downloadHeaders } from "./catalogue/rs-04-download-headers.ts";
import { nameOnTheWayOut } from "./catalogue/rs-05-name-on-the-way-out.ts";
import { earlyRefusal } from "./catalogue/rs-06-early-refusal.ts";
import { rangeAbuse } from "./catalogue/rs-07-range-abuse.ts";
import { sameKey } from "./catalogue/rt-01-same-key.ts";
import { sameKeyOtherBody } from "./catalogue/rt-02-same-key-other-body.ts";
import { parallelDuplicates } from "./catalogue/rt-03-parallel-duplicates.ts";
import { abortStorm } from "./catalogue/rt-04-abort-storm.ts";
import { digestMismatch } from "./catalogue/rt-06-digest-mismatch.ts";
import { lostResponse } from "./catalogue/rt-07-lost-response.ts";
import { honestOversize } from "./catalogue/tr-01-honest-oversize.ts";
import { oversizeWithoutLength } from "./catalogue/tr-02-oversize-without-length.ts";
import { lyingLength } from "./catalogue/tr-03-lying-length.ts";
import { twoFramings } from "./catalogue/tr-04-two-framings.ts";
import { chunkAbuse } from "./catalogue/tr-05-chunk-abuse.ts";
import { slowSender } from "./catalogue/tr-06-slow-sender.ts";
import { compressedBody } from "./catalogue/tr-07-compressed-body.ts";
import { hostileHeaders } from "./catalogue/tr-08-hostile-headers.ts";
import { formatSwitch } from "./catalogue/tr-09-format-switch.ts";
import { notAllowed } from "./catalogue/ty-01-not-allowed.ts";
import { contentDiffers } from "./catalogue/ty-02-content-differs.ts";
import { contentTypeLie } from "./catalogue/ty-03-content-type-lie.ts";
import { extensionTricks } from "./catalogue/ty-04-extension-tricks.ts";
import { magicPrefix } from "./catalogue/ty-05-magic-prefix.ts";
import { polyglotFile } from "./catalogue/ty-06-polyglot.ts";
import { sniffableText } from "./catalogue/ty-07-sniffable-text.ts";
import { detectorStress } from "./catalogue/ty-08-detector-stress.ts";
import { traceability } from "./catalogue/vo-01-traceability.ts";
import { refusalEvidence } from "./catalogue/vo-02-refusal-evidence.ts";
import { logInjection } from "./catalogue/vo-03-log-injection.ts";
import { secretsInLogs } from "./catalogue/vo-04-secrets-in-logs.ts";
import { honestHealth } from "./catalogue/vo-05-honest-health.ts";
import { verdictRecord } from "./catalogue/vo-06-verdict-record.ts";
import type { Check } from "./check.ts";

/** One check an entry; ids are unique. */
export const CATALOGUE: readonly Check[] = [
  honestOversize,
  oversizeWithoutLength,
  lyingLength,
  twoFramings,
  chunkAbuse,
  slowSender,
  compressedBody,
  hostileHeaders,
  formatSwitch,
  partFlood,
  hugeTextField,
  endlessPartHeader,
  preambleEpilogue,
  boundaryLengths,
  boundaryContinuation,
  nameSmuggling,
  duplicates,
  splittingBytes,
  partEncodings,
  truncation,
  nearBoundary,
  oddFields,
  textRules,
  traversal,
  encodedTraversal,
  truncatingBytes,
  displaySpoof,
  windowsNames,
  overlongName,
  nameCollision,
  markupInName,
  metacharacters,
  configNames,
  notAllowed,
  contentDiffers,
  contentTypeLie,
  extensionTricks,
  magicPrefix,
  polyglotFile,
  sniffableText,
  detectorStress,
  eicar,
  wrappedEicar,
  pastTheWindow,
  unscannable,
  activeFiles,
  deserialisation,
  formulaInjection,
  zipSlip,
  linksInArchive,
  overlappingEntries,
  ratioBomb,
  recursion,
  entryFlood,
  sizeLies,
  twoHeaders,
  whichDirectory,
  sameEntryTwice,
  bytesOutside,
  rareFeatures,
  tarSpecials,
  pixelFlood,
  metadataBomb,
  corruptPictures,
  locationLeak,
  metadataPayload,
  trailingData,
  svgScript,
  svgFetch,
  delegateConfusion,
  rareCoders,
  pdfScript,
  pdfActions,
  embeddedFiles,
  pdfXml,
  pdfDos,
  pdfAmbiguity,
  officeMacros,
  officeLinks,
  officeXml,
  structuredText,
  noCredential,
  noRightToUpload,
  otherObject,
  fieldEscalation,
  crossSite,
  guessableIds,
  capabilityReuse,
  revokedMidUpload,
  bypass,
  quotaAndRate,
  credentialInWrongPlace,
  sameKey,
  sameKeyOtherBody,
  parallelDuplicates,
  abortStorm,
  digestMismatch,
  lostResponse,
  successContract,
  errorContract,
  leakage,
  downloadHeaders,
  nameOnTheWayOut,
  earlyRefusal,
  rangeAbuse,
  storageFails,
  serviceFails,
  badPolicy,
  overload,
  crash,
  traceability,
  refusalEvidence,
  logInjection,
  secretsInLogs,
  honestHealth,
  verdictRecord,
];

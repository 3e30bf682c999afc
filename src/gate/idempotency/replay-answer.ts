/**
 * Gives an answer of the service again: the same status, headers and body as the first time, marked as given again.
 */
import type { StoredAnswer } from "../../records/records.ts";
import type { UploadId } from "../../uploads/upload-id.ts";
import { withChanges } from "../../upstream/answer-head.ts";
import { withRequestHeaders } from "../answer-headers.ts";
import type { RequestContext } from "../request-context.ts";
import { keptHeaders } from "./stored-answer.ts";

/** Statuses whose answers have no body and no length. @see RFC 9110 sections 8.6, 15.3.5 and 15.4.5 */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 304]);

/**
 * Writes the answer, without what a retry does not get even where the records have it; does nothing where the client has gone.
 * @param uploadId the first upload's: the one that had the effect.
 */
export function replayAnswer(
  request: Pick<RequestContext, "req" | "res" | "trace" | "facts" | "answerHeaders">,
  answer: StoredAnswer,
  uploadId: UploadId,
): void {
  const { req, res, facts } = request;
  facts.uploadId = uploadId;
  facts.outcome = answer.status < 400 ? "accepted" : "refused";
  if (res.destroyed) return;
  const body = Buffer.from(answer.body ?? "", "base64");
  const kept = keptHeaders(answer.headers);
  const { added, withheld } = withRequestHeaders(request, kept);
  const length = WITHOUT_BODY.has(answer.status) ? [] : ["Content-Length", String(body.length)];
  const ours = [...added, "Idempotency-Replayed", "true", ...length];
  const headers = withChanges(kept, { added: ours, withheld });
  // The types ask for a mutable array; the function only reads it.
  res.writeHead(answer.status, headers as string[]);
  res.end(req.method === "HEAD" || WITHOUT_BODY.has(answer.status) ? undefined : body);
}

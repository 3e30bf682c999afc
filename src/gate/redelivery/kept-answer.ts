/**
 * What a client gets whose upload is safe here while the service could not be told yet: a 202, with the place where its state can be asked for.
 * @see RFC 9110 section 15.3.3
 */
import type { StoredAnswer } from "../../records/records.ts";
import type { UploadId } from "../../uploads/upload-id.ts";
import { answerOwn } from "../answers.ts";
import { OWN_PREFIX } from "../own-routes.ts";
import type { RequestContext } from "../request-context.ts";

const STATUS = 202;

const statusPath = (id: UploadId): string => `${OWN_PREFIX}uploads/${id}`;

const keptText = (id: UploadId): string =>
  JSON.stringify({
    uploadId: id,
    state: "undeliverable",
    statusUrl: statusPath(id),
    message: "The upload is safe. The service could not be told of it yet, and will be.",
  });

/** The answer as an idempotency key gives it again, until the service's own takes its place. */
export function keptAnswer(id: UploadId): StoredAnswer {
  const headers = [
    "Content-Type",
    "application/json",
    "Location",
    statusPath(id),
    "Cache-Control",
    "no-store",
  ];
  return { status: STATUS, headers, body: Buffer.from(keptText(id)).toString("base64") };
}

/** Sends it. */
export function answerKept(request: RequestContext, id: UploadId): void {
  request.answerHeaders.push(
    ["location", statusPath(id)],
    ["cache-control", "no-store"],
    ["sluicegate-upload", id],
  );
  answerOwn(request, STATUS, "application/json", keptText(id));
}

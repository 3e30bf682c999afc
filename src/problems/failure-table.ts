/**
 * What is promised when something breaks: one row a failure, by what it concerns. `docs/failures.md` is made from it.
 */
import type { FailureRow } from "./failure-row.ts";

const NOTHING = "Nothing of the upload.";
const REFUSED = "Log `upload failed` with the code; `sluicegate_refusals_total{code}`.";
const NOT_READY_STORAGE = `${REFUSED} \`/health/ready\` is 503 and names \`storage\`.`;
const NOT_READY_RECORDS = `${REFUSED} \`/health/ready\` is 503 and names \`records\`.`;
const KEPT =
  "The upload, in the records and where its bytes are, across restarts. It is tried again after 1 s, then twice as long each time, up to 10 min, until `retry-for` is over; then it waits for a person.";
const WAITING =
  "`sluicegate deliveries` lists it; `sluicegate_deliveries_waiting`, `sluicegate_delivery_tries_total{result}`; log `delivery kept, to be tried again` where the flow says `retry`, else `upload failed`.";
const ACCEPTED = "With `retry`: 202 with the upload's id and the place where its state is.";

export const FAILURES_BY_SUBJECT: Readonly<Record<string, readonly FailureRow[]>> = {
  "The service": [
    {
      failure: "The service is down: no connection",
      codes: ["UPSTREAM_UNREACHABLE"],
      client: ACCEPTED,
      kept: `With \`refuse\`: nothing, the service surely has none of it. With \`retry\`: ${lower(KEPT)}`,
      operator: `The readiness answer names the upstream and stays 200: the gate is still the right one to ask. With \`retry\`: ${WAITING}`,
      remedy:
        "Start the service. What is kept is delivered by itself: one at a time until it answers, then a few at once.",
      key: "`upstream-down`: `refuse` (default) or `retry`",
    },
    {
      failure: "The service is slow: no answer within the upstream's `timeout`",
      codes: ["UPSTREAM_TIMEOUT"],
      client: `\`isKept\` says that the upload is kept. ${ACCEPTED}`,
      kept: `The upload: the service may have it. With \`keep\` until a person decides, for seven days at least. With \`retry\`: ${lower(KEPT)}`,
      operator: `${WAITING} \`sluicegate_upstream_wait_seconds\` shows how slow.`,
      remedy:
        "Ask the service whether it has the upload (its id is in the list, and went along as `Sluicegate-Upload`). If so, `sluicegate give-up ID`; if not, `sluicegate retry ID --may-double`.",
      key: "`upstream-unknown`: `keep` (default) or `retry`, which sends the same upload id again",
    },
    {
      failure:
        "The service breaks the connection off after it may have taken the upload, or is killed in the middle",
      codes: ["UPSTREAM_ANSWER_INVALID"],
      client: `\`isKept\` says that the upload is kept. ${ACCEPTED}`,
      kept: "As for a slow service.",
      operator: WAITING,
      remedy: "As for a slow service.",
      key: "`upstream-unknown`, as above",
    },
    {
      failure: "The service answers bytes that are no HTTP",
      codes: ["UPSTREAM_ANSWER_INVALID"],
      client: `\`isKept\` says that the upload is kept. ${ACCEPTED}`,
      kept: "As for a slow service.",
      operator: WAITING,
      remedy: "Look at what listens at the upstream's address; then as for a slow service.",
      key: "`upstream-unknown`, as above",
    },
    {
      failure: "The service answers 500, or another 5xx but 501",
      codes: ["UPSTREAM_REFUSED"],
      client: `With \`pass\`: the service's own answer. ${ACCEPTED}`,
      kept: `With \`pass\`: nothing. With \`retry\`: ${lower(KEPT)}`,
      operator: `The record says \`rejected\` and the status; log line \`request\` with \`upstreamStatus\`. With \`retry\`: ${WAITING}`,
      remedy: "Mend the service. What is kept is delivered by itself.",
      key: "`upstream-error`: `pass` (default) or `retry`",
    },
    {
      failure: "A later try: the service answers 4xx or 501",
      codes: ["UPSTREAM_REFUSED"],
      client:
        "The state of the upload says `rejected`; a retry with the same Idempotency-Key gets the service's answer.",
      kept: "Nothing. Except after 401, 403 and 407: then the upload waits for a person, because the client's credentials are never kept. 408, 425 and 429 are tried again, after the `Retry-After` that they say.",
      operator: "Log `delivery tried again` with the result; the record has every try.",
      remedy: "Tell the client, who was told that the upload is safe.",
      key: null,
    },
    {
      failure: "The flow of a kept upload is not in force any more",
      codes: [],
      client: "The state of the upload stays `undeliverable`.",
      kept: "The upload, until a person decides.",
      operator: "Log `delivery waits for a person`; the last error is `FLOW_UNKNOWN`.",
      remedy: "Bring the flow back and `sluicegate retry ID`, or `sluicegate give-up ID`.",
      key: null,
    },
  ],
  "The disk": [
    {
      failure: "The disk of quarantine and store is full",
      codes: ["STORAGE_FULL"],
      client:
        "Small files of a flow with `deliver: forward` ride in the records and go on, as long as those have room.",
      kept: NOTHING,
      operator: NOT_READY_STORAGE,
      remedy: "Make room. The gate takes uploads again by itself.",
      key: "`storage-full`: `refuse`, the one answer there is",
    },
    {
      failure: "The disk is read-only, or a write or a sync fails",
      codes: ["STORAGE_WRITE_FAILED"],
      client: "As for a full disk.",
      kept: `${NOTHING} The service is not told of it.`,
      operator: NOT_READY_STORAGE,
      remedy: "Mend or remount the disk. The gate takes uploads again by itself.",
      key: null,
    },
    {
      failure: "Bytes cannot be read back while the service is told",
      codes: ["STORAGE_READ_FAILED"],
      client: ACCEPTED,
      kept: "As where the service is down: it has no whole upload.",
      operator: NOT_READY_STORAGE,
      remedy: "Mend the disk.",
      key: "`upstream-down`, as above",
    },
  ],
  "The records": [
    {
      failure: "The records database is locked by another process for more than 2 s",
      codes: ["RECORDS_UNAVAILABLE"],
      client: "With Retry-After.",
      kept: NOTHING,
      operator: NOT_READY_RECORDS,
      remedy:
        "Find who holds it (`fuser data/records.sqlite`): a backup belongs on a copy, or on `VACUUM INTO`.",
      key: null,
    },
    {
      failure: "Their disk is full or read-only, or a sync fails",
      codes: ["RECORDS_UNAVAILABLE"],
      client: "With Retry-After.",
      kept: `${NOTHING} What was acknowledged before stays.`,
      operator: NOT_READY_RECORDS,
      remedy: "Make room or mend the disk. The gate takes uploads again by itself.",
      key: null,
    },
    {
      failure: "They fail while the service is answering",
      codes: ["RECORDS_UNAVAILABLE"],
      client:
        "`serviceStatus` says what the service answered: the upload may well be there. With an Idempotency-Key a retry is safe.",
      kept: "What the service said, in memory: recorded as soon as the records take it. If the gate stops before, the upload is of unknown outcome.",
      operator: `${NOT_READY_RECORDS} Then \`what became of a delivery is recorded now\`.`,
      remedy: "As above.",
      key: "`upstream-unknown`, where the gate stops before it could record",
    },
    {
      failure: "The database is damaged when the gate starts",
      codes: ["RECORDS_DAMAGED"],
      client: "No connection: the gate does not start.",
      kept: "Everything as it is.",
      operator: "Exit code 2 and what is wrong. Up to 512 MiB the whole database is looked through.",
      remedy: "Restore it from a backup. To start without it, move it and its `-wal` and `-shm` files away.",
      key: null,
    },
    {
      failure: "The database is damaged while the gate runs",
      codes: ["RECORDS_UNAVAILABLE"],
      client: "As soon as the damage is met.",
      kept: NOTHING,
      operator: `${NOT_READY_RECORDS} It stays so until the gate is started again.`,
      remedy: "As above. `sluicegate audit verify` says whether decisions are missing.",
      key: null,
    },
  ],
  "Keys, clock and settings": [
    {
      failure: "The folder or file of the receipt keys is gone or cannot be read",
      codes: ["RECEIPT_KEY_UNAVAILABLE"],
      client:
        "Nothing changes while the gate runs: it has its keys in memory. A start does not begin with a key that cannot be read.",
      kept: "As where the service is down, should a receipt not be signable.",
      operator:
        "`sluicegate reload` fails with the reason; a start exits with 2. In an empty folder a start makes a new key.",
      remedy:
        "Bring the files back, readable for the gate's user, and reload. Services read new keys at `/.well-known/jwks.json`.",
      key: "`upstream-down`, as above",
    },
    {
      failure: "The clock jumps",
      codes: [],
      client: "Nothing: deadlines are kept by a clock that does not jump.",
      kept: "Kept uploads are tried at once where the clock went back. Where it went forward by more than `retry-for`, they wait for a person.",
      operator:
        "Log `the clock has gone back`. Receipts and tokens are valid by the clock: beyond their lifetime or skew they are refused.",
      remedy: "Set the clock, and `sluicegate retry --all` where it went far ahead.",
      key: null,
    },
    {
      failure: "Settings or flows are wrong",
      codes: ["SETTINGS_INVALID", "FLOW_INVALID"],
      client: "Nothing on a reload: the set in force stays in force. A start does not begin.",
      kept: "Everything as it is.",
      operator:
        'File, line and column of every problem; exit code 1 of `reload`, 2 of `serve`; `sluicegate_reloads_total{result="refused"}`.',
      remedy: "`sluicegate lint` before a reload.",
      key: null,
    },
    {
      failure:
        "The public keys for tokens cannot be fetched, or the service that is asked who may send is down",
      codes: ["PERMISSION_UNAVAILABLE"],
      client: "Only where no keys are known that are fresh enough. Nobody is let in for want of an answer.",
      kept: "Nothing: it is refused before a byte of the body is read.",
      operator: REFUSED,
      remedy: "Bring the identity provider or the service back. The gate asks again by itself.",
      key: null,
    },
  ],
  "The gate and its machine": [
    {
      failure: "No file descriptors are left",
      codes: ["STORAGE_WRITE_FAILED", "UPSTREAM_UNREACHABLE"],
      client: "Or no connection.",
      kept: "As for the disk or the service, whichever had none.",
      operator: `${REFUSED} \`sluicegate_connections_active\`.`,
      remedy:
        "Raise the limit (`LimitNOFILE=`), or lower `limits.connections`: an upload needs up to three descriptors. Well again by itself.",
      key: null,
    },
    {
      failure: "The gate is told to stop",
      codes: ["GATE_STOPPING"],
      client: "What runs may finish within `limits.stop`; nothing new is taken.",
      kept: "What is kept, across the restart.",
      operator: "Exit code 0.",
      remedy: "None.",
      key: null,
    },
    {
      failure: "The gate is killed, or the power fails",
      codes: [],
      client: "A broken connection. With an Idempotency-Key a retry is safe.",
      kept: "What was acknowledged, all of it. An upload that the service was not told of ends; one that it was being told of is of unknown outcome. Of rates by the minute or a shorter time the last five seconds are forgotten; of quotas nothing.",
      operator:
        "The next start says how many ended and how many are kept, and removes bytes that nobody needs.",
      remedy: "`sluicegate deliveries`.",
      key: "`upstream-unknown`: `keep` (default), or `retry`, which sends it again at the next start",
    },
  ],
};

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

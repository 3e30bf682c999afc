import type { Check, Probe, Target } from "../check.ts";
import { credentialOf, withCredential } from "../credential.ts";
import { acceptedId, plainRequest, scenario, tellsIds } from "../define-scenario.ts";
import { everythingKept, logLength } from "../log-case.ts";
import { joined, utf8 } from "../payloads/bytes.ts";
import { controlProbe, controlRequest } from "../payloads/upload.ts";
import { probeOf, withLines } from "../payloads/upload-request.ts";
import type { Play, Stage } from "../scenario.ts";
import { knowsCallers } from "../target-as.ts";

/** Complains where a secret stands in what is kept, whole or the part of it that nobody could have guessed. */
async function judgeKept(
  stage: Stage,
  before: number,
  id: string | null,
  secrets: readonly string[],
): Promise<void> {
  const kept = await everythingKept(stage, before, id);
  if (kept.length < 20) stage.complain("nothing at all was logged");
  for (const secret of secrets.filter((each) => kept.includes(each)))
    stage.complain(`a secret stands in the log or the records: ${secret.slice(0, 6)}…`);
}

/** What is secret of a credential: for a signed token its signature, else all of it. */
const secretOf = (target: Target): string => credentialOf(target).secret.split(".").at(-1) ?? "";

/** Ways to send a secret; in each, it is the sender's fault or another site's that it is there, and nobody's business afterwards. */
const WAYS: readonly ((target: Target, secret: string) => Probe)[] = [
  (target, secret) => controlProbe(withCredential(target, `Authorization: Bearer ${secret}`)),
  (target, secret) => controlProbe(withCredential(target, `X-API-Key: ${secret}`)),
  (target, secret) => probeOf(withLines(controlRequest(target), `Cookie: flowcheck=${secret}`)),
  (target, secret) => probeOf(withLines(controlRequest(target), `Proxy-Authorization: Basic ${secret}`)),
  (target, secret) => {
    const request = controlRequest(target);
    return probeOf({ ...request, line: request.line.replace(" HTTP", `?access_token=${secret} HTTP`) });
  },
  (target, secret) =>
    controlProbe(target, { name: "page.html", bytes: joined(utf8(`<script>${secret}</script>`), "\0") }),
  (target, secret) => controlProbe(target, { bytes: joined(target.file.control.bytes, secret) }),
];

const everyWay: Play = async (stage) => {
  const before = await logLength(stage);
  const secrets: string[] = [];
  for (const way of WAYS) {
    const secret = stage.token();
    secrets.push(secret);
    await stage.send("a secret on its way", way(await stage.as("main"), secret));
  }
  await judgeKept(stage, before, null, secrets);
};

const goodCredential: Play = async (stage) => {
  const before = await logLength(stage);
  const main = await stage.as("main");
  const hasId = tellsIds(main) === true;
  const id = hasId ? await acceptedId(stage, "an upload", main, controlProbe(main)) : null;
  if (!hasId) await stage.send("an upload", controlProbe(main));
  await judgeKept(stage, before, id, [secretOf(main)]);
};

const signedLink: Play = async (stage) => {
  const before = await logLength(stage);
  const main = await stage.as("main");
  const id = await acceptedId(stage, "an upload", main, controlProbe(main));
  const link = id === null ? undefined : await stage.hooks.mintLink?.({ uploadId: id });
  if (link === undefined) return;
  await stage.send("fetched by a link", plainRequest(await stage.as("nobody"), "GET", link));
  await stage.send("fetched by a broken one", plainRequest(await stage.as("nobody"), "GET", `${link}x`));
  await judgeKept(stage, before, id, [link.slice(-20)]);
};

/** UPL-VO-04: what must not be kept. */
export const secretsInLogs: Check = {
  id: "UPL-VO-04",
  title: "No credential, link or file content stands in the log or the records",
  why: "Logs are read by more people, and kept longer, than anything that they tell of.",
  standards: ["v5.0.0-16.2.5", "CWE-532"],
  flags: ["o"],
  remedy: {
    fastapi:
      "Keep `Authorization`, `Cookie` and query strings out of access logs (`uvicorn --no-access-log` and a log of your own), and mask them in errors.",
    django: "Mask in a `logging.Filter`; `SafeExceptionReporterFilter` hides settings, not headers.",
    flask: "Mask in a `logging.Filter`.",
    gate: "Nothing to write: the gate logs neither. The service's own log is its own.",
  },
  cases: [],
  scenarios: [
    scenario("a good credential", 1, goodCredential, { appliesTo: knowsCallers, hooks: ["log"] }),
    scenario("secrets in headers, cookies, the query and refused files", WAYS.length, everyWay, {
      hooks: ["log"],
    }),
    scenario("a signed link", 3, signedLink, { appliesTo: tellsIds, hooks: ["log", "mintLink"] }),
  ],
};

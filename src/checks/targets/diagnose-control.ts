/**
 * Why a control upload did not pass, in one sentence that says what to do.
 *
 * In: what came of the upload of a file that the route must take. Out: why the run ends here, or `null` where the upload passed.
 * Always holds: nothing of a secret is told, and what the server says is quoted as its own words.
 */
import { quoteSeen } from "../../problems/gate-error.ts";
import { formatSize } from "../../setup/size.ts";
import { type Answer, headerOf, TLS_ALERT } from "../answer-reader.ts";
import { isAccepted } from "../judge.ts";
import type { Stop } from "../run/check-run.ts";
import type { CheckSubject } from "../run/run-request.ts";
import type { Exchange } from "../send-probe.ts";
import { isLoginPage, isPage, itSays } from "./answer-words.ts";
import { bodyText } from "./ask.ts";
import { connectionTrouble } from "./connection-trouble.ts";

/** What of a subject a diagnosis looks at. */
export type Diagnosed = Pick<CheckSubject, "target" | "about">;

/**
 * @param exchange `null` where there was none
 * @param error what was thrown in place of an exchange
 */
export function diagnoseControl(subject: Diagnosed, exchange: Exchange | null, error: unknown): Stop | null {
  if (exchange === null) return connectionTrouble(subject.target.origin, error);
  const [answer] = exchange.answers;
  if (answer === undefined) return withoutAnswer(subject, exchange);
  return (
    wantsTls(subject, answer) ??
    redirected(subject, answer) ??
    page(subject, answer) ??
    (isAccepted(subject.target, exchange) ? null : refused(subject, answer))
  );
}

const unreachable = (sentence: string): Stop => ({ kind: "unreachable", sentence });
const controlRefused = (sentence: string): Stop => ({ kind: "control-refused", sentence });

function withoutAnswer({ target }: Diagnosed, { malformed, end, elapsedMs }: Exchange): Stop {
  const { host, protocol } = new URL(target.origin);
  if (malformed === TLS_ALERT) return speaksTls(host);
  if (malformed !== null)
    return unreachable(`What answers at ${host} is no web server (${malformed}): correct the port.`);
  if (end === "deadline")
    return unreachable(
      `${host} took the upload and gave no answer within ${Math.max(1, Math.round(elapsedMs / 1000))} s: look whether the service hangs, or is waiting for something behind it.`,
    );
  const orTls = protocol === "http:" ? ", or it wants https://" : "";
  return unreachable(
    `${host} closed the connection without an answer: its log should say why; a worker may have died${orTls}.`,
  );
}

const speaksTls = (host: string): Stop => ({
  kind: "tls",
  sentence: `${host} speaks TLS: write https:// in place of http://.`,
});

/** nginx, Apache and Go say it in an answer without TLS. */
const PLAIN_TO_TLS =
  /plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled|HTTP request to an HTTPS server/;

function wantsTls({ target }: Diagnosed, answer: Answer): Stop | null {
  return answer.status === 400 && PLAIN_TO_TLS.test(bodyText(answer))
    ? speaksTls(new URL(target.origin).host)
    : null;
}

/** A path or address that people log in at. */
const LOGIN = /\b(log-?in|sign-?in|auth|sso|oauth2?|accounts\/login)\b/i;

function redirected(subject: Diagnosed, answer: Answer): Stop | null {
  const { target } = subject;
  const { status } = answer;
  if (![301, 302, 303, 307, 308].includes(status) || target.acceptedStatuses.includes(status)) return null;
  const location = headerOf(answer, "location");
  if (location === null)
    return {
      kind: "redirected",
      sentence: `The route answers ${status}, a redirect that does not say where to.`,
    };
  const seen = quoteSeen(location, 200);
  if (LOGIN.test(location))
    return {
      kind: "login-page",
      sentence: `The route sends who is not logged in to ${seen} (status ${status}): ${credentialAdvice(subject)}`,
    };
  return {
    kind: "redirected",
    sentence: `The route is elsewhere: it answers ${status} and points to ${seen}. ${elsewhere(target, location)}`,
  };
}

/** What differs between the path and where it points. */
function elsewhere({ origin, path }: Diagnosed["target"], location: string): string {
  if (!URL.canParse(location, origin)) return "Checks follow no redirect.";
  const [from, to] = [new URL(path, origin), new URL(location, new URL(path, origin))];
  if (from.protocol === "http:" && to.protocol === "https:" && from.hostname === to.hostname)
    return "Give the https:// address.";
  if (from.origin === to.origin && `${from.pathname}/` === to.pathname)
    return "Give the path with the slash at its end.";
  if (from.origin === to.origin && from.pathname === `${to.pathname}/`)
    return "Give the path without the slash at its end.";
  return "Checks follow no redirect: give that address if it is the route; where this is how it says that it took the upload, promise that status (expect.status in the flow file, or --status).";
}

function page(subject: Diagnosed, answer: Answer): Stop | null {
  if (answer.status >= 300 || !isPage(answer)) return null;
  if (isLoginPage(answer))
    return {
      kind: "login-page",
      sentence: `The route answers ${answer.status} with a page that asks for a password: ${credentialAdvice(subject)}`,
    };
  if (/class="?[^">]*\berrorlist\b/.test(bodyText(answer)))
    return controlRefused(
      `The route answers ${answer.status} with its form again and complaints in it: compare the fields ${fieldsOf(subject.target)} with what it expects.${itSays(answer)}`,
    );
  return null;
}

function credentialAdvice({ target: { identities }, about }: Diagnosed): string {
  const ownGate =
    about.front === "sluicegate" && about.flow !== null
      ? "run it where the gate runs, with its --settings, or "
      : "";
  return identities === undefined
    ? `${ownGate}say who sends, with verify.credentials in the flow file (header, and main: env:NAME), or with --header 'Cookie: …' beside --url.`
    : `the ${identities.header} header that was sent is not taken; it may have run out.`;
}

function refused(subject: Diagnosed, answer: Answer): Stop {
  return controlRefused(`${refusal(subject, answer)}${itSays(answer)}`);
}

/** One sentence for each status that a good upload may meet. */
function refusal(subject: Diagnosed, answer: Answer): string {
  const { target } = subject;
  const route = `${target.method} ${quoteSeen(target.path, 200)}`;
  const { status } = answer;
  switch (status) {
    case 401:
      return notKnown(subject, route);
    case 403:
      return target.identities === undefined
        ? `${route} may not be used by just anybody (403): ${credentialAdvice(subject)} A page's token against forgery (CSRF) has to be sent as well.`
        : `${route} knows the sender, who may not upload there (403): give main a credential with that right, or send the page's token against forgery (CSRF) under verify.headers.`;
    case 404:
    case 410:
      return notThere(subject, route, status);
    case 405:
      return wrongMethod(target, route, answer);
    case 409:
      return `${route} has this upload already (409): remove what an earlier run has left there.`;
    case 411:
      return `${route} wants to know the length beforehand (411), which was sent: look at what is in between.`;
    case 413:
      return `${route} finds ${sizeOf(target)} too large (413): send a smaller sample, or raise the limit.`;
    case 415:
      return `${route} does not take ${sentAs(target)} (415): ${typeAdvice(target)}`;
    case 400:
    case 422:
      return `${route} does not accept the upload (${status}): compare the fields ${fieldsOf(target)} with what it expects.`;
    case 429:
      return `${route} has had too many requests (429)${again(answer)}: wait, or give the checks a share of their own.`;
    default:
      return otherStatus(target, route, answer);
  }
}

function notKnown(subject: Diagnosed, route: string): string {
  const { target } = subject;
  return target.identities === undefined
    ? `${route} wants to know who sends (401), and nobody said: ${credentialAdvice(subject)}`
    : `${route} does not take the credential in ${target.identities.header} (401): it may have run out, or be for another service.`;
}

function notThere({ target, about }: Diagnosed, route: string, status: number): string {
  const isFilled = about.path.includes("{") && !about.path.endsWith("{name}");
  const names = isFilled
    ? ` The names in ${about.path} have to be of things that are there: verify.path.`
    : "";
  return `${target.origin} answers, and there is no route ${route} (${status}): correct the path, or the service is another one.${names}`;
}

function wrongMethod(target: Diagnosed["target"], route: string, answer: Answer): string {
  const allowed = headerOf(answer, "allow");
  const which = allowed === null ? "" : ` It takes ${quoteSeen(allowed)}.`;
  return `${route} does not take ${target.method} (405): correct the method.${which}`;
}

function typeAdvice(target: Diagnosed["target"]): string {
  const other = target.protocol === "multipart" ? "raw bodies (--raw, or protocols: [raw])" : "forms";
  return `it may take ${other} only, or other types of files; send a sample of a type that it takes.`;
}

function sentAs({ protocol, file }: Diagnosed["target"]): string {
  return protocol === "multipart"
    ? `a form with a file of ${file.control.mediaType}`
    : `a raw body of ${file.control.mediaType}`;
}

function sizeOf({ file }: Diagnosed["target"]): string {
  return `${file.control.name} of ${formatSize(file.control.bytes.length)}`;
}

function fieldsOf({ file, otherFiles = [], fields, protocol }: Diagnosed["target"]): string {
  if (protocol === "raw") return `(none: a raw body of ${file.control.mediaType})`;
  const files = [file.field, ...otherFiles.map(({ field }) => field)].map(
    (name) => `${quoteSeen(name)} (file)`,
  );
  return [...files, ...fields.map(({ name }) => quoteSeen(name))].join(", ");
}

function again(answer: Answer): string {
  const after = headerOf(answer, "retry-after");
  return after !== null && /^\d+$/.test(after) ? `, and wants ${after} s of rest` : "";
}

function otherStatus(target: Diagnosed["target"], route: string, answer: Answer): string {
  const { status } = answer;
  if (status === 502 || status === 504)
    return `What is in front of ${route} does not reach the service behind it (${status}): start that service.`;
  if (status === 503) return `${route} is not ready (503)${again(answer)}: start what it needs.`;
  if (status >= 500) return `${route} fails at a good upload (${status}): its log has the reason.`;
  const accepted = target.acceptedStatuses.join(" or ");
  if (status < 300)
    return `${route} answers ${status}, and ${accepted} is promised: correct expect.status in the flow file, or the service.`;
  return `${route} answers a good upload with ${status}, expected was ${accepted}.`;
}

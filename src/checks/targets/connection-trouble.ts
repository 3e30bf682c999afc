/**
 * Why there was no exchange at all, in a sentence: nobody listens, no such name, no time, no TLS.
 *
 * In: whatever a connection was refused with. Out: what happened and what to do. Only codes are looked at, never messages.
 */
import type { Stop } from "../run/check-run.ts";

/** Codes that Node's TLS gives for certificates that cannot be trusted. @see OpenSSL X509_V_ERR_* */
const UNTRUSTED: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_UNTRUSTED",
]);

/** @param origin that was to be reached */
export function connectionTrouble(origin: string, error: unknown): Stop {
  const code = codeOf(error);
  return tlsTrouble(origin, code) ?? networkTrouble(origin, code, error);
}

function tlsTrouble(origin: string, code: string): Stop | null {
  const { host, hostname, protocol } = new URL(origin);
  const tls = (sentence: string): Stop => ({ kind: "tls", sentence });
  if (code === "CERT_HAS_EXPIRED")
    return tls(`The certificate of ${host} has expired: renew it, or check the service where it needs none.`);
  if (code === "CERT_NOT_YET_VALID")
    return tls(`The certificate of ${host} is not valid yet: compare the clocks of both machines.`);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return tls(`The certificate of ${host} is for another name than ${hostname}: use a name that it is for.`);
  if (UNTRUSTED.has(code))
    return tls(
      `The certificate of ${host} was signed by nobody whom this machine trusts: give the authority's certificate with --ca FILE.`,
    );
  const isPlain = ["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG", "EPROTO"].includes(code);
  if (isPlain && protocol === "https:")
    return tls(`${host} does not speak TLS: write http:// in place of https://.`);
  if (/^(ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_)/.test(code))
    return tls(`No TLS connection to ${host} could be made (${code}).`);
  return null;
}

function networkTrouble(origin: string, code: string, error: unknown): Stop {
  const { host, hostname } = new URL(origin);
  const unreachable = (sentence: string): Stop => ({ kind: "unreachable", sentence });
  switch (code) {
    case "ECONNREFUSED":
      return unreachable(`Nobody listens at ${host}: start the service, or correct the port.`);
    case "ENOTFOUND":
    case "EAI_NONAME":
      return unreachable(`There is no machine called ${hostname}: correct the name.`);
    case "EAI_AGAIN":
      return unreachable(`The name ${hostname} could not be looked up just now: is this machine connected?`);
    case "ETIMEDOUT":
    case "ABORT_ERR":
      return unreachable(`${host} does not answer: correct the address, or look for a firewall in between.`);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EADDRNOTAVAIL":
      return unreachable(`There is no way from this machine to ${host} (${code}).`);
    case "ECONNRESET":
    case "EPIPE":
      return unreachable(`${host} broke the connection off before it answered: does it want https?`);
    default:
      return unreachable(`Nothing could be sent to ${host}: ${code === "" ? wordsOf(error) : code}.`);
  }
}

/** The code of an error, of the first one of several (both families of addresses were tried), or of its cause. */
function codeOf(error: unknown): string {
  const { code, errors, cause } = (typeof error === "object" && error !== null ? error : {}) as {
    readonly code?: unknown;
    readonly errors?: unknown;
    readonly cause?: unknown;
  };
  if (typeof code === "string") return code;
  if (Array.isArray(errors) && errors.length > 0) return codeOf(errors[0]);
  return cause === undefined || cause === null ? "" : codeOf(cause);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/[.\s]+$/, "") : "the reason is not known";
}

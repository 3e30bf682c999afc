/**
 * Who there is to send as: from the credentials that a flow names to identities with header lines.
 */
import type { SecretSource, VerifyCredentials } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { Target } from "../check.ts";
import { credentialOf, lineOf, oneCharacterChanged } from "../credential.ts";
import type { Identities, Identity } from "../promise.ts";
import type { KeptSecrets } from "./kept-secrets.ts";
import type { SecretSources } from "./secret-sources.ts";

/**
 * Values of the environment and of files are read at once, so that everything that is missing is told together and before anything is sent.
 * @throws CHECK_CREDENTIAL_MISSING
 */
export async function openIdentities(
  credentials: VerifyCredentials,
  sources: SecretSources,
  target: Target,
  secrets: KeptSecrets,
): Promise<Identities> {
  const { header } = credentials;
  await readAll(credentials, sources);
  const identity = (name: string, source: SecretSource): Identity => ({
    name,
    lines: async () => [`${header}: ${await sources.value(source)}`],
  });
  const optional = (name: string, source: SecretSource | null) =>
    source === null ? null : identity(name, source);
  const main = identity("main", credentials.main);
  return {
    header,
    main,
    other: optional("other", credentials.other),
    readOnly: optional("read-only", credentials.readOnly),
    expired: optional("expired", credentials.expired),
    forged: optional("forged", credentials.forged) ?? forgedOf(main, target, secrets),
  };
}

async function readAll(credentials: VerifyCredentials, sources: SecretSources): Promise<void> {
  const { main, other, readOnly, expired, forged } = credentials;
  const named = [main, other, readOnly, expired, forged].filter((each) => each !== null);
  const fixed = [...new Set(named)].filter((each) => !each.startsWith("command:"));
  const results = await Promise.allSettled(fixed.map((each) => sources.value(each)));
  const errors = results.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
  const messages = errors.map((error) => (error instanceof Error ? error.message : String(error)));
  if (messages.length > 0) throw new GateError("CHECK_CREDENTIAL_MISSING", { message: messages.join(" ") });
}

/** Main's credential with one character of the secret changed: of the right form, and nobody's. One character away from a secret is kept as one. */
export function forgedOf(main: Identity, target: Target, secrets: KeptSecrets): Identity {
  return {
    name: "forged",
    lines: async () => {
      const credential = credentialOf({ ...target, credential: await main.lines() });
      const line = lineOf({ ...credential, secret: oneCharacterChanged(credential.secret) });
      secrets.addLines([line]);
      return [line];
    },
  };
}

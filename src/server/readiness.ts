/**
 * Whether the gate can take uploads, and if not, why: each part is really tried.
 */
import type { GateParts } from "../gate/gate-parts.ts";
import { asGateError } from "../gate/refusal.ts";
import type { PublicCertificate } from "./public-certificate.ts";

const PROBE_MS_MAX = 2000;

/** One part's state, in words. */
export interface PartReadiness {
  readonly name: string;
  readonly ok: boolean;
  readonly reason: string | null;
}

export interface Readiness {
  readonly ok: boolean;
  readonly parts: readonly PartReadiness[];
}

/**
 * Tries every part at once. The upstreams are told but do not decide: a gate in front of a service that is down is still the right one to
 * ask, and says 502 with a reason.
 */
export async function readReadiness(
  gate: GateParts,
  certificate: PublicCertificate | null,
): Promise<Readiness> {
  const [records, storage, ...upstreams] = await Promise.all([
    tryPart("records", () => gate.records.probe()),
    tryPart("storage", () => gate.storage.probe()),
    ...[...gate.upstreams.values()].map((upstream) =>
      tryPart(`upstream ${upstream.name}`, () => upstream.probe()),
    ),
  ]);
  const accepting: PartReadiness = {
    name: "accepting uploads",
    ok: !gate.isStopping && !gate.slots.isFull,
    reason: gate.isStopping
      ? "the gate is being stopped"
      : gate.slots.isFull
        ? "as many uploads as limits.uploads allows"
        : null,
  };
  const deciding = [records, storage, accepting].filter((part) => part !== undefined);
  const told = certificate === null ? upstreams : [...upstreams, certificateState(certificate)];
  return { ok: deciding.every((part) => part.ok), parts: [...deciding, ...told] };
}

/** Told, not deciding: a gate with an expired certificate still serves those who take it, and no other gate would do better. */
function certificateState({ expiresAtMs }: PublicCertificate): PartReadiness {
  const until = new Date(expiresAtMs).toISOString();
  const isValid = expiresAtMs > Date.now();
  return {
    name: "TLS certificate",
    ok: isValid,
    reason: isValid ? `valid until ${until}` : `expired on ${until}`,
  };
}

async function tryPart(name: string, probe: () => Promise<void>): Promise<PartReadiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PROBE_MS_MAX / 1000} s`)), PROBE_MS_MAX);
  });
  try {
    await Promise.race([probe(), late]);
    return { name, ok: true, reason: null };
  } catch (error) {
    const { code, cause, publicMessage } = asGateError(error);
    return {
      name,
      ok: false,
      reason: code === "GATE_FAILED" && cause instanceof Error ? cause.message : publicMessage,
    };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Reading flows, keys and the certificate again while the gate runs: what does not load leaves the old in force and says why.
 */
import { loadFlows } from "../flows/load-flows.ts";
import type { GateParts } from "../gate/gate-parts.ts";
import { formatSetupProblem } from "../problems/setup-problem.ts";
import { knownCallers } from "../settings/callers-schema.ts";
import type { PublicCertificate } from "./public-certificate.ts";

/** What came of a reload, in words for the person who asked. */
export interface ReloadResult {
  readonly ok: boolean;
  readonly message: string;
  readonly problems: readonly string[];
}

/** Reads everything again that may change while the gate runs. @throws as `reloadFlows` */
export async function reloadGate(
  gate: GateParts,
  certificate: PublicCertificate | null,
): Promise<ReloadResult> {
  const unfit = await certificate?.reload();
  const flows = await reloadFlows(gate);
  if (unfit === undefined || unfit === null) return flows;
  const message = `${flows.message} ${unfit} The certificate that was in force stays in force.`;
  return { ok: false, message, problems: flows.problems };
}

/**
 * Loads the flows of the settings' folder, and the keys for receipts, into a running gate. Uploads at work go on under the rules they began
 * with.
 * @throws RECEIPT_KEY_UNAVAILABLE; everything in force stays in force
 */
async function reloadFlows(gate: GateParts): Promise<ReloadResult> {
  await gate.receiptKeys.reload();
  const { flowsFolder, upstreams } = gate.settings;
  const load = await loadFlows({
    folder: flowsFolder,
    upstreams: new Set(upstreams.keys()),
    callers: knownCallers(gate.settings),
    needsSamples: false,
  });
  const problems = load.problems.map(formatSetupProblem);
  gate.metrics.reloads.inc({ result: load.ok ? "loaded" : "refused" });
  if (!load.ok) {
    gate.log.error({ problems }, "flows not reloaded: the set in force stays");
    return {
      ok: false,
      message: "The flows do not load; the set that was in force stays in force.",
      problems,
    };
  }
  gate.flows = load.set;
  gate.history.writer.noteFlows(load.set.flows);
  const modes = load.set.flows.map((flow) => `${flow.name} (${flow.mode})`).join(", ") || "none";
  gate.log.info(
    { flows: load.set.flows.map(({ name, mode, policyVersion }) => ({ name, mode, policyVersion })) },
    "flows reloaded",
  );
  return { ok: true, message: `Flows in force: ${modes}.`, problems };
}

/**
 * Gates measured form by form, each in its turn: what costs a few per cent is not seen between rounds of seconds, in which a virtual machine's pace
 * changes by half.
 */
import type { Figure } from "../measure/figure.ts";
import { median, quantile } from "../measure/statistics.ts";
import { type Form, sendByTurns, type Turns } from "../senders/one-by-one.ts";
import type { Server } from "../servers/server.ts";

/** One gate, and what is sent to it. */
export interface SentGate {
  readonly subject: string;
  readonly gate: Server;
  readonly form: Form;
}

/**
 * Warms all of them up, then measures. Times are those of one form on each connection.
 * @param warmUp turns before
 */
export async function measureByForms(
  gates: readonly SentGate[],
  turns: Turns,
  warmUp: number,
): Promise<Figure[]> {
  const forms = gates.map(({ form }) => form);
  await sendByTurns(forms, { ...turns, turns: warmUp });
  for (const { gate } of gates) gate.resetPeak();
  const before = gates.map(({ gate }) => gate.usage().cpuSeconds);
  const times = await sendByTurns(forms, turns);
  for (const { gate } of gates) await gate.idle();
  const sent = turns.turns * (turns.connections ?? 1) * (turns.forms ?? 1);
  return gates.map(({ subject, gate }, index): Figure => {
    const own = times[index] ?? [];
    const { cpuSeconds, peakBytes } = gate.usage();
    return {
      subject,
      p50Ms: median(own),
      p99Ms: quantile(own, 0.99),
      cpuSecondsPerThousand: (cpuSeconds - (before[index] ?? 0)) / (sent / 1000),
      peakMb: peakBytes / 1e6,
    };
  });
}

/**
 * What a measurement would send, in sentences, without sending anything.
 */
import { markOf } from "../checks/targets/flow-target.ts";
import { subjectOfFlow } from "../checks/targets/make-subject.ts";
import { formatSize } from "../setup/size.ts";
import type { LoadSample } from "./load/load-route.ts";
import { loadSamples } from "./load/load-samples.ts";
import type { MeasureOptions } from "./measure-flow.ts";
import { measurePlan, planSeconds } from "./measure-plan.ts";

type Planned = Pick<
  MeasureOptions,
  "id" | "flow" | "source" | "origin" | "settings" | "ratePerSecond" | "wish"
>;

/** A rate for the example where it would be found out. */
const EXAMPLE_RATE = 16;

/** @throws SAMPLE_MISSING where there is no file to send */
export async function sayMeasurePlan(options: Planned): Promise<readonly string[]> {
  const { flow, origin, id, wish } = options;
  const subject = await subjectOfFlow({ ...options, runId: id, first: "none" });
  try {
    const samples = await loadSamples(flow, subject.target, markOf(id));
    const said = options.ratePerSecond ?? flow.measure.ratePerSecond;
    const uploadBytes = Math.max(...samples.map(sizeOf));
    const plan = measurePlan(wish, said ?? EXAMPLE_RATE, uploadBytes);
    const repeats = Math.round(plan.requests * plan.repeatShare);
    return [
      `${flow.route.method} ${flow.route.path} at ${origin} would be measured with ${samplesInWords(samples)}.`,
      said === null
        ? "First the rate is found out: 4 uploads a second, then twice as many, and so on up to 128 a second, until they take longer; at most some 630 uploads."
        : `The rate is ${Math.round(said * 1000) / 1000} uploads a second on average, at times by chance.`,
      `${said === null ? `At ${EXAMPLE_RATE} a second these would be ` : ""}${plan.requests} uploads${repeats === 0 ? "" : `, ${repeats} of them sent a second time to notice a cache`}, and ${plan.warmUpRequests} before them that do not count: about ${Math.round(planSeconds(plan))} s and ${formatBytes((plan.requests + repeats + plan.warmUpRequests) * uploadBytes)}.`,
      `It ends early when 5xx and timeouts rise, when uploads take ten times as long, or when ${formatSize(wish.sentBytesMax)} are sent.`,
      removalSentence(options),
      "Nothing was sent.",
    ];
  } finally {
    await subject.close();
  }
}

function samplesInWords(samples: readonly LoadSample[]): string {
  const names = samples.flatMap(({ files }) => files.slice(0, 1).map(({ name }) => name));
  const shown = names.slice(0, 4).join(", ");
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown;
}

function removalSentence({ flow }: Planned): string {
  const cleanup = flow.verify?.cleanup ?? null;
  if (cleanup === null)
    return "Nothing removes what is stored: write verify.cleanup into the flow file, or expect to find it there.";
  const way = "command" in cleanup ? cleanup.command : `${cleanup.method} ${cleanup.path}`;
  return `What was stored is removed afterwards: ${way}`;
}

const sizeOf = ({ files }: LoadSample): number =>
  files.reduce((sum, { bytes }) => sum + bytes.length + 500, 0);

const UNITS: readonly (readonly [number, string])[] = [
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];

function formatBytes(bytes: number): string {
  const [factor, unit] = UNITS.find(([each]) => bytes >= each) ?? [1, "B"];
  return `${Math.round((bytes / factor) * 10) / 10} ${unit}`;
}

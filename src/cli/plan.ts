/**
 * `sluicegate plan FLOW`: what `compare` with the same options would send, how long it takes, and what it could see. Nothing is sent.
 *
 * Exit codes: 0 told, 2 usage.
 */
import { planLines } from "../measure/compare/plan-lines.ts";
import { planOf } from "../measure/compare/run-comparison.ts";
import { orUsage, USAGE, UsageError } from "./check-options.ts";
import { findRoute } from "./check-route.ts";
import { type CompareArguments, type CompareWish, readCompareWish } from "./compare-options.ts";
import type { CommandIo } from "./io.ts";
import { newRunId } from "./runs-folder.ts";

/** Where nobody has said a rate, times are told for this one. */
const EXAMPLE_RATE = 20;

export function planCommand(args: CompareArguments, io: CommandIo): Promise<number> {
  return orUsage(io, () => plan(args, io));
}

async function plan(args: CompareArguments, io: CommandIo): Promise<number> {
  const wish = readCompareWish({ ...withSomeArms(args), variable: args.variable ?? "git.commit" });
  const { things } = wish;
  if (things.kind !== "urls" && things.kind !== "switch")
    throw new UsageError("plan is about what would be sent: with --logs and --again nothing is.");
  const route = await findRoute(routeArguments(args), io, newRunId());
  if (route === null || route.kind !== "flow") return USAGE;
  const { flow } = route;
  const known = wish.ratePerSecond ?? flow.measure.ratePerSecond;
  const request = { ...planWish(wish), flow, ratePerSecond: known ?? EXAMPLE_RATE };
  const lines = planLines({
    flow,
    plan: planOf(request, null, false),
    a: things.kind === "urls" && args.a === undefined ? "not said yet: --a URL" : things.a,
    b: things.kind === "urls" && args.b === undefined ? "not said yet: --b URL" : things.b,
    variable: args.variable ?? "one key of the fingerprint, named with --variable",
    expected: wish.expected,
    isRateKnown: known !== null,
    deviation: null,
  });
  for (const line of lines) io.out(line);
  io.out("");
  io.out("Nothing was sent.");
  return 0;
}

/** Without arms the plan is the same. */
function withSomeArms(args: CompareArguments): CompareArguments {
  if (args.switch !== undefined) return args;
  return { ...args, a: args.a ?? "http://127.0.0.1:8000", b: args.b ?? "http://127.0.0.1:8001" };
}

function planWish({ pairs, requests, isQuick, expected, variable }: CompareWish) {
  return { pairs, requests, isQuick, expected, variable };
}

/** The flow's place; where it listens does not matter here. */
function routeArguments({ flow, settings, flows }: CompareArguments) {
  return {
    target: "http://127.0.0.1",
    ...(flow === undefined ? {} : { flow }),
    ...(settings === undefined ? {} : { settings }),
    ...(flows === undefined ? {} : { flows }),
  };
}

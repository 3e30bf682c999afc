/**
 * Which request is due when, and which payload it carries: decided before anything is sent, by the plan and its seed alone.
 *
 * Always holds: the same plan gives the same arrivals, samples and repeats, whoever answers; of a payload that is sent twice, the first comes first.
 */
import { derivedSeed, poissonArrivals, type Random, seededRandom } from "../../statistics/random.ts";
import type { LoadPlan } from "../measurement.ts";

/** One request to come. */
export interface PlannedRequest {
  /** Number in its segment; negative in the warm-up. */
  readonly index: number;
  /** Milliseconds from the beginning of its stage. */
  readonly atMs: number;
  /** Number of the payload in the segment: equal numbers are equal bytes and names. */
  readonly payload: number;
  /** Number of the sample that the payload is made of. */
  readonly sample: number;
  /** How often this payload is sent before. */
  readonly repeat: number;
}

/** A segment's two stages. The second begins when the first has come to its end. */
export interface PlannedSegment {
  readonly warmUp: readonly PlannedRequest[];
  readonly measured: readonly PlannedRequest[];
}

/** In the warm phase at most so many payloads are primed. */
const PRIMED_MAX = 10;
/** So many requests at least lie between the two times that a payload is sent in the cold phase: the first must have been answered. */
const REPEAT_AFTER_MIN = 10;

/**
 * @param samples how many there are to choose from
 * @returns in the cold phase `plan.requests` payloads, of which a share comes a second time, so the measured requests are more than these
 */
export function planRequests(plan: LoadPlan, samples: number): PlannedSegment {
  const random = seededRandom(derivedSeed(plan.seed, 0));
  const chosen =
    plan.phase === "warm" ? warmPayloads(plan, samples, random) : coldPayloads(plan, samples, random);
  const stage = (
    payloads: readonly Chosen[],
    firstIndex: number,
    number: number,
  ): readonly PlannedRequest[] => {
    const arrivals = poissonArrivals(
      payloads.length,
      plan.ratePerSecond,
      seededRandom(derivedSeed(plan.seed, number)),
    );
    return payloads.map((each, place) => ({
      ...each,
      index: firstIndex + place,
      atMs: arrivals[place] ?? 0,
    }));
  };
  return {
    warmUp: stage(chosen.warmUp, -chosen.warmUp.length, 1),
    measured: stage(chosen.measured, 0, 2),
  };
}

type Chosen = Pick<PlannedRequest, "payload" | "sample" | "repeat">;

interface ChosenStages {
  readonly warmUp: readonly Chosen[];
  readonly measured: readonly Chosen[];
}

/** Each payload is new, but for a share of them that come again later. */
function coldPayloads(plan: LoadPlan, samples: number, random: Random): ChosenStages {
  const fresh = (payload: number): Chosen => ({ payload, sample: draw(random, samples), repeat: 0 });
  const warmUp = Array.from({ length: plan.warmUpRequests }, (_, place) => fresh(place));
  const first = Array.from({ length: plan.requests }, (_, place) => fresh(plan.warmUpRequests + place));
  const repeats = Math.round(plan.requests * plan.repeatShare);
  const measured: Chosen[] = [...first];
  for (let count = 0; count < repeats; count += 1) {
    const original = first[Math.floor((count * first.length) / repeats)];
    if (original === undefined) break;
    const at = measured.indexOf(original) + REPEAT_AFTER_MIN + draw(random, REPEAT_AFTER_MIN);
    measured.splice(Math.min(at, measured.length), 0, { ...original, repeat: 1 });
  }
  return { warmUp, measured };
}

/** A few payloads, each primed once in the warm-up, then sent again and again. */
function warmPayloads(plan: LoadPlan, samples: number, random: Random): ChosenStages {
  const primed = Math.max(1, Math.min(PRIMED_MAX, Math.ceil(plan.requests / PRIMED_MAX)));
  const sent = Array<number>(primed).fill(0);
  const next = (payload: number): Chosen => {
    const repeat = sent[payload] ?? 0;
    sent[payload] = repeat + 1;
    return { payload, sample: payload % samples, repeat };
  };
  const warmUp = Array.from({ length: Math.max(primed, plan.warmUpRequests) }, (_, place) =>
    next(place % primed),
  );
  const measured = Array.from({ length: plan.requests }, () => next(draw(random, primed)));
  return { warmUp, measured };
}

const draw = (random: Random, below: number): number => Math.floor(random() * below);

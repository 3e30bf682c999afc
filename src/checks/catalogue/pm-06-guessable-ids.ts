import type { Check } from "../check.ts";
import { acceptedId, scenario, tellsIds } from "../define-scenario.ts";
import { entropyBits, isInOrder } from "../id-strength.ts";
import { controlProbe } from "../payloads/upload.ts";

const IDS = 50;
/** What a random UUID has. @see RFC 9562 section 5.4 */
const BITS_MIN = 122;
/** What an estimate from so few ids may be off. */
const BITS_OFF = 2;

/** UPL-PM-06: ids of uploads that could be guessed. */
export const guessableIds: Check = {
  id: "UPL-PM-06",
  title: "The ids of uploads cannot be guessed",
  why: "Who can guess an id can ask for the upload of another, wherever one permission check is missing.",
  standards: ["CWE-330", "CWE-340"],
  flags: ["s"],
  remedy: {
    fastapi:
      "`uuid.uuid4()` or `secrets.token_urlsafe(16)` as the public id; never the primary key, a counter or a time.",
    django: "`UUIDField(default=uuid.uuid4, unique=True)` beside the primary key, and only that in URLs.",
    flask: "`uuid.uuid4()` as the public id.",
    gate: "Nothing to write: ids of the gate have 128 random bits. Ids that the service hands out are its own.",
  },
  cases: [],
  scenarios: [
    scenario(
      "50 ids: length, randomness, order",
      IDS,
      async (stage) => {
        const ids: string[] = [];
        for (let count = 0; count < IDS; count += 1) {
          const target = await stage.as("main");
          const id = await acceptedId(stage, `upload ${count + 1}`, target, controlProbe(target));
          if (id === null) return;
          ids.push(id);
        }
        if (new Set(ids).size < ids.length) stage.complain("two uploads have the same id");
        const bits = Math.floor(entropyBits(ids));
        if (bits < BITS_MIN - BITS_OFF)
          stage.complain(`an id has about ${bits} random bits, ${BITS_MIN} are expected`);
        if (isInOrder(ids)) stage.complain("ids come in order: they hold a counter or the time");
      },
      { appliesTo: tellsIds },
    ),
  ],
};

import type { Check, Target } from "../check.ts";
import { whereAll } from "../define-case.ts";
import {
  acceptedId,
  pathOf,
  plainRequest,
  scenario,
  statusOf,
  tellsIds,
  textOf,
} from "../define-scenario.ts";
import { controlProbe } from "../payloads/upload.ts";
import type { CaseIdentity } from "../promise.ts";
import type { Play, Scenario, Stage } from "../scenario.ts";
import { hasIdentity } from "../target-as.ts";

const REFUSED = [401, 403, 404, 405];

function hasState({ promises }: Target): true | string {
  return promises?.state !== undefined || "the route promises no place that tells what became of an upload";
}

const appliesTo = whereAll(tellsIds, hasState, hasIdentity("other"));

const statePath = (target: Target, id: string): string => pathOf(target.promises?.state?.path ?? "", id);

/** What may differ between two answers that say the same: ids, digests, times. */
const lasting = (text: string, id: string): string =>
  text.replaceAll(id, "…").replace(/[0-9a-zA-Z-]{16,}/g, "…");

/** Main's upload, which main can see: the benign neighbour of each attack. */
async function mainSees(stage: Stage): Promise<string | null> {
  const main = await stage.as("main");
  const id = await acceptedId(stage, "main's upload", main, controlProbe(main));
  if (id === null) return null;
  const seen = await stage.send("main asks for it", plainRequest(main, "GET", statePath(main, id)));
  if (statusOf(seen) !== 200) stage.complain(`main is not told of its own upload: ${statusOf(seen)}`);
  return id;
}

const whoSentIt: Play = async (stage) => {
  await mainSees(stage);
};

/** Somebody else asks by each of `methods`, and is told no more than of an upload that does not exist. */
function asks(name: string, who: CaseIdentity, methods: readonly string[]): Scenario {
  const play: Play = async (stage) => {
    const id = await mainSees(stage);
    if (id === null) return;
    const unknown = [...id].reverse().join("");
    for (const method of methods) {
      const somebody = await stage.as(who);
      const ask = (of: string) =>
        stage.send(`${who}: ${method}`, plainRequest(somebody, method, statePath(somebody, of)));
      const [mine, none] = [await ask(id), await ask(unknown)];
      if (!REFUSED.includes(statusOf(mine))) stage.complain(`${method} was answered ${statusOf(mine)}`);
      if (statusOf(mine) !== statusOf(none) || lasting(textOf(mine), id) !== lasting(textOf(none), unknown))
        stage.complain(`${method} of an upload that is there is answered otherwise than of one that is not`);
    }
    const main = await stage.as("main");
    const after = await stage.send("main asks again", plainRequest(main, "GET", statePath(main, id)));
    if (statusOf(after) !== 200) stage.complain(`afterwards main's upload is gone: ${statusOf(after)}`);
  };
  return scenario(name, 3 + 2 * methods.length, play, {
    appliesTo: whereAll(appliesTo, hasIdentity(who)),
    twin: whoSentIt,
  });
}

/** Places where a list of uploads could stand. */
function collections(target: Target): string[] {
  const state = (target.promises?.state?.path ?? "").replace("{id}", "");
  const route = target.path.replace("{name}", "");
  const bare = state.replace(/\/$/, "");
  return [state, bare, `${state}?prefix=`, `${bare}?list-type=2`, `${state}*`, route, `${route}?prefix=`];
}

/** UPL-PM-03: an upload of somebody else. */
export const otherObject: Check = {
  id: "UPL-PM-03",
  title: "Nobody reads, changes or finds the upload of another",
  why: "Where the id alone opens an upload, or a list tells the ids, every user has every file.",
  standards: ["v5.0.0-8.2.2", "v5.0.0-13.4.3", "CWE-639", "CWE-548", "WSTG-ATHZ-04", "API1"],
  flags: ["i"],
  remedy: {
    fastapi:
      "Query by id and owner together (`select(Upload).where(Upload.id == id, Upload.owner == user.id)`), and answer 404 for both reasons alike.",
    django:
      "`get_object_or_404(Upload, pk=id, owner=request.user)` in every view; private media not from `MEDIA_URL`.",
    flask: "`filter_by(id=id, owner=g.user.id).first_or_404()` in every view.",
    gate: "`/.sluicegate/uploads/{id}` answers only who sent it; what the service hands out itself must look at the owner itself.",
  },
  cases: [],
  scenarios: [
    asks("another user reads it", "other", ["GET", "HEAD"]),
    asks("nobody reads it", "nobody", ["GET", "HEAD"]),
    asks("somebody with a made-up credential reads it", "forged", ["GET"]),
    asks("another user changes or deletes it", "other", ["DELETE", "PUT", "PATCH", "POST"]),
    scenario(
      "another user looks for a list",
      9,
      async (stage) => {
        const id = await mainSees(stage);
        if (id === null) return;
        for (const path of collections(await stage.as("other"))) {
          const found = await stage.send(`GET ${path}`, plainRequest(await stage.as("other"), "GET", path));
          if (textOf(found).includes(id)) stage.complain(`GET ${path} tells the id of another's upload`);
        }
      },
      { appliesTo, twin: whoSentIt },
    ),
  ],
};

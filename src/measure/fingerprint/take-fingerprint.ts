/**
 * Everything that must be the same for two measurements to be about one thing: code, flow, locked packages, environment, service, gate, machine, load.
 *
 * In: the flow and what is known of the route. Out: short texts by key. Always holds: what cannot be seen is `null` and never guessed; values of environment
 * variables and contents of files are digests; nothing is sent but one GET where the flow names a path.
 */
import type { Answer } from "../../checks/answer-reader.ts";
import type { TlsTrust } from "../../checks/open-connection.ts";
import type { CheckedTarget } from "../../checks/run/check-run.ts";
import type { Flow } from "../../flows/flow.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Fingerprint, LoadPlan } from "../measurement.ts";
import { digestOfFile, digestOfText } from "./digests.ts";
import { gitFacts, rootOf } from "./git-facts.ts";
import { hostFacts } from "./host-facts.ts";
import { lockfileFacts } from "./lockfile-facts.ts";
import { serviceFacts } from "./service-facts.ts";

export interface FingerprintInput {
  readonly flow: Flow;
  /** `http://host:port`. */
  readonly origin: string;
  /** `sluicegate 0.1.0`. */
  readonly program: string;
  /** Of the gate that runs on this machine, where one is known. */
  readonly settings: Settings | null;
  /** Who answers there. */
  readonly front: CheckedTarget["front"];
  /** Header lines of a question, credentials included. */
  readonly askingLines: () => Promise<readonly string[]>;
  /** An answer of the route, whose headers may tell; `null` where there is none: then those of the flow's `fingerprint.path`. */
  readonly answer: Answer | null;
  readonly payloadSet: string | null;
  readonly plan: LoadPlan | null;
  /** Whether the service cannot be running from this checkout, so that its commit says nothing: left out then. Default: it may. */
  readonly isElsewhere?: boolean;
  readonly tls?: TlsTrust;
}

type Facts = Readonly<Record<string, string | null>>;

/** Reads it now: a deployment between two calls shows. Never throws for what cannot be seen. */
export async function takeFingerprint(input: FingerprintInput): Promise<Fingerprint> {
  const { flow } = input;
  const root = await rootOf(flow.folder);
  const [git, locked, named, service, gateway] = await Promise.all([
    input.isElsewhere === true ? {} : gitFacts(flow.folder, flow.measure.fingerprint.files),
    lockfileFacts(root ?? process.cwd()),
    namedFacts(flow),
    serviceFacts(input),
    gatewayFacts(input),
  ]);
  const tellsCommit = Object.keys(service).some((key) => key.startsWith("git."));
  const values: Facts = {
    // Of a service that tells its own commit, the repository of the flow says nothing.
    ...(tellsCommit ? {} : git),
    "flow.policy": flow.policyVersion,
    "flow.mode": flow.mode,
    ...locked,
    ...named,
    ...service,
    ...gateway,
    ...(await hostFacts(input.origin)),
    "runtime.node": process.version,
    payloads: input.payloadSet,
    load: input.plan === null ? null : loadInWords(input.plan),
  };
  return { values };
}

async function namedFacts({ folder, measure }: Flow): Promise<Facts> {
  const { files, environment } = measure.fingerprint;
  const ofFiles = files.map(
    async (file) => [`file.${shortName(file, folder)}`, await digestOfFile(file)] as const,
  );
  const ofVariables = environment.map((name) => {
    const value = process.env[name];
    return [`env.${name}`, value === undefined ? "not set" : digestOfText(value)] as const;
  });
  return Object.fromEntries([...(await Promise.all(ofFiles)), ...ofVariables]);
}

/** The end of the path that tells one file from another. */
function shortName(file: string, folder: string): string {
  const inside = `${folder}/`;
  return file.startsWith(inside) ? file.slice(inside.length) : file.split("/").slice(-2).join("/");
}

async function gatewayFacts({ front, settings, program }: FingerprintInput): Promise<Facts> {
  if (front !== "sluicegate") return { gateway: "none seen" };
  if (settings === null) return { gateway: "sluicegate", "gateway.settings": null };
  const digest = settings.file === null ? "defaults" : await digestOfFile(settings.file);
  return { gateway: program, "gateway.settings": digest };
}

/** All that shapes the load; not the seed, which differs from pair to pair. */
function loadInWords(plan: LoadPlan): string {
  const { ratePerSecond, requests, phase, repeatShare, timeoutMs } = plan;
  const rate = Math.round(ratePerSecond * 1000) / 1000;
  return `${rate}/s, ${requests} requests, ${phase}, ${Math.round(repeatShare * 100)} % repeated, ${timeoutMs} ms`;
}

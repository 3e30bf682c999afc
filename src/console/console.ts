/**
 * The console: what the operator's port serves below `/api/console/`, the link that signs in, and the page itself.
 *
 * In: requests, and what the server has opened (`ConsoleSources`). Out: answers as `console-api.ts` says. It reads what others keep, watches what nobody
 * else does (test uploads, jobs of services), and changes something only for whoever may.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Flow } from "../flows/flow.ts";
import { GateError, quoteSeen } from "../problems/gate-error.ts";
import { CheckRuns } from "./actions/check-runs.ts";
import { decideUpload } from "./actions/decide-upload.ts";
import { markDeployment } from "./actions/mark-deployment.ts";
import { checkHomes, VerifyNow } from "./actions/verify-now.ts";
import type { Session } from "./console-api.ts";
import type { ConsoleSources } from "./console-sources.ts";
import { FrontCache } from "./front-cache.ts";
import { answerJson } from "./http/answer-json.ts";
import { ConsoleAccess, type Person } from "./http/console-access.ts";
import { EventStreams } from "./http/event-streams.ts";
import { readBody, textMember } from "./http/read-body.ts";
import { endedCookie, sessionCookie } from "./http/session-cookie.ts";
import { readPageAssets } from "./page-assets.ts";
import { DeploymentJudgements } from "./pages/deployment-judgements.ts";
import { readDocumentPage } from "./pages/documents.ts";
import { findRequestPage, listRequests } from "./pages/find-requests.ts";
import { makeFlowPage, readRange } from "./pages/flow-page.ts";
import { makeFrontPage, type Watched } from "./pages/front-page.ts";
import { listHeldUploads } from "./pages/held-uploads.ts";
import { sendPage } from "./send-page.ts";
import { PollJobs } from "./watching/poll-jobs.ts";
import { ProbeFlows } from "./watching/probe-flows.ts";
import { sendTestUpload } from "./watching/send-test-upload.ts";

/** An open console. */
export interface Console {
  /** Whether the request was one for the console; if so it is answered, or an error thrown that is to be told. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<boolean>;
  /** Ends event streams, runs of checks and what is watched. */
  close(): Promise<void>;
}

/** One request, taken apart. `parts` are what the pattern of the route has caught, decoded. */
interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

type Handler = (call: Call) => Promise<void>;

interface Route {
  /** HEAD only where an answer has no effect: a link that signs in must not be used up by whoever only looks whether it is there. */
  readonly methods: readonly string[];
  readonly pattern: RegExp;
  readonly handler: Handler;
}

/** Opens the console and begins to watch. The page's files are read when somebody first asks for one: a start of the gate does not wait for them. */
export function openConsole(sources: ConsoleSources): Console {
  const page = once(readPageAssets);
  const desk = new ConsoleDesk(sources);
  const routes = desk.routes();
  desk.start();
  return {
    handle: async (req, res) => {
      if (await call(routes, req, res)) return true;
      desk.expect(req);
      return sendPage(await page(), req, res);
    },
    close: () => desk.close(),
  };
}

/** One reading for all who ask; after one that failed, the next asks again. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | null = null;
  return () => {
    reading ??= read().catch((error: unknown) => {
      reading = null;
      throw error;
    });
    return reading;
  };
}

async function call(routes: readonly Route[], req: IncomingMessage, res: ServerResponse): Promise<boolean> {
  const [path = "/", query = ""] = (req.url ?? "/").split("?", 2);
  const isOwn = path.startsWith("/api/console/") || path.startsWith("/sign-in/");
  if (!isOwn) return false;
  const found = routes.filter(({ pattern }) => pattern.test(path));
  const route = found.find(({ methods }) => methods.includes(req.method ?? ""));
  if (route === undefined) throw unknownRoute(found.flatMap(({ methods }) => methods));
  const parts = (route.pattern.exec(path) ?? []).slice(1).map(decoded);
  await route.handler({ req, res, parts, query: new URLSearchParams(query) });
  return true;
}

function unknownRoute(methods: readonly string[]): GateError {
  return methods.length === 0
    ? new GateError("CONSOLE_UNKNOWN", { message: "The console has no such address." })
    : new GateError("METHOD_NOT_ALLOWED", { expected: methods.join(" or ") });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new GateError("CONSOLE_REQUEST_INVALID", { expected: "a path in UTF-8, percent-encoded" });
  }
}

class ConsoleDesk {
  readonly #sources: ConsoleSources;
  readonly #access: ConsoleAccess;
  readonly #runs: CheckRuns;
  readonly #verify: VerifyNow;
  readonly #probes: ProbeFlows;
  readonly #jobs: PollJobs;
  readonly #watched: Watched;
  readonly #front: FrontCache;
  readonly #events: EventStreams;

  constructor(sources: ConsoleSources) {
    const { gate, now } = sources;
    const flows = (): readonly Flow[] => gate.flows.flows;
    this.#sources = sources;
    this.#access = new ConsoleAccess(sources.token);
    this.#runs = new CheckRuns(checkHomes(gate.settings));
    this.#verify = new VerifyNow(sources, this.#runs);
    this.#probes = new ProbeFlows({
      flows,
      isStopping: () => gate.isStopping,
      send: (flow) => sendTestUpload(flow, gate.settings, `probe-${Math.floor(now() / 1000).toString(36)}`),
      now,
      onChange: ({ name }, { ok, trouble }) => {
        if (ok) gate.log.info({ flow: name }, "the flow takes test uploads again");
        else gate.log.warn({ flow: name, trouble }, "a test upload did not pass");
        this.#changed();
      },
    });
    this.#jobs = new PollJobs({ flows, upstreams: gate.upstreams, now });
    this.#watched = {
      probe: (flow) => this.#probes.state(flow),
      jobs: () => this.#jobs.states(),
      lastCheck: (flow) => this.#runs.last(flow),
      judgements: new DeploymentJudgements(sources.history),
    };
    this.#front = new FrontCache(() => makeFrontPage(sources, this.#watched));
    this.#events = new EventStreams({
      front: () => this.#front.get(),
      mayRead: (req) => this.#access.mayRead(req, now()),
    });
  }

  start(): void {
    this.#probes.start();
    this.#jobs.start();
  }

  /** Whoever gets the page asks for the front next: the history's thread, which begins with the first question, may begin now. */
  expect(req: IncomingMessage): void {
    if (this.#access.mayRead(req, this.#sources.now())) this.#front.get().catch(() => {});
  }

  async close(): Promise<void> {
    this.#events.close();
    this.#verify.close();
    await Promise.all([this.#probes.close(), this.#jobs.close()]);
  }

  routes(): readonly Route[] {
    return [
      this.#get("front", () => this.#front.get()),
      this.#get("flows/([^/]+)", ({ parts, query }) => this.#flowPage(parts[0], query)),
      this.#get("requests", ({ query }) => listRequests(this.#sources, query)),
      this.#get("requests/([^/]+)", ({ parts }) => findRequestPage(this.#sources, parts[0] ?? "")),
      this.#get("held", async () => ({ uploads: await this.#held() })),
      this.#get("documents/([^/]+)/([^/]+)/([^/]+)", ({ parts }) => this.#document(parts)),
      { methods: ["GET"], pattern: pattern("events"), handler: async (call) => this.#follow(call) },
      { methods: ["GET"], pattern: pattern("session"), handler: async (call) => this.#describeSession(call) },
      { methods: ["POST"], pattern: pattern("session"), handler: (call) => this.#signIn(call) },
      { methods: ["DELETE"], pattern: pattern("session"), handler: async (call) => this.#signOut(call) },
      { methods: ["POST"], pattern: pattern("sign-in-codes"), handler: async (call) => this.#makeCode(call) },
      {
        methods: ["GET"],
        pattern: /^\/sign-in\/([\w-]{1,100})$/,
        handler: async (call) => this.#signInByCode(call),
      },
      this.#post("held/([^/]+)/decide", ({ parts }, body) =>
        decideUpload(this.#sources.gate, { id: parts[0] ?? "", body }, this.#sources.now()),
      ),
      this.#post("flows/([^/]+)/verify", async ({ parts }, body, person) =>
        this.#verify.run(this.#flow(parts[0]), body, person),
      ),
      this.#post("deployments", (_call, body, person) => markDeployment(this.#sources, body, person)),
    ];
  }

  /** A route that only reads. */
  #get(path: string, make: (call: Call) => Promise<unknown>): Route {
    const handler: Handler = async (call) => {
      this.#access.requireReading(call.req, this.#sources.now());
      answerJson(call.req, call.res, await make(call));
    };
    return { methods: ["GET", "HEAD"], pattern: pattern(path), handler };
  }

  /** A route that changes something and says in a sentence what was done. */
  #post(
    path: string,
    act: (call: Call, body: Readonly<Record<string, unknown>>, person: Person) => Promise<string>,
  ): Route {
    const handler: Handler = async (call) => {
      const person = this.#access.requireChanging(call.req, this.#sources.now());
      const sentence = await act(call, await readBody(call.req), person);
      this.#changed();
      answerJson(call.req, call.res, { ok: true, sentence });
    };
    return { methods: ["POST"], pattern: pattern(path), handler };
  }

  #changed(): void {
    this.#front.forget();
    void this.#events.look();
  }

  /** @throws CONSOLE_UNKNOWN */
  #flow(name = ""): Flow {
    const flow = this.#sources.gate.flows.flows.find((one) => one.name === name);
    if (flow !== undefined) return flow;
    throw new GateError("CONSOLE_UNKNOWN", { message: "There is no such flow.", seen: quoteSeen(name) });
  }

  #flowPage(name: string | undefined, query: URLSearchParams): Promise<unknown> {
    const range = readRange(query.get("range"), this.#sources.now());
    return makeFlowPage(this.#sources, this.#watched, this.#flow(name), range);
  }

  #held(): Promise<unknown> {
    const { gate } = this.#sources;
    return listHeldUploads(gate.records, gate.flows.flows);
  }

  async #document([flow, kind = "", name = ""]: readonly string[]): Promise<unknown> {
    const found = await readDocumentPage(this.#flow(flow), kind, name);
    if (found !== null) return found;
    throw new GateError("CONSOLE_UNKNOWN", { message: "There is no such document.", seen: quoteSeen(name) });
  }

  #follow({ req, res }: Call): void {
    this.#access.requireReading(req, this.#sources.now());
    this.#events.open(req, res);
  }

  #describeSession({ req, res }: Call): void {
    answerJson(req, res, this.#access.describe(req, this.#sources.now()));
  }

  async #signIn({ req, res }: Call): Promise<void> {
    const body = await readBody(req);
    const { id, told } = this.#access.signIn(req, textMember(body, "token", 200), this.#sources.now());
    await this.#noteSignIn("token");
    answerJson(req, res, told satisfies Session, { headers: { "set-cookie": sessionCookie(id) } });
  }

  async #signInByCode({ parts, res }: Call): Promise<void> {
    const { id } = this.#access.signInByCode(parts[0] ?? "", this.#sources.now());
    await this.#noteSignIn("link");
    const headers = {
      location: "/",
      "set-cookie": sessionCookie(id),
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
    };
    res.writeHead(303, headers).end();
  }

  #signOut({ req, res }: Call): void {
    this.#access.signOut(req);
    const told = this.#access.describe(req, this.#sources.now());
    answerJson(req, res, told, { headers: { "set-cookie": endedCookie() } });
  }

  #makeCode({ req, res }: Call): void {
    answerJson(req, res, { code: this.#access.makeCode(req, this.#sources.now()) });
  }

  #noteSignIn(how: string): Promise<void> {
    const nobody = { flow: null, policyVersion: null, uploadId: null, principal: null, requestId: null };
    const entry = { atMs: this.#sources.now(), event: "console-signed-in", rule: "operator token" };
    return this.#sources.gate.records.note({ audit: [{ ...entry, ...nobody, detail: { how } }] });
  }
}

const pattern = (path: string): RegExp => new RegExp(`^/api/console/${path}$`);

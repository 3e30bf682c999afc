/**
 * The frame around every page: head with ways and states, the place of the page, and what brings one page there and keeps it up to date.
 *
 * In: addresses (by links, keys, the browser's own buttons) and the stream of what changes. Out: the page. A page that comes by an address takes the focus
 * with its heading; one that is only brought up to date takes nothing from anybody.
 */
import type { Answer, FrontPage } from "../contract/console-api.ts";
import { announce, announcer } from "./announce.ts";
import { ApiProblem, currentSession, readSession, signOut } from "./api.ts";
import { element, replaceChildren } from "./element.ts";
import { REFRESH, SESSION_CHANGED } from "./frame-events.ts";
import { showKeys } from "./keyboard.ts";
import { type LiveState, startLive } from "./live.ts";
import { liveBadge, lostBanner, showLiveState } from "./live-badge.ts";
import { NAVIGATED } from "./navigate.ts";
import { documentPage } from "./pages/document-page.ts";
import { flowPage } from "./pages/flow-page.ts";
import { frontPage, questionOf } from "./pages/front-page.ts";
import { heldPage } from "./pages/held-page.ts";
import type { Page, PageView } from "./pages/page.ts";
import { nowhere, problemView } from "./pages/problem-page.ts";
import { requestPage } from "./pages/request-page.ts";
import { signInPage } from "./pages/sign-in-page.ts";
import { patchChildren } from "./patch.ts";
import { type Route, readRoute } from "./routes.ts";
import { sayCount } from "./say.ts";
import { setServerTime } from "./server-clock.ts";
import { shownText } from "./shown-text.ts";
import { themeSwitch } from "./theme-switch.ts";
import { tooltipBox } from "./tooltip.ts";

/** A page that changes all the time is read anew at most this often. */
const REFRESH_MS_MIN = 5_000;
/** Nothing is said of loading that takes less. */
const LOADING_MS = 250;

const main = element("main", { id: "main", tabindex: -1 });
const ways = element("nav", { "aria-label": "Pages" });
const account = element("span", { class: "account" });

let page: Page | null = null;
let loading = new AbortController();
let front: FrontPage | null = null;
let live: ReturnType<typeof startLive> | null = null;
let shown: PageView | null = null;
let isLost = false;
let refreshedAtMs = 0;
let refreshTimer: ReturnType<typeof setTimeout> | undefined;

/** Builds the frame and shows the page of the address. */
export async function startFrame(): Promise<void> {
  document.body.replaceChildren(
    element("a", { class: "skip", href: "#main" }, "Skip to the page"),
    element(
      "header",
      { class: "frame" },
      element("a", { class: "brand", href: "/" }, "Sluicegate"),
      ways,
      liveBadge(),
      themeSwitch(),
      element(
        "button",
        { type: "button", class: "keys", "aria-label": "Keys", on: { click: showKeys } },
        "?",
      ),
      account,
    ),
    lostBanner(),
    main,
    announcer(),
    tooltipBox(),
  );
  window.addEventListener(NAVIGATED, () => void show());
  window.addEventListener("popstate", () => void show());
  window.addEventListener(REFRESH, () => void refresh());
  window.addEventListener(SESSION_CHANGED, startLiveAgain);
  window.addEventListener("online", () => live?.retryNow());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void refresh();
  });
  await readSession().catch(ignoreProblem);
  startLiveAgain();
  await show();
}

function startLiveAgain(): void {
  drawHead();
  live?.close();
  live = null;
  if (currentSession()?.mayRead === false) showLiveState({ state: "connecting" });
  else live = startLive({ onFront: takeFront, onState: takeState });
}

function takeState(state: LiveState): void {
  showLiveState(state);
  isLost = state.state === "lost";
  if (shown !== null) setTitle(shown);
  if (state.state === "live") void refresh();
}

function takeFront(next: FrontPage): void {
  setServerTime(next.nowMs);
  announceChanges(front?.answers ?? [], next.answers);
  front = next;
  drawHead();
  if (page?.isLive === true && !document.hidden) refreshSoon();
}

/** What a person who hears the page would have seen: answers whose condition is another one now. */
function announceChanges(before: readonly Answer[], after: readonly Answer[]): void {
  const changed = after.filter((answer) => {
    const last = before.find(({ question }) => question === answer.question);
    return last !== undefined && (last.condition !== answer.condition || last.word !== answer.word);
  });
  if (changed.length > 0)
    announce(changed.map((answer) => `${questionOf(answer)} ${answer.word}. ${answer.sentence}`).join(" "));
}

/** The first page has its data in hand; others are asked for, and not all the time. */
function refreshSoon(): void {
  const waitMs =
    readRoute(new URL(location.href)).page === "front" ? 0 : refreshedAtMs + REFRESH_MS_MIN - Date.now();
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(() => void refresh(), Math.max(0, waitMs));
}

/** Brings the page that is there up to date. Problems leave it as it is: the head says that nothing is live. */
async function refresh(): Promise<void> {
  if (page === null || !page.isLive) return;
  refreshedAtMs = Date.now();
  const wanted = page;
  try {
    const view = await wanted.load(new AbortController().signal);
    if (page !== wanted) return;
    setTitle(view);
    patchChildren(main, element("main", {}, view.body));
  } catch (error) {
    ignoreProblem(error);
  }
}

async function show(): Promise<void> {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  const route = readRoute(new URL(location.href));
  const next = pageOf(route);
  const timer = setTimeout(
    () => replaceChildren(main, element("p", { class: "loading" }, "Loading …")),
    LOADING_MS,
  );
  const view = await load(next, signal);
  clearTimeout(timer);
  if (signal.aborted || view === null) return;
  page = next;
  refreshedAtMs = Date.now();
  replaceChildren(main, view.body);
  setTitle(view);
  drawHead();
  focusHeading();
}

async function load(next: Page, signal: AbortSignal): Promise<PageView | null> {
  try {
    return await next.load(signal);
  } catch (error) {
    if (signal.aborted) return null;
    if (!(error instanceof ApiProblem)) throw error;
    if (error.status === 401) return await signInFirst(signal);
    return problemView(error);
  }
}

async function signInFirst(signal: AbortSignal): Promise<PageView> {
  await readSession().catch(ignoreProblem);
  return await signInPage(location.pathname + location.search, true).load(signal);
}

function pageOf(route: Route): Page {
  const mustSignIn = currentSession()?.mayRead === false;
  if (route.page === "sign-in") return signInPage(route.next, mustSignIn);
  if (mustSignIn) return signInPage(location.pathname + location.search, true);
  switch (route.page) {
    case "front":
      return frontPage(() => front);
    case "flow":
      return flowPage(route.name, route.range);
    case "request":
      return requestPage(route.id);
    case "held":
      return heldPage();
    case "document":
      return documentPage(route.flow, route.kind, route.name);
    case "nowhere":
      return { isLive: false, load: async () => problemView(nowhere(route.path)) };
  }
}

/** The title of the tab says it too where the connection is lost: a sign from before would be a wrong one. */
function setTitle(view: PageView): void {
  shown = view;
  const sign = isLost ? "… Not connected: " : view.sign === undefined ? "" : `${view.sign} `;
  document.title = shownText(`${sign}${view.title} · Sluicegate`);
}

/** Where a page's address is new, whoever hears it begins at its heading. The very first page leaves the focus where the browser put it. */
let isFirst = true;

function focusHeading(): void {
  if (!isFirst) {
    main.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
  isFirst = false;
  main.querySelector<HTMLElement>("[autofocus]")?.focus();
}

function drawHead(): void {
  const { page: now } = readRoute(new URL(location.href));
  const held = front?.held ?? 0;
  const current = (name: string): string | null => (now === name ? "page" : null);
  patchChildren(
    ways,
    element(
      "nav",
      {},
      element("a", { href: "/", "aria-current": current("front") }, "Overview"),
      element(
        "a",
        { href: "/held", "aria-current": current("held") },
        "Held",
        held === 0 ? null : element("b", { class: "count" }, ` ${sayCount(held)}`),
      ),
    ),
  );
  patchChildren(account, element("span", {}, accountWay(now)));
}

function accountWay(now: string): HTMLElement | null {
  if (currentSession()?.mayChange === true)
    return element("button", { type: "button", on: { click: () => void leave() } }, "Sign out");
  if (now === "sign-in") return null;
  return element(
    "a",
    { href: `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}` },
    "Sign in",
  );
}

async function leave(): Promise<void> {
  await signOut().catch(ignoreProblem);
  front = null;
  startLiveAgain();
  await show();
}

function ignoreProblem(error: unknown): void {
  if (!(error instanceof ApiProblem)) throw error;
}

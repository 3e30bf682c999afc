/**
 * Settings made or changed by the command line.
 */
import { GateError } from "../problems/gate-error.ts";
import { deepFreeze, frozenMap } from "../setup/frozen.ts";
import type { Reading } from "../setup/reading.ts";
import { readListenAddress, readOrigin } from "./address.ts";
import { buildSettings, defaultIssuer } from "./build-settings.ts";
import type { ListenAddress, Settings, UpstreamSettings } from "./settings.ts";
import { DEFAULTS, UPSTREAM_NAME_PATTERN } from "./settings-schema.ts";

/** The name of an upstream that is given without one. */
export const UNNAMED_UPSTREAM = "service";

/** What the command line may change. `upstream`: `URL` or `NAME=URL`. */
export interface SettingsOverrides {
  readonly listen?: string;
  readonly operator?: string;
  readonly upstream?: readonly string[];
}

/**
 * Settings of `serve --upstream URL` alone: everything passes through, flows in ./flows, data in ./data.
 * @param upstream `URL` (named `service`) or `NAME=URL`.
 * @throws GateError SETTINGS_INVALID
 */
export function settingsForUpstream(upstream: string): Settings {
  const { name, url } = readUpstream(upstream);
  const written = { upstreams: { [name ?? UNNAMED_UPSTREAM]: { url, "pass-through": true } } };
  return buildSettings(written, process.cwd(), null);
}

/**
 * The settings with what the command line says instead.
 * A `URL` without a name is the one upstream of the settings, or a new one named `service`. `listen` and `operator` take a port alone too.
 * @throws GateError SETTINGS_INVALID
 */
export function withOverrides(settings: Settings, overrides: SettingsOverrides): Settings {
  const { tls } = settings.listen.public;
  const listen = { ...overrideAddress("--listen", settings.listen.public, overrides.listen), tls };
  const operator = overrideAddress("--operator", settings.listen.operator, overrides.operator);
  const upstreams = new Map(settings.upstreams);
  for (const text of overrides.upstream ?? []) {
    const changed = overrideUpstream(upstreams, text, settings.file === null);
    upstreams.set(changed.name, changed);
  }
  const isDefaultIssuer = settings.receipts.issuer === defaultIssuer(settings.listen.public);
  const issuer = isDefaultIssuer ? defaultIssuer(listen) : settings.receipts.issuer;
  return deepFreeze({
    ...settings,
    listen: { public: listen, operator },
    upstreams: frozenMap(upstreams),
    receipts: { ...settings.receipts, issuer },
  });
}

function overrideAddress(option: string, address: ListenAddress, text: string | undefined): ListenAddress {
  if (text === undefined) return address;
  const isPort = /^\d{1,5}$/.test(text);
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return accepted(option, readListenAddress(isPort ? `${host}:${text}` : text));
}

function overrideUpstream(
  upstreams: ReadonlyMap<string, UpstreamSettings>,
  text: string,
  passThrough: boolean,
): UpstreamSettings {
  const { name, url } = readUpstream(text);
  const names = [...upstreams.keys()];
  if (name === null && names.length > 1) {
    throw new GateError("SETTINGS_INVALID", {
      message: `--upstream ${text}: say which one it is, as NAME=URL; the settings name ${names.join(", ")}.`,
    });
  }
  const chosen = name ?? names[0] ?? UNNAMED_UPSTREAM;
  const known = upstreams.get(chosen);
  if (known !== undefined) return { ...known, url };
  return { name: chosen, url, passThrough, timeoutMs: DEFAULTS.upstreamTimeoutMs };
}

function readUpstream(text: string): { name: string | null; url: string } {
  const [, name, url] = /^([^=:/]+)=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && !new RegExp(UPSTREAM_NAME_PATTERN).test(name)) {
    throw new GateError("SETTINGS_INVALID", {
      message: `--upstream ${text}: a name has letters, digits, - and _, and begins with a letter.`,
    });
  }
  return { name: name ?? null, url: accepted(`--upstream ${text}`, readOrigin(url ?? text)) };
}

function accepted<T>(option: string, reading: Reading<T>): T {
  if (reading.ok) return reading.value;
  const message = reading.complaints.map((complaint) => complaint.message).join(" ");
  throw new GateError("SETTINGS_INVALID", { message: `${option}: ${message}` });
}

/**
 * The files of the console's page, read and compressed once at start.
 *
 * In: the folder `web/`. Run from the sources, its TypeScript is stripped of types here; what is published has plain JavaScript beside this file (`scripts/build-web.ts`).
 * Out: assets by path. All but the page itself are below `/assets/VERSION/`, VERSION made from their content: they may be kept for ever.
 *
 * It serves nothing: `send-page.ts` does.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** One file as it is sent. */
export interface PageAsset {
  /** `/` for the page, else `/assets/VERSION/NAME`. */
  readonly path: string;
  readonly type: string;
  /** Strong, with its quotes. */
  readonly etag: string;
  readonly bytes: Buffer;
  readonly gzip: Buffer;
  readonly brotli: Buffer;
}

/** Path → asset. */
export type PageAssets = ReadonlyMap<string, PageAsset>;

/** A file of the page before it has an address: its name below `web/`, with `/`. */
interface PageFile {
  readonly name: string;
  readonly bytes: Buffer;
}

const BUILT = join(import.meta.dirname, "web");
const SOURCES = join(import.meta.dirname, "../../web");
const INDEX = "index.html";
/** Level 5 of 11 takes a third of the time of level 9 for a few per cent more bytes: whoever opens the page first waits for it. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Reads all of the page. @throws what reading a file throws: a program without its page is not whole. */
export async function readPageAssets(): Promise<PageAssets> {
  const files = existsSync(BUILT) ? await readFolder(BUILT) : await readPageSources();
  return await addressPage(files);
}

/** The files of `web/` as a browser takes them: TypeScript without its types, imports ending in `.js`, all of `style/` as one file; comments stay behind. */
export async function readPageSources(): Promise<readonly PageFile[]> {
  const files = joinStyles(await readFolder(SOURCES));
  return files
    .filter(({ name }) => isSent(name))
    .map(({ name, bytes }) =>
      name.endsWith(".ts")
        ? { name: name.replace(/ts$/, "js"), bytes: toBrowserScript(bytes) }
        : { name, bytes },
    );
}

const isSent = (name: string): boolean => /\.(html|css|svg|ts)$/.test(name) && !/\.(test|d)\.ts$/.test(name);

async function readFolder(folder: string): Promise<readonly PageFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort();
  return await Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })));
}

/** One file in the order in which the page names them: fewer ways to and fro, and it is smaller compressed. */
function joinStyles(files: readonly PageFile[]): readonly PageFile[] {
  const index = files.find(({ name }) => name === INDEX)?.bytes.toString("utf8") ?? "";
  const links = [...index.matchAll(/ *<link rel="stylesheet" href="\/assets\/(.+?)" \/>\n/g)];
  const parts = links.map(
    ([, name]) => files.find((file) => file.name === name)?.bytes.toString("utf8") ?? "",
  );
  const [first = [""], ...others] = links;
  const page = others
    .reduce((text, [link]) => text.replace(link, ""), index)
    .replace(first[0], '    <link rel="stylesheet" href="/assets/style.css" />\n');
  return [
    ...files.filter(({ name }) => name !== INDEX && !name.endsWith(".css")),
    { name: INDEX, bytes: Buffer.from(page) },
    { name: "style.css", bytes: Buffer.from(withoutComments(parts.join(""))) },
  ];
}

/** Of scripts and styles: what begins a line and is nothing but a comment. */
const withoutComments = (text: string): string =>
  text.replace(/^[ \t]*(?:\/\*[\s\S]*?\*\/|\/\/.*)[ \t]*\n/gm, "");

function toBrowserScript(source: Buffer): Buffer {
  const plain = withoutComments(silently(() => stripTypeScriptTypes(source.toString("utf8"))))
    .replace(/^((?:import|export|\})[^"\n]*")(\.[^"\n]+)\.ts";/gm, '$1$2.js";')
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{2,}/g, "\n");
  return Buffer.from(plain);
}

/** Node calls stripping of types experimental on the terminal; it is pinned by tests on both Nodes, and an operator can do nothing about it. */
function silently<T>(work: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}

async function addressPage(files: readonly PageFile[]): Promise<PageAssets> {
  const hash = createHash("sha256");
  for (const { name, bytes } of files) hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  const root = `/assets/${hash.digest("hex").slice(0, 12)}/`;
  const scripts = files.map(({ name }) => name).filter((name) => name.endsWith(".js"));
  const assets = files.map(({ name, bytes }) =>
    name === INDEX
      ? makeAsset("/", name, addressIndex(bytes, root, scripts))
      : makeAsset(root + name, name, bytes),
  );
  return new Map((await Promise.all(assets)).map((asset) => [asset.path, asset]));
}

/** All modules are named at once: a browser that had to find them import by import would go to and fro several times. */
function addressIndex(bytes: Buffer, root: string, scripts: readonly string[]): Buffer {
  const preloads = scripts
    .filter((name) => name !== "main.js" && name !== "theme.js")
    .map((name) => `    <link rel="modulepreload" href="/assets/${name}" />\n`)
    .join("");
  const page = bytes.toString("utf8").replace("  </head>", `${preloads}  </head>`);
  return Buffer.from(page.replaceAll('"/assets/', `"${root}`));
}

async function makeAsset(path: string, name: string, bytes: Buffer): Promise<PageAsset> {
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
  if (type === undefined) throw new TypeError(`${name} is of no type that the page has`);
  return {
    path,
    type,
    etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
    bytes,
    gzip: await promisify(gzip)(bytes, { level: 9 }),
    brotli: await promisify(brotliCompress)(bytes, BROTLI),
  };
}

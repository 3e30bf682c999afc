/**
 * nginx as a peer and as the cheapest service there is: one worker, no logs, its files in the row's folder.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Server, startServer } from "./server.ts";

/** Answers `PUT` by writing the body to a file (the dav module). */
export function startNginxPut(folder: string): Promise<Server> {
  const root = join(folder, "nginx-files");
  mkdirSync(root, { recursive: true });
  // The temporary body lies on the file system of its destination, so that nginx renames and does not copy.
  const location = `root ${root}; dav_methods PUT; create_full_put_path on; client_body_temp_path ${root}/.body;`;
  return startNginx("nginx-put", folder, `location / { ${location} }`);
}

/** Passes everything on, over kept connections. */
export function startNginxProxy(folder: string, upstreamPort: number): Promise<Server> {
  const upstream = `upstream service { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 10000000; }`;
  const headers = `proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;`;
  const location = `proxy_pass http://service; ${headers}`;
  return startNginx("nginx-proxy", folder, `location / { ${location} }`, upstream);
}

/** A service that does nothing: reads the body, answers 200 with one short line of JSON; serves files below `/files/`. */
export function startNginxService(folder: string): Promise<Server> {
  const files = join(folder, "nginx-downloads");
  mkdirSync(join(files, "files"), { recursive: true });
  const answer = `location / { default_type application/json; return 200 '{"ok":true,"message":"a service that does nothing"}'; }`;
  return startNginx("nginx-service", folder, `${answer} location /files/ { root ${files}; }`);
}

async function startNginx(name: string, folder: string, locations: string, upstream = ""): Promise<Server> {
  const port = await freePort();
  const prefix = join(folder, `${name}-${port}`);
  mkdirSync(prefix, { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "scgi", "uwsgi"].map(
    (kind) => `${kind}_temp_path ${prefix}/${kind};`,
  );
  // Started by root, nginx gives its worker to another user, who could not write below a private folder.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const configuration = `${user} worker_processes 1; daemon off; pid ${prefix}/nginx.pid; error_log ${prefix}/error.log;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; client_max_body_size 0; keepalive_requests 10000000;
  ${temporary.join(" ")}
  ${upstream}
  server { listen 127.0.0.1:${port} backlog=4096; ${locations} }
}
`;
  const path = join(prefix, "nginx.conf");
  writeFileSync(path, configuration);
  const args = ["-p", prefix, "-c", path, "-e", join(prefix, "error.log")];
  return startServer({ name, command: "nginx", args, port, folder });
}

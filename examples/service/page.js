const RETRIES = {
  never: "Sending the same again will not help.",
  later: "Try again later.",
  safe: "You can safely send it again.",
};

document.documentElement.classList.add("has-scripts");

for (const form of document.querySelectorAll("form.upload")) {
  const key = form.querySelector("[data-new]");
  if (key !== null) {
    key.value = newKey();
    form.querySelector("input[type=file]").addEventListener("change", () => {
      key.value = newKey();
    });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form);
  });
}

/** A page that did not come by https has no `crypto.randomUUID` but on this machine. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function submit(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const permission = await askFor(form.dataset.ask);
    answered(form, await send(form, permission));
  } catch (error) {
    show(form, "bad", error.title ?? "No answer", [["", error.message]]);
  } finally {
    button.disabled = false;
  }
}

/** What the service signs for the signed-in user: a token as it is, or a grant with the place where it is good. */
async function askFor(path) {
  if (path === undefined) return {};
  const answer = await fetch(path, { method: "POST" });
  if (answer.status === 401) throw Object.assign(new Error("It says who sends."), { title: "Sign in first" });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The service answered ${answer.status}: ${text}`);
  return text.startsWith("{") ? JSON.parse(text) : { token: text };
}

/** By XMLHttpRequest, since `fetch` does not tell how much was sent. */
function send(form, { token }) {
  const request = new XMLHttpRequest();
  const file = form.querySelector("input[type=file]").files[0];
  const isRaw = "raw" in form.dataset;
  request.open(isRaw ? "PUT" : "POST", isRaw ? form.action + encodeURIComponent(file.name) : form.action);
  request.setRequestHeader("Accept", "application/json, application/problem+json");
  if (isRaw) request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  if (token !== undefined) request.setRequestHeader("Authorization", `Bearer ${token}`);
  for (const input of form.querySelectorAll("[data-header]"))
    request.setRequestHeader(input.dataset.header, input.value.trim());
  request.upload.onprogress = (event) => {
    if (event.lengthComputable)
      show(form, "", `Sending … ${Math.floor((100 * event.loaded) / event.total)} %`, []);
  };
  return new Promise((resolve, reject) => {
    request.onload = () => resolve(request);
    request.onerror = () =>
      reject(new Error("The connection was closed before an answer came. Was the file too large?"));
    request.send(isRaw ? file : new FormData(form));
  });
}

function answered(form, request) {
  let answer = {};
  try {
    answer = JSON.parse(request.responseText);
  } catch {
    // An answer that is no JSON is told by its status alone.
  }
  if (request.status >= 300) return refused(form, request, answer);
  if (request.status === 202) {
    show(form, "good", "The gate has it, and delivers it when the service is back", [
      ["upload", answer.uploadId],
    ]);
    return;
  }
  const isAgain = request.getResponseHeader("Idempotency-Replayed") === "true";
  show(form, "good", isAgain ? "The service had it already: the same answer again" : "The service has it", [
    ["name", answer.name],
    ["type", answer.type],
    ["size", `${answer.size} bytes`],
    ["who", answer.who],
    ["upload", answer.uploadId],
    ["download", linkTo(answer)],
    ["left", sharesLeft(request.getResponseHeader("RateLimit"))],
  ]);
  // With a key of its own the same may be sent again, to see what a retry gets.
  if (form.querySelector("[data-new]") === null) form.reset();
  refresh();
}

function refused(form, request, answer) {
  const detail = typeof answer.detail === "string" ? answer.detail : JSON.stringify(answer.detail);
  const seconds = request.getResponseHeader("Retry-After");
  show(form, "bad", answer.title || `Refused with status ${request.status}`, [
    ["", detail === answer.title ? null : detail],
    ["expected", answer.expected],
    ["seen", answer.seen],
    ["retry", seconds === null ? RETRIES[answer.retry] : `Try again in ${seconds} s.`],
    ["code", answer.code],
    ["request", answer.requestId],
  ]);
}

/** What is left of each share of the flow: `"rate";r=59;t=60, "quota";r=209713812;t=86400;sluicegate-files=99` in words. */
function sharesLeft(header) {
  if (header === null) return null;
  const shares = header.split(", ").map((share) => {
    const [, name, left] = /^"([a-z]+)[^"]*";r=(\d+)/.exec(share) ?? [];
    const files = /;sluicegate-files=(\d+)/.exec(share)?.[1];
    if (name === "rate") return `${left} requests`;
    if (name === "concurrent") return `${left} at once`;
    return `${(left / 1024 / 1024).toFixed(1)} MiB${files === undefined ? "" : ` in ${files} files`}`;
  });
  return shares.join(", ");
}

function linkTo({ route, name, uploadId }) {
  if (route !== "attachments" || !uploadId) return null;
  return Object.assign(document.createElement("a"), {
    href: `/api/attachments/${uploadId}`,
    textContent: name,
  });
}

function show(form, kind, title, facts) {
  const box = document.createElement("div");
  box.className = kind;
  box.append(Object.assign(document.createElement("strong"), { textContent: title }));
  const list = document.createElement("dl");
  for (const [name, value] of facts) {
    if (value === undefined || value === null) continue;
    if (name === "") {
      box.append(value);
      continue;
    }
    const shown = document.createElement("dd");
    shown.append(value);
    list.append(Object.assign(document.createElement("dt"), { textContent: name }), shown);
  }
  if (list.childElementCount > 0) box.append(list);
  form.querySelector("output").replaceChildren(box);
}

async function refresh() {
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  document.querySelector("tbody").replaceWith(page.querySelector("tbody"));
}

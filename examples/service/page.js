const RETRIES = {
  never: "Sending the same again will not help.",
  later: "Try again later.",
  safe: "You can safely send it again.",
};

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

function send(form) {
  const button = form.querySelector("button");
  const request = new XMLHttpRequest();
  const file = form.querySelector("input[type=file]").files[0];
  const isRaw = "raw" in form.dataset;
  request.open(isRaw ? "PUT" : "POST", isRaw ? form.action + encodeURIComponent(file.name) : form.action);
  request.setRequestHeader("Accept", "application/json, application/problem+json");
  if (isRaw) request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  request.upload.onprogress = (event) => {
    if (event.lengthComputable)
      show(form, "", `Sending … ${Math.floor((100 * event.loaded) / event.total)} %`, []);
  };
  request.onload = () => {
    button.disabled = false;
    answered(form, request);
  };
  request.onerror = () => {
    button.disabled = false;
    show(form, "bad", "No answer", [
      ["", "The connection was closed before an answer came. Was the file too large?"],
    ]);
  };
  button.disabled = true;
  request.send(isRaw ? file : new FormData(form));
}

function answered(form, request) {
  let answer = {};
  try {
    answer = JSON.parse(request.responseText);
  } catch {
    // An answer that is no JSON is told by its status alone.
  }
  if (request.status < 300) {
    show(form, "good", "The service has it", [
      ["name", answer.name],
      ["type", answer.type],
      ["size", `${answer.size} bytes`],
      ["upload", answer.uploadId],
    ]);
    form.reset();
    refresh();
    return;
  }
  const detail = typeof answer.detail === "string" ? answer.detail : JSON.stringify(answer.detail);
  show(form, "bad", answer.title || `Refused with status ${request.status}`, [
    ["", detail === answer.title ? null : detail],
    ["expected", answer.expected],
    ["seen", answer.seen],
    ["retry", RETRIES[answer.retry]],
    ["code", answer.code],
    ["request", answer.requestId],
  ]);
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
    list.append(Object.assign(document.createElement("dt"), { textContent: name }));
    list.append(Object.assign(document.createElement("dd"), { textContent: value }));
  }
  if (list.childElementCount > 0) box.append(list);
  form.querySelector("output").replaceChildren(box);
}

async function refresh() {
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  document.querySelector("tbody").replaceWith(page.querySelector("tbody"));
}

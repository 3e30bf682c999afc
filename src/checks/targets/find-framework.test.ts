import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../answer-reader.ts";
import { findFramework, whatServes } from "./find-framework.ts";

function answered(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: Object.entries(headers), body: Buffer.from(body) };
}

/** As the frameworks write them where nobody has changed them. */
const PAGES = {
  starlette: answered(404, '{"detail":"Not Found"}', { server: "uvicorn" }),
  pydantic: answered(422, '{"detail":[{"type":"missing","loc":["body","f"],"msg":"Field required"}]}'),
  django: answered(
    404,
    '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n',
  ),
  djangoServer: answered(400, "", { server: "WSGIServer/0.2 CPython/3.14.0" }),
  flask: answered(
    404,
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n",
  ),
  werkzeug: answered(201, "{}", { server: "Werkzeug/3.1.3 Python/3.14.0" }),
  other: answered(404, "Not Found", { server: "nginx" }),
  ownJson: answered(404, '{"detail":"no such thing","code":7}'),
};

test("each framework is known by its own words", () => {
  assert.equal(findFramework([PAGES.starlette]), "fastapi");
  assert.equal(findFramework([PAGES.other, PAGES.pydantic]), "fastapi");
  assert.equal(findFramework([PAGES.django]), "django");
  assert.equal(findFramework([PAGES.djangoServer]), "django");
  assert.equal(findFramework([PAGES.flask]), "flask");
  assert.equal(findFramework([null, PAGES.werkzeug]), "flask");
});

test("what others could have written as well says nothing", () => {
  assert.equal(findFramework([]), null);
  assert.equal(findFramework([PAGES.other, PAGES.ownJson, null]), null);
  assert.equal(findFramework([answered(422, '{"detail":[{"loc":"body"}]}')]), null);
});

test("server and version are told as the answers tell them", () => {
  assert.equal(whatServes([PAGES.other, null]), "nginx");
  assert.equal(
    whatServes([answered(200, "", { "x-app-version": "1.4.2" }), PAGES.starlette]),
    "uvicorn; x-app-version 1.4.2",
  );
  assert.equal(whatServes([PAGES.flask]), null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { flowFor, publicText, refusalOf, requestWith } from "../../../test/permissions/caller-requests.ts";
import { CREDENTIAL_CHARS_MAX, permissionDenied, readApiKey, readBearer } from "./credentials.ts";

const FLOW = flowFor("jwt");
const SECRET = "s3cret-Token.~+/_x==";

test("a bearer token is read in any letter case of the scheme and of the header's name", () => {
  for (const [name, scheme] of [
    ["Authorization", "Bearer"],
    ["authorization", "bearer"],
    ["AUTHORIZATION", "BEARER"],
    ["Authorization", "bEaReR  "],
  ] as const) {
    const shown = readBearer(FLOW, requestWith([name, `${scheme} ${SECRET}`]));
    assert.deepEqual(shown, { text: SECRET, header: "authorization" });
  }
});

test("a request without credentials is challenged by the name of the flow, and the challenge says no error", async () => {
  const refusal = await refusalOf(() => readBearer(FLOW, requestWith(["Host", "gate"])));
  assert.equal(refusal.code, "CREDENTIALS_MISSING");
  assert.equal(refusal.status, 401);
  assert.equal(refusal.details.challenge, 'Bearer realm="avatars"');
});

test("another scheme is no credential of the kind", async () => {
  for (const value of ["Basic dXNlcjpwYXNz", "Digest username=x", "Bearerx abc", "", "Bearer\tabc"]) {
    const refusal = await refusalOf(() => readBearer(FLOW, requestWith(["Authorization", value])));
    assert.equal(refusal.code, "CREDENTIALS_MISSING", value);
    assert.doesNotMatch(publicText(refusal), /dXNlcjpwYXNz/);
  }
});

test("a token in the query, in a cookie or in a header of another name is not looked at", async () => {
  const request = requestWith(
    ["Cookie", `access_token=${SECRET}`, "X-Access-Token", SECRET, "Proxy-Authorization", `Bearer ${SECRET}`],
    `/avatars?access_token=${SECRET}&token=${SECRET}&api_key=${SECRET}`,
  );
  for (const read of [readBearer, readApiKey])
    assert.equal((await refusalOf(() => read(FLOW, request))).code, "CREDENTIALS_MISSING");
});

test("two Authorization headers are ambiguous, also where they are equal or one is of another scheme", async () => {
  for (const second of [`Bearer ${SECRET}`, "Bearer other", "Basic dXNlcjpwYXNz"]) {
    const request = requestWith(["Authorization", `Bearer ${SECRET}`, "authorization", second]);
    for (const read of [readBearer, readApiKey]) {
      const refusal = await refusalOf(() => read(FLOW, request));
      assert.equal(refusal.code, "CREDENTIALS_AMBIGUOUS");
      assert.equal(refusal.status, 400);
    }
  }
});

test("two tokens in one header, a list, and an empty token are malformed, and nothing of them is said", async () => {
  for (const value of [
    `${SECRET}, Bearer b`,
    `${SECRET} b`,
    `${SECRET},b`,
    "",
    " ",
    `"${SECRET}"`,
    "=a",
    "é",
  ]) {
    const refusal = await refusalOf(() =>
      readBearer(FLOW, requestWith(["Authorization", `Bearer ${value}`])),
    );
    assert.equal(refusal.code, "CREDENTIALS_INVALID", value);
    assert.equal(
      refusal.details.challenge,
      'Bearer realm="avatars", error="invalid_token", error_description="The credential is malformed."',
    );
    assert.doesNotMatch(publicText(refusal), /s3cret/);
  }
});

test("a credential of the greatest length is read, and one that is longer is not", async () => {
  const longest = "a".repeat(CREDENTIAL_CHARS_MAX);
  assert.equal(readBearer(FLOW, requestWith(["Authorization", `Bearer ${longest}`])).text, longest);
  for (const headers of [
    ["Authorization", `Bearer ${longest}a`],
    ["X-API-Key", `${longest}a`],
  ]) {
    const refusal = await refusalOf(() => readApiKey(FLOW, requestWith(headers)));
    assert.equal(refusal.code, "CREDENTIALS_INVALID");
    assert.ok(publicText(refusal).length < 500, "the credential is not repeated");
  }
});

test("an API key is read from X-API-Key or from Authorization", () => {
  assert.deepEqual(readApiKey(FLOW, requestWith(["x-api-key", SECRET])), {
    text: SECRET,
    header: "x-api-key",
  });
  assert.deepEqual(readApiKey(FLOW, requestWith(["Authorization", `Bearer ${SECRET}`])), {
    text: SECRET,
    header: "authorization",
  });
});

test("an API key in two headers, of one name or of both, is ambiguous", async () => {
  for (const headers of [
    ["X-API-Key", SECRET, "X-Api-Key", SECRET],
    ["X-API-Key", SECRET, "Authorization", `Bearer ${SECRET}`],
    ["Authorization", "Basic dXNlcjpwYXNz", "X-API-Key", SECRET],
  ]) {
    const refusal = await refusalOf(() => readApiKey(FLOW, requestWith(headers)));
    assert.equal(refusal.code, "CREDENTIALS_AMBIGUOUS");
    assert.doesNotMatch(publicText(refusal), /s3cret|dXNlcjpwYXNz/);
  }
});

test("where an API key is missing, the answer says both ways to send one", async () => {
  const refusal = await refusalOf(() => readApiKey(FLOW, requestWith([])));
  assert.match(refusal.expected ?? "", /X-API-Key.*Authorization: Bearer/);
});

test("the token's header alone counts for a token: an X-API-Key beside it is the service's", () => {
  const request = requestWith(["X-API-Key", "of-the-service", "Authorization", `Bearer ${SECRET}`]);
  assert.equal(readBearer(FLOW, request).text, SECRET);
});

test("a 403 is challenged with the scope that would be enough, and no text can break out of its quotes", () => {
  const denied = permissionDenied(FLOW, 'Says "no"\\\r\nX: y', ["upload:write", "upload:big"]);
  assert.equal(denied.status, 403);
  assert.equal(
    denied.details.challenge,
    `Bearer realm="avatars", error="insufficient_scope", error_description="Says 'no''''X: y", scope="upload:write upload:big"`,
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readYaml } from "../../setup/yaml-source.ts";
import { draftFlow, nameFlow } from "./draft-flow.ts";
import type { UploadOperation } from "./upload-operations.ts";

const OPERATION: UploadOperation = {
  method: "POST",
  path: "/api/avatars",
  summary: "Set the avatar",
  protocol: "multipart",
  files: [{ name: "picture", types: ["image/png"], isList: false, countMax: 1, isOptional: false }],
  fields: [],
  status: 201,
  security: null,
};

test("flows are named after the fixed segments of their path", () => {
  const table: [string, string][] = [
    ["/api/avatars", "avatars"],
    ["/api/v1/users/{user}/avatar", "users-avatar"],
    ["/imports/{name}", "imports"],
    ["/Upload_File.php", "upload-file-php"],
    ["/{anything}", "upload"],
    ["/", "upload"],
    ["/api", "api"],
    ["/api/v2/{id}", "v2"],
    ["/files/api", "files-api"],
    ["/2024/müll", "m-ll"],
  ];
  for (const [path, name] of table) assert.equal(nameFlow({ ...OPERATION, path }, new Set()), name, path);
});

test("a name that is taken gets the method, then a number", () => {
  const taken = new Set<string>();
  const names = [1, 2, 3, 4].map(() => {
    const name = nameFlow(OPERATION, taken);
    taken.add(name);
    return name;
  });
  assert.deepEqual(names, ["avatars", "avatars-post", "avatars-post-2", "avatars-post-3"]);
});

test("who may send is left to a person, with what the document says beside it", () => {
  const notes = [
    [null, /caller: STILL-TO-WRITE +# public: the service itself checks/],
    ["bearer", /caller: STILL-TO-WRITE +# jwt: the gate checks the bearer token/],
    ["other", /caller: STILL-TO-WRITE +# public: the service itself checks who it is, as the document says/],
  ] as const;
  for (const [security, note] of notes)
    assert.match(draftFlow("avatars", { ...OPERATION, security }, "service"), note);
});

test("whatever the document says, a draft is YAML that says the same", () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom(":", "#", "'", '"', "{", "\\", "-", "é", "null", "\n"),
      fc.string({ maxLength: 1 }),
    ),
    maxLength: 20,
  });
  const name = text.filter((one) => one !== "" && one !== "__proto__");
  fc.assert(
    fc.property(name, text, text, text, (fieldName, path, summary, upstream) => {
      const [file] = OPERATION.files;
      assert.ok(file !== undefined);
      const clean = summary.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim();
      const operation = { ...OPERATION, path, summary: clean || null, files: [{ ...file, name: fieldName }] };
      const source = readYaml(draftFlow("avatars", operation, upstream), "flow.yaml", "FLOW_INVALID");
      assert.deepEqual(source.problems, []);
      const value = source.value as {
        summary: string;
        upstream: string;
        route: { path: string };
        accept: { files: object };
      };
      assert.equal(value.route.path, path);
      assert.equal(value.summary, clean || "STILL-TO-WRITE");
      assert.equal(value.upstream, upstream);
      assert.deepEqual(Object.keys(value.accept.files), [fieldName]);
    }),
    { numRuns: 300, verbose: 1 },
  );
});

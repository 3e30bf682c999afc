import assert from "node:assert/strict";
import { test } from "node:test";
import type { UploadId } from "../uploads/upload-id.ts";
import { deliveryHeaders } from "./delivery-headers.ts";
import type { DeliveryInput } from "./delivery-input.ts";

function principalHeader(principal: string): string | undefined {
  const input: DeliveryInput = {
    uploadId: "00000000000000000000000000" as UploadId,
    flow: "photos",
    policyVersion: "p1",
    principal,
    protocol: "raw",
    method: "PUT",
    route: "/photos",
    target: "/photos",
    audience: "http://127.0.0.1:8000",
    headers: [],
    parts: [],
  };
  const headers = deliveryHeaders(input, "forward", []);
  return headers[headers.indexOf("Sluicegate-Principal") + 1];
}

test("the service is told who sent it, in a text that cannot end the header or hide in it", () => {
  assert.equal(principalHeader("billing@example.com"), "billing@example.com");
  assert.equal(principalHeader("Jürgen\r\nX-Admin: 1"), "J%C3%BCrgen%0D%0AX-Admin:%201");
  assert.equal(principalHeader("100%"), "100%25");
  assert.equal(decodeURIComponent(principalHeader("名前 🙂") ?? ""), "名前 🙂");
});

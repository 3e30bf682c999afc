/**
 * Every error code of Sluicegate, in one table put together from one file a stage.
 *
 * `docs/errors.md` is generated from it; `test/documented-errors.test.ts` fails where the two differ.
 */
import type { ErrorCodeRow } from "./error-code-row.ts";
import { CONSOLE_CODES } from "./table/console.ts";
import { DELIVERY_CODES } from "./table/delivery.ts";
import { FILE_CODES } from "./table/file.ts";
import { PERMISSION_CODES } from "./table/permission.ts";
import { PROTOCOL_CODES } from "./table/protocol.ts";
import { REQUEST_CODES } from "./table/request.ts";
import { SETUP_CODES } from "./table/setup.ts";
import { STORE_CODES } from "./table/store.ts";

/** Where on the way of the data an error arises. */
export type Stage =
  | "request"
  | "permission"
  | "protocol"
  | "file"
  | "store"
  | "delivery"
  | "console"
  | "setup";

export const ERROR_CODES = {
  ...REQUEST_CODES,
  ...PERMISSION_CODES,
  ...PROTOCOL_CODES,
  ...FILE_CODES,
  ...STORE_CODES,
  ...DELIVERY_CODES,
  ...CONSOLE_CODES,
  ...SETUP_CODES,
} as const satisfies Record<string, ErrorCodeRow>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The codes by stage, in table order, for the documentation. */
export const CODES_BY_STAGE: Readonly<Record<Stage, Readonly<Record<string, ErrorCodeRow>>>> = {
  request: REQUEST_CODES,
  permission: PERMISSION_CODES,
  protocol: PROTOCOL_CODES,
  file: FILE_CODES,
  store: STORE_CODES,
  delivery: DELIVERY_CODES,
  console: CONSOLE_CODES,
  setup: SETUP_CODES,
};

/** Narrows text to a known code. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}

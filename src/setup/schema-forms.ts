/**
 * Keys that may be written in more than one form: in short or as a group, once or as a list.
 *
 * Always: what is wrong is told at the place where it stands, whichever form was chosen.
 */
import { z } from "zod";
import { editorSchemaOf } from "./editor-schema.ts";

const ITEMS_MAX = 20;

/** What was written once or as a list; a list of one is still a list. */
export interface OneOrMore<T> {
  readonly isList: boolean;
  readonly items: readonly T[];
}

/** Reads a group of keys with `long`, everything else with `short`. */
export function shortOrGroup<T>(short: z.ZodType<T>, long: z.ZodType<T>, description: string): z.ZodType<T> {
  const schema = z
    .unknown()
    .transform((written, context): T => parseAt(isGroup(written) ? long : short, written, [], context));
  const editor = { description, anyOf: [editorSchemaOf(short), editorSchemaOf(long)] };
  return schema.meta(editor) as unknown as z.ZodType<T>;
}

/**
 * Reads one item, or a list of them.
 * @param missing what to write in place of a list that is empty or too long.
 */
export function oneOrMore<T>(
  item: z.ZodType<T>,
  missing: string,
  description: string,
): z.ZodType<OneOrMore<T>> {
  const schema = z.unknown().transform((written, context): OneOrMore<T> => {
    if (!Array.isArray(written)) return { isList: false, items: [parseAt(item, written, [], context)] };
    if (written.length === 0 || written.length > ITEMS_MAX) {
      const message = `a list here has from 1 to ${ITEMS_MAX} items, this one has ${written.length}; ${missing}`;
      context.addIssue({ code: "custom", message, input: written });
      return z.NEVER;
    }
    return { isList: true, items: written.map((one, index) => parseAt(item, one, [index], context)) };
  });
  const one = editorSchemaOf(item);
  const list = { type: "array", minItems: 1, maxItems: ITEMS_MAX, items: one };
  return schema.meta({ description, anyOf: [one, list] }) as unknown as z.ZodType<OneOrMore<T>>;
}

function isGroup(written: unknown): boolean {
  return typeof written === "object" && written !== null && !Array.isArray(written);
}

/** Complaints of the inner schema become those of the outer one, `path` before theirs. */
function parseAt<T>(
  schema: z.ZodType<T>,
  written: unknown,
  path: readonly PropertyKey[],
  context: z.core.$RefinementCtx,
): T {
  const parsed = schema.safeParse(written);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    context.issues.push({ ...issue, path: [...path, ...issue.path], input: written } as z.core.$ZodRawIssue);
  }
  return z.NEVER;
}

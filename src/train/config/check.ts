import * as v from "valibot";
import { InputError } from "../../core/errors.ts";
import { quotedJson } from "../../core/quoted.ts";
import { suggestion } from "../../core/suggestion.ts";
import { trainOptionNames } from "../options/table.ts";

/**
 * Validates an untrusted value against a schema.
 *
 * @param naming Formats the path of a key for messages.
 * @throws {InputError} With the first issue, if the value is invalid.
 */
export function checked<const Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  naming: (key: string) => string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const key = v.getDotPath(issue) ?? "";
  if (issue.type === "strict_object" && issue.expected === "never") {
    const hint = suggestion(key, trainOptionNames) ||
      "; docs/config.schema.json lists the options";
    throw new InputError(`${naming(key)}: unknown option${hint}`);
  }
  // Valibot's own message: the object schema has no custom one.
  const isMissing = issue.message.startsWith("Invalid key: ") || issue.input === undefined;
  if (isMissing && key !== "") {
    throw new InputError(`${naming(key)}: is missing`);
  }
  // In JSON, NaN and infinities would be null.
  const found = typeof issue.input === "number" ? String(issue.input) : quotedJson(issue.input);
  throw new InputError(`${naming(key)}: expected ${issue.message}; found ${found}`);
}

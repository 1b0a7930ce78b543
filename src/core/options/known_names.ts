import { quotedJson } from "../quoted.ts";
import { suggestion } from "../suggestion.ts";

/**
 * Refuses options of a call that do not exist: one that is ignored, such as torchdiffeq's `method`, gives another
 * result without a word.
 *
 * @param caller Name of the public function, for the message.
 * @param elsewhere What names of other libraries, or other places of a name, are here.
 * @throws {RangeError} For the first that is unknown.
 */
export function requireKnown(
  caller: string,
  options: object,
  names: readonly string[],
  elsewhere: Readonly<Record<string, string>> = {},
): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const here = Object.hasOwn(elsewhere, unknown) ? elsewhere[unknown] : undefined;
  throw new RangeError(
    `${caller}: there is no option ${quotedJson(unknown)}` +
      (here === undefined ? suggestion(unknown, names) : `, give ${here}`),
  );
}

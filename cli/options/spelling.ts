import { asFlag, respelled } from "@fluxion/fluxion/options";
import type { CommandOptions } from "./option.ts";

/**
 * A message of the library with the options in it as they are typed. An option that the command
 * lacks keeps the library's spelling: it is nothing to type there.
 *
 * @param options Of the command that runs.
 */
export function asTypedOptions(message: string, options: CommandOptions): string {
  const known = Object.entries(options);
  return respelled(message, (name, value) => {
    const whole = known.find(([, { libraryName }]) => libraryName === `${name}: ${value}`);
    if (whole !== undefined) return asFlag(whole[0]);
    return Object.hasOwn(options, name) ? asFlag(name, value) : null;
  });
}

import { asFlag, respelled } from "@fluxion/fluxion/options";
import type { CommandOptions } from "./option.ts";

/**
 * Rewrites the options in a library message as they are typed on the command line. Options that the
 * command does not have keep the library's spelling.
 *
 * @param options Options of the running command.
 */
export function asTypedOptions(message: string, options: CommandOptions): string {
  const known = Object.entries(options);
  return respelled(message, (name, value) => {
    const whole = known.find(([, { libraryName }]) => libraryName === `${name}: ${value}`);
    if (whole !== undefined) return asFlag(whole[0]);
    return Object.hasOwn(options, name) ? asFlag(name, value) : null;
  });
}

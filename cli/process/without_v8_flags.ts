import { commandLine } from "@fluxion/fluxion/core";
import { programForm } from "../program_form.ts";

/** How to run the command of this process without flags of V8. */
export function withoutV8Flags(): string {
  const command = commandLine(Deno.args);
  switch (programForm()) {
    case "checkout":
      return "in the checkout's folder, env -u DENO_V8_FLAGS deno run -q --no-prompt -P=fluxion " +
        `cli/main.ts${command.slice("fluxion".length)}`;
    case "oneFile":
      // Its launcher leaves the flags out wherever there is a limit, 1 TB here.
      return `(ulimit -v 1000000000; env -u DENO_V8_FLAGS ${command})`;
    case "compiled":
      return "the flags are part of this file; run it from a checkout";
  }
}

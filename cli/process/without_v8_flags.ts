import { commandLine } from "@fluxion/fluxion/core";
import { programForm } from "../program_form.ts";

/** Command line that runs this process's command without V8 flags. */
export function withoutV8Flags(): string {
  const command = commandLine(Deno.args);
  switch (programForm()) {
    case "checkout":
      return "in the checkout's folder, env -u DENO_V8_FLAGS deno run -q --no-prompt -P=fluxion " +
        `cli/main.ts${command.slice("fluxion".length)}`;
    case "oneFile":
      // Its launcher omits the flags under an address space limit, here 1 TB.
      return `(ulimit -v 1000000000; env -u DENO_V8_FLAGS ${command})`;
    case "compiled":
      return "the flags are part of this file; run it from a checkout";
  }
}

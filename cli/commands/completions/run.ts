import { printLine } from "../../terminal/terminal.ts";
import type { Shell } from "./flags.ts";

/** One script a shell; each asks `fluxion __complete WORDS...` for what may follow. */
export const scripts = {
  bash: `_fluxion() {
  local IFS=$'\\n'
  COMPREPLY=($(fluxion __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _fluxion fluxion`,
  zsh: `#compdef fluxion
_fluxion() {
  local -a proposals
  local line
  for line in \${(f)"$(fluxion __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)"}; do
    proposals+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( $#proposals )); then _describe fluxion proposals; else _files; fi
}
compdef _fluxion fluxion`,
  // Without proposals the condition fails, and fish completes file names.
  fish: `function __fluxion_propose
  set -l typed (commandline -ct)
  set -g __fluxion_proposals (fluxion __complete (commandline -opc)[2..-1] "$typed" 2>/dev/null)
  test (count $__fluxion_proposals) -gt 0
end
complete -c fluxion -n __fluxion_propose -f -a '(string join \\n -- $__fluxion_proposals)'`,
} as const satisfies Readonly<Record<Shell, string>>;

/** `fluxion completions SHELL`. */
export function printScript(_flags: Readonly<Record<never, never>>, shell: Shell): Promise<void> {
  printLine(scripts[shell]);
  return Promise.resolve();
}

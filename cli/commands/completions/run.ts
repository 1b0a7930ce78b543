import { printLine } from "../../terminal/terminal.ts";
import type { Shell } from "./flags.ts";

/** One script a shell; each asks `fluxion __complete WORDS...` for what may follow. */
const scripts = {
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
  fish:
    `complete -c fluxion -a '(fluxion __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'`,
} as const satisfies Readonly<Record<Shell, string>>;

/** `fluxion completions SHELL`. */
export function printScript(_flags: Readonly<Record<never, never>>, shell: Shell): Promise<void> {
  printLine(scripts[shell]);
  return Promise.resolve();
}

import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { printLine } from "../../terminal/terminal.ts";

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
} as const;

type Shell = keyof typeof scripts;
const shells = Object.keys(scripts) as Shell[];

function parseShell(text: string): Shell {
  const shell = shells.find((name) => name === text);
  if (shell === undefined) throw new SyntaxError(`expected one of ${shells.join(", ")}`);
  return shell;
}

/** `fluxion completions SHELL`. */
export const completionsCommand = buildCommand<Record<never, never>, [Shell]>({
  func(_options, shell) {
    printLine(scripts[shell]);
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{
        brief: shells.join(", "),
        placeholder: "SHELL",
        parse: parseShell,
        proposeCompletions: (partial: string) => shells.filter((name) => name.startsWith(partial)),
      }],
    },
  },
  docs: {
    brief: "print a script that completes commands and options with the Tab key",
    fullDescription: describe("Prints a completion script for bash, zsh or fish.", [
      ['eval "$(fluxion completions bash)"', "in ~/.bashrc"],
      ['eval "$(fluxion completions zsh)"', "in ~/.zshrc, after compinit"],
      ["fluxion completions fish | source", "in ~/.config/fish/config.fish"],
    ]),
  },
});

import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { type Shell, shells } from "./flags.ts";

function parseShell(text: string): Shell {
  const shell = shells.find((name) => name === text);
  if (shell === undefined) throw new SyntaxError(`expected one of ${shells.join(", ")}`);
  return shell;
}

/** `fluxion completions SHELL`. */
export const completionsCommand = buildCommand<Record<never, never>, [Shell]>({
  loader: async () => (await import("./run.ts")).printScript,
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

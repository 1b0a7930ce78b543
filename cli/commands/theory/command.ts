import { buildCommand } from "@stricli/core";
import { suggestion } from "@fluxion/fluxion/core";
import { type TheoremName, theoremNames } from "@fluxion/fluxion/theory";
import { describe } from "../../help.ts";
import { checkFirst } from "../check_first.ts";
import { parametersOf } from "../../options/flags.ts";
import { checkTheory } from "./check.ts";
import { type TheoryFlags, theoryOptions } from "./flags.ts";

function parseName(typed: string): TheoremName {
  const known = theoremNames.find((name) => name === typed);
  if (known !== undefined) return known;
  const close = suggestion(typed, theoremNames);
  throw new SyntaxError(`no such theorem${close}; there are ${theoremNames.join(", ")}`);
}

/** `fluxion theory NAME`. */
export const theoryCommand = buildCommand<TheoryFlags, [TheoremName]>({
  loader: checkFirst(checkTheory, async () => (await import("./run.ts")).theory),
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{
        brief: theoremNames.join(", "),
        placeholder: "NAME",
        parse: parseName,
        proposeCompletions: (partial: string) =>
          theoremNames.filter((name) => name.startsWith(partial)),
      }],
    },
    ...parametersOf(theoryOptions),
  },
  docs: {
    brief: "print a theorem's derivation and check it numerically",
    fullDescription: describe(
      "Prints a derivation and checks its claims numerically; exit code 1 if one fails.\n" +
        "kfp: the continuity equation of flows is Kolmogorov-Fokker-Planck without noise.\n" +
        "ddpm: ancestral sampling is the Euler-Maruyama step of a reverse SDE.\n" +
        "fm-variance: the variance of a flow-matching path between two equal Gaussians.",
      [
        ["fluxion theory kfp --brief", "statement, idea of the proof, verdict"],
        ["fluxion theory kfp | less", "the derivation and the check"],
        ["fluxion theory ddpm --json | jq .slope", "one of the figures"],
        ["fluxion theory fm-variance --out pages", "a page and a picture"],
      ],
    ),
  },
});

import { type Application, buildApplication, buildRouteMap, text_en } from "@stricli/core";
import type { CommandContext } from "@stricli/core";
import { closeName, InputError } from "@fluxion/fluxion/core";
import { commandsFor } from "./commands/commands.ts";
import { version } from "./version.ts";
import { describe } from "./help.ts";

const docs = {
  brief: "continuous normalizing flows and flow matching",
  fullDescription: describe(
    "Fluxion trains and samples continuous normalizing flows (CNF) and flow-matching models " +
      "(FM).\nResults go to stdout, messages to stderr. Exit codes: 0 success, 1 failure, 2 bad " +
      "usage or input,\n130 Ctrl-C, 143 SIGTERM, 129 SIGHUP. Every command has --help.",
    [
      ["fluxion train cnf", "train a CNF on two moons; prints the run folder"],
      ["fluxion sample latest --out samples.png", "draw samples from the newest run"],
      ["fluxion eval latest", "its metrics, as JSON"],
      ["fluxion plot latest", "plot its density, trajectories and curves"],
      ["fluxion homework", "solve a homework on flow models and write its report"],
    ],
  ),
};

/**
 * Builds the program with the command that the arguments name, or with all commands.
 *
 * @param thrown Receives errors thrown by a command or the parser; the first one is the cause.
 */
export async function buildFluxion(
  args: readonly string[],
  thrown: (error: unknown) => void,
): Promise<Application<CommandContext>> {
  const keep = (error: unknown) => {
    thrown(error);
    return "";
  };
  const root = buildRouteMap({ routes: await commandsFor(args), docs });
  return buildApplication(root, {
    name: "fluxion",
    versionInfo: { currentVersion: `fluxion ${version}` },
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    documentation: { caseStyle: "convert-camel-to-kebab", disableAnsiColor: true },
    localization: {
      text: {
        ...text_en,
        noCommandRegisteredForInput: ({ input, corrections }) => {
          // The parser proposes distant names, too: import for frob.
          const names = corrections.map((name) => name.replaceAll("`", ""));
          const near = closeName(input, names);
          const hint = near === undefined ? "--help lists the commands" : `did you mean ${near}?`;
          return keep(new InputError(`unknown command ${input}; ${hint}`));
        },
        exceptionWhileParsingArguments: keep,
        exceptionWhileLoadingCommandFunction: keep,
        exceptionWhileLoadingCommandContext: keep,
        exceptionWhileRunningCommand: keep,
        exceptionWhileRunningIntegrationHook: ({ exception }) => keep(exception),
        exceptionWhileRunningIntegrationFlag: ({ exception }) => keep(exception),
        commandErrorResult: keep,
      },
    },
  });
}

// Every subcommand of the one file on a pseudo-terminal.
import { checkCases, checkInterrupts } from "../cli/_terminal_cases.ts";
import { buildProgram, onBareMachine, program } from "./_program.ts";

Deno.test.beforeAll(buildProgram);

Deno.test("dist/fluxion on a terminal asks nothing, leaves a clean screen and hears Ctrl-C", async () => {
  await onBareMachine(async ({ env, folder }) => {
    const variables = Object.entries({ ...env, TERM: "xterm" }).map((pair) => pair.join("="));
    const typed = (args: string) => `exec env -i ${variables.join(" ")} ${program} ${args}`;
    await checkCases(typed, folder);
    await checkInterrupts(typed, folder);
  });
});

// Every subcommand of the one file on a pseudo-terminal.
import { checkCases, checkInterrupts } from "../cli/_terminal_cases.ts";
import { onBareMachine, program } from "./_program.ts";

Deno.test("dist/fluxion on a terminal asks nothing, leaves a clean screen and hears Ctrl-C", async () => {
  await onBareMachine(async ({ env, folder }) => {
    const variables = Object.entries({ ...env, TERM: "xterm" }).map((pair) => pair.join("="));
    const typed = (args: string) => `exec env -i ${variables.join(" ")} ${program} ${args}`;
    // What it writes at other widths is the checkout's.
    await checkCases(typed, { cwd: folder, widths: [60] });
    await checkInterrupts(typed, folder);
  });
});

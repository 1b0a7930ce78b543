// The one file, as somebody runs it who has neither Deno nor Node: built once here, then started on
// bare machines (an empty home, an empty folder).
import { buildProgram } from "./_program.ts";
import "./_self_extracting.ts";
import "./_program_on_terminal.ts";
import "./_program_homework.ts";

Deno.test.beforeAll(buildProgram);

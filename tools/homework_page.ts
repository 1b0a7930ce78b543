/**
 * Writes docs/homework: the report of a homework as Markdown with pictures.
 *
 *   deno task fluxion homework --out homework
 *   deno task homework:page homework docs/homework/README.md
 *
 * Repeats the evaluations and pictures (minutes) but no training.
 */
import { homeworkCommandLine } from "../cli/commands/homework/command_line.ts";
import { homeworkDocument } from "../cli/commands/homework/document.ts";
import { readHomeworkOptions } from "../cli/commands/homework/folder.ts";
import { userPath } from "../cli/paths.ts";
import { reportPlace, writeReport } from "../src/report/pages/write_report.ts";
import { loadTheorem } from "../src/theory/theorems.ts";

const [folder, page] = Deno.args;
if (folder === undefined || page === undefined) {
  console.error("usage: deno task homework:page DIR FILE.md");
  Deno.exit(2);
}
const place = reportPlace(userPath(page));
const options = await readHomeworkOptions(userPath(folder));
const document = await homeworkDocument(userPath(folder), {
  options,
  loadTheorem,
  command: homeworkCommandLine(folder, options),
  onProgress: ({ done, total, label }) => console.error(`${done + 1}/${total} ${label}`),
});
await Deno.mkdir(new URL(".", `file://${place.path}`), { recursive: true });
await writeReport(document, place);

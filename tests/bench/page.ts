/**
 * The table of docs/benchmarks.md from a record, on standard output:
 *
 *   deno run --allow-read tests/bench/page.ts tests/bench/results/cpu-DATE.json
 */
import { markdownTable } from "./markdown_table.ts";

if (Deno.args.length !== 1) {
  console.error("usage: page.ts RECORD.json");
  Deno.exit(2);
}
console.log(markdownTable(JSON.parse(await Deno.readTextFile(Deno.args[0]!))));

import { memoryRoom, versions } from "../../backends/device_facts.ts";
import type { Section } from "./document.ts";
import { prose } from "../plan.ts";
import type { ReportOptions } from "../report_options.ts";
import { figuresTable } from "../run_context.ts";
import { gigabytes } from "../../core/bytes_text.ts";

/** Section that says how a report was made: program, machine and command. */
export async function colophon(
  { command, version, seed, folder }: ReportOptions,
): Promise<Section> {
  const { deno, v8, tfjs, platform } = await versions();
  return {
    id: "how-this-report-was-made",
    title: "How this report was made",
    outcome: null,
    blocks: [
      prose(
        "Everything on this page was computed on one machine by one program. " +
          (folder === undefined
            ? "The commands are to be run in the folder where the report was made."
            : `The commands are to be run in ${folder}.`) +
          " In a checkout of Fluxion, type `deno task fluxion` for `fluxion`.",
      ),
      {
        kind: "commands",
        items: [{ words: "Make this report again, from the same runs", command }],
      },
      figuresTable([
        ["Fluxion", version],
        ["Deno", `${deno} (V8 ${v8})`],
        ["TensorFlow.js", tfjs],
        ["Machine", `${platform}, ${navigator.hardwareConcurrency} cores`],
        ["Memory", gigabytes(memoryRoom().totalBytes)],
        ["Seed of the report", String(seed)],
      ]),
    ],
    sections: [],
  };
}

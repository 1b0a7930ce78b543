import { memoryRoom, versions } from "../../backends/device_facts.ts";
import type { Section } from "./document.ts";
import { prose } from "../plan.ts";
import type { ReportOptions } from "../report_options.ts";
import { figuresTable } from "../run_context.ts";
import { gigabytes } from "../../core/bytes_text.ts";
import { code } from "./format.ts";

/** Section that says how a report was made: program, machine and command. */
export function colophon({ command, version, seed }: ReportOptions): Section {
  const { deno, v8, tfjs, platform } = versions();
  return {
    id: "how-this-report-was-made",
    title: "How this report was made",
    outcome: null,
    blocks: [
      prose(
        "Everything on this page was computed on one machine by one program. To make it again " +
          `from the same runs: ${code(command)}`,
      ),
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

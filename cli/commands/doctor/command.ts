import { buildCommand } from "@stricli/core";
import { describe } from "../../help.ts";
import { parametersOf } from "../../options/flags.ts";
import { type DoctorFlags, doctorOptions } from "./flags.ts";

/** `fluxion doctor`. */
export const doctorCommand = buildCommand<DoctorFlags>({
  loader: async () => (await import("./run.ts")).doctor,
  parameters: parametersOf(doctorOptions),
  docs: {
    brief: "test this machine's backends and report their features",
    fullDescription: describe(
      "Tests each backend against known numbers and reports versions, adapters with features and " +
        "limits,\nthe backend that --backend auto would choose and why, a measured matmul, memory, " +
        "disk and the\ndata found. On a GPU, or with --backend webgpu, it takes some training steps and shows what each\n" +
        "program on the device takes of them. Exit code 1 if a backend that could be used computes wrongly.",
      [
        ["fluxion doctor", "the first thing to try when a GPU misbehaves"],
        ["fluxion doctor --json > report.json", "to send with a bug report"],
        ["fluxion doctor --backend webgpu", "training steps on a software adapter too"],
      ],
    ),
  },
});

/**
 * Program that trains small networks and samples them in the current folder, whose weights and
 * samples are compared bit for bit: `deno run [FLAGS OF V8] -A _train_and_sample.ts FOLDER`. It
 * writes `FOLDER/NAME/model.safetensors` and `FOLDER/NAME.samples` of each.
 */
import { loadRun, openDevice, sample, train, type TrainSpec } from "../../mod.ts";
import { inputs } from "../digests/cases.ts";

const quick = { backend: "cpu", sampleEvery: 0, evalEvery: 0 } as const;
const point = { model: "cnf", data: "moons", batchSize: 96, steps: 4, ...quick } as const;
const image = { model: "fm", data: inputs.images, batchSize: 8, steps: 3, ...quick } as const;

export const trainings: Readonly<Record<string, TrainSpec>> = {
  "an exact trace": { ...point, hidden: 64 },
  "a probed trace": { ...point, hidden: 36, trace: "hutchinson" },
  "the ResNet": { ...image, net: "resnet", filters: 16 },
  "the U-Net": { ...image, net: "unet", filters: 16 },
};

if (import.meta.main) {
  const [folder] = Deno.args;
  for (const [name, options] of Object.entries(trainings)) {
    await train(options, { run: `${folder}/${name}` });
    const { engines } = await openDevice("cpu");
    const { samples } = await sample((await loadRun(`${folder}/${name}`)).model, engines, {
      count: 20,
    });
    await Deno.writeFile(`${folder}/${name}.samples`, new Uint8Array(samples.slice().buffer));
  }
}

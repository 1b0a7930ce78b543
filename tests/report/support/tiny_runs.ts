import { fluxion } from "../../cli/_fluxion.ts";

/** Options of training runs that take one second each. */
const tiny = {
  cnf: ["cnf", "--hidden", "8", "--batch-size", "32", "--steps", "12"],
  "fm-points": ["fm", "--data", "moons", "--hidden", "8", "--batch-size", "64", "--steps", "20"],
  resnet: [
    ...["fm", "--net", "resnet", "--filters", "2", "--blocks", "1"],
    ...["--batch-size", "8", "--steps", "6"],
  ],
  unet: ["fm", "--net", "unet", "--filters", "4", "--batch-size", "8", "--steps", "6"],
} as const;

/** Trains a tiny run of a kind in `FOLDER/KIND`. */
export async function tinyRun(folder: string, kind: keyof typeof tiny): Promise<string> {
  const run = `${folder}/${kind}`;
  const { code, stderr } = await fluxion(
    ["train", ...tiny[kind], "--run", run, "--backend", "cpu", "--quiet"],
  );
  if (code !== 0) throw new Error(stderr);
  return run;
}

// The homework of somebody who has the one file and an empty folder.
import assert from "node:assert/strict";
import { withError } from "../../src/report/pages/format.ts";
import { names, onBareMachine, run } from "./_program.ts";

Deno.test("dist/fluxion does the homework, and goes on with one that was begun", async () => {
  await onBareMachine(async (machine) => {
    const folder = `${machine.folder}/homework`;
    // Begun with models so small that they are trained at once: what is trained is not trained again.
    await Deno.mkdir(`${folder}/runs`, { recursive: true });
    await Deno.writeTextFile(
      `${folder}/homework.json`,
      JSON.stringify({ format: 2, size: "quick", seed: 0, backend: "cpu" }),
    );
    for (
      const training of [
        "cnf --hidden 4 --batch-size 32 --run homework/runs/cnf-moons",
        "fm --net resnet --filters 2 --blocks 1 --batch-size 4 --solver euler --solver-steps 2 " +
        "--run homework/runs/fm-mnist",
        "fm --net unet --filters 4 --batch-size 4 --solver euler --solver-steps 2 " +
        "--run homework/runs/fm-mnist-unet",
      ]
    ) {
      const args = `train ${training} --steps 20 --backend cpu --quiet`.split(" ");
      const { code, stderr } = await run(machine, args);
      assert.equal(code, 0, stderr);
    }
    const args = ["homework", "--quick", "--backend", "cpu"];
    const { code, stdout, stderr } = await run(machine, args);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "homework\n");
    assert.equal(stderr.match(/^[a-z-]+: (\d+) of \1 claims hold$/gm)?.length, 3, stderr);
    assert.deepEqual(names(machine.folder), ["homework"]);
    assert.deepEqual(names(folder), [
      ...[".lock", "gradients.json", "homework.json", "report.html", "results.json", "runs"],
      ...["self_tests.json", "theory"],
    ]);
    const page = Deno.readTextFileSync(`${folder}/report.html`);
    const headings = [...page.matchAll(/<h[23][^>]*>(.*?)<\/h[23]>/gs)].map(([, words]) => words);
    for (const words of ["Kolmogorov-Fokker-Planck", "DDPM", "variance", "two moons", "MNIST"]) {
      assert.ok(headings.some((heading) => heading!.includes(words)), `${words}: ${headings}`);
    }
    // The report's figures are those of results.json.
    const { cnf, fm, fmUnet } = JSON.parse(Deno.readTextFileSync(`${folder}/results.json`));
    for (
      const figure of [
        withError(cnf.nllGap, cnf.nllGapStdErr),
        ...[fm, fmUnet].map(({ loss, lossStdErr }) => withError(loss, lossStdErr)),
      ]
    ) assert.ok(page.includes(figure), figure);
  });
});

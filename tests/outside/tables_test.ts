import assert from "node:assert/strict";
import { train as trainModel } from "../../src/train/train.ts";
import { fluxion, inFolder } from "../cli/_fluxion.ts";

const sixty = new URL("files/tables/sixty-points.csv", import.meta.url).pathname;

const train = [
  ...["train", "cnf", "--data", sixty, "--steps", "2000", "--batch-size", "48"],
  ...["--run", "run", "--backend", "cpu"],
];

Deno.test("a run on sixty points keeps the best weights, stops, resumes, and says all of it", () =>
  inFolder(async (folder) => {
    const run = (...args: string[]) => fluxion(args, { cwd: folder });
    const trained = await run(...train, "--patience", "8");
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(
      trained.stderr,
      /38 rows train, 10 validate every 34 steps; training stops after 8 validations without improv/,
    );
    assert.match(trained.stderr, /test loss [\d.]+, validation loss [\d.]+\n/);
    assert.match(trained.stderr, /\nstopped early, at step \d+ of 2000\n/);
    assert.match(
      trained.stderr,
      /\nlowest validation loss [\d.]+ at step \d+, test loss [\d.]+ there; these weights are the run's\nrun: finished in [\d.]+ s, peak/,
    );
    const metrics = JSON.parse(await Deno.readTextFile(`${folder}/run/metrics.json`));
    assert.equal(metrics.stoppedEarly, true);
    assert.deepEqual([metrics.testRows, metrics.validationRows], [12, 10]);
    const pictures = [...Deno.readDirSync(`${folder}/run/samples`)];
    assert.ok(pictures.length <= 21, `${pictures.length} pictures`);

    // The test rows' NLL of the kept weights, and of the last ones.
    const evaluated = async (...options: string[]) => {
      const { code, stdout, stderr } = await run("eval", "run", "--backend", "cpu", ...options);
      assert.equal(code, 0, stderr);
      return { ...JSON.parse(stdout), stderr };
    };
    const best = await evaluated("--weights", "best"), raw = await evaluated("--weights", "raw");
    const kept = await evaluated();
    assert.equal(kept.nll, best.nll);
    // The evaluation while training has the same solve and rows.
    assert.ok(Math.abs(kept.nll - metrics.testLoss) < 1e-9);
    // One Gaussian has 2.75. Two standard errors of twelve rows are 0.5.
    assert.ok(kept.nll < 2.9 && raw.nll > kept.nll + 0.05, `${kept.nll}, last ${raw.nll}`);
    // By hand, with numpy: mean, np.cov(..., bias=True) of the 48 training rows.
    assert.ok(Math.abs(kept.nllGaussian - 2.7514680168505716) < 1e-9, `${kept.nllGaussian}`);
    assert.match(
      raw.stderr,
      /^on these rows the model and one Gaussian .* are equal within .* is -?0\.\d+ \+- 0\.\d+ nats$/m,
    );

    const again = await run("train", "cnf", "--resume", "--run", "run");
    assert.match(
      again.stderr,
      new RegExp(`^run: finished already, at step ${metrics.steps}, stopped early of 2000; `),
    );
    const longer = ["train", "cnf", "--resume", "--run", "run", "--steps", "2001"];
    const more = await run(...longer, "--patience", "1");
    assert.equal(more.code, 0, more.stderr);
    assert.match(more.stderr, new RegExp(`run: from step ${metrics.steps} to 2001, `));
    assert.match(
      more.stderr,
      new RegExp(
        `finished in [\\d.]+ s \\(from step ${metrics.steps}; [\\d.]+ s in all sessions\\)`,
      ),
    );

    const refused = await run(...train.with(9, "other"), "--validation", "0", "--patience", "3");
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /^fluxion: --patience 3: does not apply: no rows validate; give --validation 0\.1 too/,
    );
  }));

Deno.test("train() refuses constant-column.csv by the column", async () => {
  const data = new URL("files/tables/constant-column.csv", import.meta.url).pathname;
  await assert.rejects(trainModel({ model: "cnf", data, backend: "cpu" }), {
    name: "InputError",
    message: /column 2 is constant, 3 in all \d+ training rows; .*`drop: 2`$/,
  });
});

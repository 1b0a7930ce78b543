import assert from "node:assert/strict";
import { encodeSafetensors } from "../../src/train/weights/safetensors.ts";
import { npyHeader } from "../../src/data/formats/npy.ts";
import { fluxion, inFolder, type Surroundings } from "./_fluxion.ts";

const onCpu = ["--backend", "cpu"];

/** An IDX header that declares `count` images of 2x2 pixels. */
function idxHeader(count: number): Uint8Array {
  const header = new DataView(new ArrayBuffer(16));
  [0x803, count, 2, 2].forEach((word, i) => header.setUint32(4 * i, word));
  return new Uint8Array(header.buffer);
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const files: Readonly<Record<string, string | Uint8Array>> = {
  "ragged.csv": "1,2\n3,4,5\n",
  "words.csv": "1,2\n3,four\n",
  "infinite.csv": "1,2\n3,inf\n",
  "empty.csv": "",
  "names-only.csv": "x,y\n",
  "constant.csv": `a,b\n${Array.from({ length: 20 }, (_, i) => `${i},3\n`).join("")}`,
  "few.csv": "1,2\n3,4\n".repeat(5),
  "short.idx": joined(idxHeader(1000), new Uint8Array(8)),
  "long.idx": joined(idxHeader(1), new Uint8Array(100)),
  "short.npy": joined(npyHeader([1_000_000_000, 2]), new Uint8Array(16)),
  "long.npy": joined(npyHeader([1, 2]), new Uint8Array(64)),
  "short.safetensors": joined(new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0]), new Uint8Array(9)),
  "strange.safetensors": encodeSafetensors({
    tensors: [{ name: "w", shape: [1], values: new Float32Array(1) }],
    metadata: {},
  }),
  "broken.json": "{",
  "unknown.json": '{ "leaning-rate": 1 }',
  "list.json": "[1]\n",
  "net.json": '{ "net": "transformer" }',
  "negative.json": '{ "lr": -1 }',
};

/** Invalid command lines, with the pattern of their one-line message. */
const cases: readonly (readonly [string[], RegExp, Surroundings?])[] = [
  [["train", "cnf", "--data", "moos"], /moos.*did you mean "?moons/],
  [["train", "cnf", "--data", "nothing.csv"], /nothing\.csv: no such file/],
  [["train", "cnf", "--hidden", "7"], /--hidden.* even .*7/],
  [["train", "fm", "--filters", "3"], /--filters.* even .*3/],
  [["train", "cnf", "--sigma-min", "0.1"], /--sigma-min 0\.1: does not apply/],
  [["train", "cnf", "--filters", "4"], /--filters 4: does not apply/],
  [["train", "fm", "--trace", "exact"], /--trace exact: does not apply/],
  [["train", "cnf", "--solver", "rk4", "--rtol", "1"], /--rtol 1: does not apply.*--solver-steps/],
  [["train", "cnf", "--probes", "gaussian"], /--probes gaussian: .*--trace hutchinson/],
  [["train", "cnf", "--data", "mnist"], /mnist.*points/],
  [["train", "fm", "--net", "mlp", "--data", "mnist"], /--net mlp.*unet or resnet/],
  [["train", "cnf", "--steps", "1", "--epochs", "1"], /--steps 1 and --epochs 1/],
  [["train", "cnf", "--data", "ragged.csv"], /ragged\.csv, line 2: expected 2 numbers, found 3/],
  [["train", "cnf", "--data", "words.csv"], /words\.csv, line 2, column 2: "four"/],
  [["train", "cnf", "--data", "infinite.csv"], /infinite\.csv, line 2, column 2: inf/],
  [["train", "cnf", "--data", "empty.csv"], /empty\.csv: contains no points/],
  [["train", "cnf", "--data", "names-only.csv"], /names-only\.csv: contains no points/],
  [["train", "cnf", "--data", "-"], /standard input: contains no points/, { stdin: "" }],
  [["train", "cnf", "--data", "constant.csv"], /constant\.csv: column "b" is constant.*--drop b/],
  [["train", "fm", "--standardize", "zscore"], /--standardize zscore: does not apply/],
  [["train", "fm", "--data", "short.idx"], /short\.idx.*4016.*24|short\.idx.*cut short/],
  [["train", "fm", "--data", "long.idx"], /long\.idx/],
  [["train", "fm", "--data", "short.npy"], /short\.npy.*cut short/],
  [["train", "fm", "--data", "long.npy"], /long\.npy.*too long/],
  [["train", "fm", "--no-binarize"], /mnist.*fluxion data fetch mnist.*FLUXION_DATA_DIR/],
  [["train", "fm", "--data", "kmnist"], /kmnist.*fluxion data fetch kmnist/],
  [["train", "cnf", "--init", "short.safetensors"], /short\.safetensors/],
  [["train", "cnf", "--init", "strange.safetensors"], /strange\.safetensors.*x_proj\.weight/],
  [["train", "cnf", "--init", "gone"], /gone: no such file/],
  [["train", "cnf", "--config", "gone.json"], /gone\.json: no such file/],
  [["train", "cnf", "--config", "broken.json"], /broken\.json: not JSON/],
  [["train", "cnf", "--config", "unknown.json"], /unknown\.json: leaning-rate: unknown option/],
  [["train", "cnf", "--config", "negative.json"], /negative\.json: lr: .* above 0.*-1/],
  [["train", "cnf", "--resume"], /no run/],
  [["train", "cnf", "--resume", "--run", "gone"], /gone.*config\.json/],
  [["train", "cnf", "--overwrite"], /--run/],
  [["train", "fm", "--net", "unit"], /--net unit: expected one of mlp, resnet, unet.*"unet"/],
  [["train", "fm", "--filters", "6"], /fluxion: --filters: .*multiple of 4, got 6; take 4 or 8/],
  [["train", "fm", "--blocks", "6"], /--blocks 6: does not apply.*--net resnet/],
  [["train", "cnf", "--config", "list.json"], /list\.json: expected an object .*; found \[1\]/],
  [
    ["train", "cnf", "--config", "net.json"],
    /net\.json: net: expected one of mlp, resnet, unet.*"transformer"/,
  ],
  [["train", "cnf", "--run", "few.csv"], /few\.csv: is a file/],
  [["train", "cnf", "--run", "/proc/nowhere/run"], /\/proc\/nowhere\/run: cannot be used/],
  [
    ["train", "cnf", "--backend", "webgpu"],
    /no WebGPU adapter.*mesa-vulkan-drivers/,
    { env: { DENO_WEBGPU_BACKEND: "none" } },
  ],
  [["sample", "latest", "--out", "x.csv"], /latest: there is no run/],
  [["sample", "gone", "--out", "x.csv"], /gone: there is no such run; fluxion runs lists/],
  [["sample", "latest"], /--out is missing/],
  [["sample", "latest", "--out", "x.jpg"], /x\.jpg: expected a name ending \.png, \.npy or \.csv/],
  [["sample", "latest", "--out", "gone/x.csv"], /there is no folder/],
  [["sample", "latest", "--out", "few.csv/x.csv"], /there is no folder .*few\.csv/],
  [["data", "preview", "moons", "--out", "few.csv/x.png"], /there is no folder .*few\.csv/],
  [["log-prob", "latest", "--points", "gone.csv"], /gone\.csv: no such file/],
  [["train", "cnf", "--data", "/dev/zero"], /\/dev\/zero: neither CSV nor NPY nor IDX/],
  [["train", "cnf", "--config", "/dev/zero"], /\/dev\/zero: exceeds the limit of 64 MiB/],
  [["train", "cnf", "--data", "-"], /standard input, line 1: longer than 8 MiB/, {
    stdin: "1".repeat(2 ** 24),
  }],
  [["import", "cnf", "/dev/zero"], /\/dev\/zero: .* its header declares 0 bytes/],
  [["import", "cnf", "gone.safetensors"], /gone\.safetensors: no such file/],
  [["import", "cnf", "short.safetensors"], /short\.safetensors/],
  [["import", "fm", "strange.safetensors"], /strange\.safetensors/],
  [["data", "preview", "moos"], /moos.*did you mean "?moons/],
  [["data", "fetch", "fashion"], /fashion.*fashion-mnist/],
  [["data", "fetch", "mnist", "--from", "gone"], /gone/],
];

for (const [args, words, around = {}] of cases) {
  Deno.test(`fluxion ${args.join(" ")} is refused and writes nothing`, () =>
    inFolder(async (folder) => {
      for (const [name, content] of Object.entries(files)) {
        const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
        if (args.includes(name)) await Deno.writeFile(`${folder}/${name}`, bytes);
      }
      const before = [...Deno.readDirSync(folder)].length;
      const backend = args[0] === "train" && !args.includes("--backend") ? onCpu : [];
      const { code, stdout, stderr } = await fluxion([...args, ...backend], {
        cwd: folder,
        ...around,
        env: { FLUXION_DATA_DIR: `${folder}/cache`, ...around.env },
      });
      assert.match(stderr, /^fluxion: [^\n]+\n$/);
      assert.match(stderr, words);
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.equal([...Deno.readDirSync(folder)].length, before);
    }));
}

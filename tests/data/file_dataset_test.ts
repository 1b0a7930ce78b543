import assert from "node:assert/strict";
import type { ImageDataset, PointDataset } from "../../src/data/dataset.ts";
import { openDataset } from "../../src/data/registry.ts";
import { readPoints } from "../../src/data/tables/point_rows.ts";
import { InputError } from "../../src/core/errors.ts";
import { encodeNpy, npyHeader } from "../../src/data/formats/npy.ts";
import { gzip, idxImages, idxLabels } from "./images/idx_files.ts";
import { inFolder } from "../support/in_folder.ts";

const options = { seed: 0, binarize: false, dataDir: null };
const text = (content: string) => new TextEncoder().encode(content);

const csv = Array.from({ length: 20 }, (_, i) => `${i},${10 * i},${100 * i}`).join("\n");

async function openPoints(name: string, change = {}): Promise<PointDataset> {
  const dataset = await openDataset(name, { ...options, ...change });
  assert.equal(dataset.kind, "points");
  return dataset as PointDataset;
}

async function openImages(name: string, change = {}): Promise<ImageDataset> {
  const dataset = await openDataset(name, { ...options, ...change });
  assert.equal(dataset.kind, "images");
  return dataset as ImageDataset;
}

const rejection = (name: string, change = {}) =>
  openDataset(name, { ...options, ...change }).then(
    () => assert.fail(`${name} was opened`),
    (error) => {
      assert.ok(error instanceof InputError, String(error));
      assert.doesNotMatch(error.message, /\n/);
      return error.message;
    },
  );

Deno.test("openDataset() splits a CSV file of any dimension, using each point once", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/points.csv`;
    await Deno.writeFile(path, text(csv));
    const { dims, train, test, density, draw } = await openPoints(path);
    assert.deepEqual([dims, train.count, test.count, density, draw], [3, 16, 4, null, null]);
    const points = [...train.points, ...test.points];
    const firsts = points.filter((_, i) => i % 3 === 0);
    assert.deepEqual(firsts.toSorted((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i));
    assert.notDeepEqual(firsts, firsts.toSorted((a, b) => a - b)); // shuffled
    firsts.forEach((x, i) => {
      assert.deepEqual(points.slice(3 * i, 3 * i + 3), [x, 10 * x, 100 * x]);
    });
    const other = await openPoints(path, { seed: 1 });
    assert.notDeepEqual(other.train.points, train.points);
  });
});

Deno.test("openDataset() reads the same points from CSV, NPY, gzip and standard input", async () => {
  await inFolder(async (folder) => {
    const { points } = await readPoints("-", {
      readStdin: () => ReadableStream.from([text(csv)]),
    });
    const npy = new Uint8Array(
      await new Blob(await Array.fromAsync(encodeNpy([20, 3], [Float32Array.from(points)])))
        .arrayBuffer(),
    );
    await Deno.writeFile(`${folder}/a.npy`, npy);
    await Deno.writeFile(`${folder}/a.csv.gz`, await gzip(text(csv)));
    const expected = (await openPoints("-", {
      readStdin: () => ReadableStream.from([text(csv)]),
    })).train;
    for (const name of ["a.npy", "a.csv.gz"]) {
      assert.deepEqual((await openPoints(`${folder}/${name}`)).train, expected, name);
    }
  });
});

Deno.test("openDataset() refuses files that are not data sets, in one line", async () => {
  await inFolder(async (folder) => {
    const write = async (name: string, content: Uint8Array) => {
      await Deno.writeFile(`${folder}/${name}`, content);
      return `${folder}/${name}`;
    };
    assert.match(await rejection(`${folder}/none.csv`), /none\.csv: no such file/);
    assert.match(await rejection(await write("e.csv", text(""))), /e\.csv: contains no points/);
    assert.match(
      await rejection(await write("few.csv", text("1,2\n3,4\n"))),
      /few\.csv: has 2 samples; at least 10 are needed/,
    );
    assert.match(await rejection(await write("a.npy", text(csv))), /a\.npy: not an NPY file/);
    assert.match(
      await rejection(await write("b.bin", new Uint8Array([1, 0, 2]))),
      /neither CSV nor NPY nor IDX/,
    );
    const zipped = await gzip(text(csv));
    assert.match(
      await rejection(await write("c.csv.gz", zipped.slice(0, zipped.length - 9))),
      /c\.csv\.gz: not a whole gzip file/,
    );
    const chunks = await Array.fromAsync(encodeNpy([20], [new Float32Array(20)]));
    const flat = new Uint8Array(await new Blob(chunks).arrayBuffer());
    assert.match(
      await rejection(await write("f.npy", flat)),
      /shape \(20,\); points need two axes/,
    );
    const holed = new Float32Array(20);
    holed[13] = NaN;
    const parts = await Array.fromAsync(encodeNpy([10, 2], [holed]));
    assert.match(
      await rejection(
        await write("h.npy", new Uint8Array(await new Blob(parts).arrayBuffer())),
      ),
      /h\.npy, row 7, column 2: "NaN" is a missing value/,
    );
    assert.match(await rejection("-"), /standard input cannot be read/);
    assert.match(
      await rejection(folder),
      /is a folder without PNG files; name a file in it, such as a.npy$/,
    );
  });
});

Deno.test("openDataset() stops at its limits for an endless file and a gzip bomb", async () => {
  await inFolder(async (folder) => {
    for (const name of ["zeros.csv", "zeros.npy", "zeros-images-idx3-ubyte"]) {
      // Deno.symlink() needs permission to read and write everywhere.
      const link = `ln -s /dev/zero ${folder}/${name}`;
      assert.ok((await new Deno.Command("sh", { args: ["-c", link] }).output()).success);
    }
    assert.match(await rejection(`${folder}/zeros.csv`), /neither CSV nor NPY nor IDX/);
    assert.match(await rejection(`${folder}/zeros.npy`), /not an NPY file/);
    assert.match(await rejection(`${folder}/zeros-images-idx3-ubyte`), /neither CSV nor/);
    await Deno.writeFile(`${folder}/line.csv.gz`, await gzip(text(",".repeat(4e7))));
    assert.match(
      await rejection(`${folder}/line.csv.gz`),
      /line\.csv\.gz, line 1: longer than 8 MiB/,
    );
    await Deno.writeFile(`${folder}/bomb.csv.gz`, await gzip(text("\n".repeat(4e7))));
    assert.match(
      await rejection(`${folder}/bomb.csv.gz`),
      /bomb\.csv\.gz: inflates to more than 200 times its size/,
    );
    const npy = new Uint8Array(4e7);
    npy.set(npyHeader([1e7, 1]));
    await Deno.writeFile(`${folder}/bomb.npy.gz`, await gzip(npy));
    assert.match(await rejection(`${folder}/bomb.npy.gz`), /inflates to more than 200 times/);
    await Deno.writeFile(`${folder}/large.csv`, text(csv));
    await Deno.truncate(`${folder}/large.csv`, 2 ** 31); // sparse
    assert.match(await rejection(`${folder}/large.csv`), /large\.csv: exceeds the limit of 1 GiB/);
    // The rest of the stream is closed, or the test's sanitizer would fail.
    const endless = () => ReadableStream.from(lines());
    function* lines() {
      for (;;) yield text("1,2\n3,four\n");
    }
    assert.match(await rejection("-", { readStdin: endless }), /line 2, column 2: "four"/);
  });
});

const grey = Uint8Array.from(
  { length: 12 * 6 },
  (_, i) => i % 6 === 0 ? 129 : i % 6 === 1 ? 128 : i,
);
const labels = Array.from({ length: 12 }, (_, i) => i);

Deno.test("openDataset() reads an IDX file of images with the labels beside it", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/my-images-idx3-ubyte.gz`;
    await Deno.writeFile(path, await gzip(idxImages({ height: 2, width: 3, grey })));
    assert.equal((await openImages(path)).train.labels, null);
    await Deno.writeFile(`${folder}/my-labels-idx1-ubyte`, idxLabels(labels));
    const { train, test, height, width, channels } = await openImages(path);
    assert.deepEqual([train.count, test.count, height, width, channels], [9, 3, 2, 3, 1]);
    const out = new Float32Array(2 * 6);
    test.read([2, 0], out);
    const original = [test.labels![2]!, test.labels![0]!];
    const expected = original.flatMap((image) => [...grey.subarray(6 * image, 6 * image + 6)]);
    assert.deepEqual(out, Float32Array.from(expected, (value) => value / 255));
    assert.deepEqual(
      [...train.labels!, ...test.labels!].toSorted((a, b) => a - b),
      labels,
    );
    assert.throws(() => test.read([3], new Float32Array(6)), RangeError);

    const { train: black } = await openImages(path, { binarize: true });
    black.read([0, 8], out); // above 128 is 1, 128 is 0
    assert.deepEqual([...out], [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);

    await Deno.writeFile(`${folder}/my-labels-idx1-ubyte`, idxLabels([1, 2]));
    assert.match(await rejection(path), /my-labels-idx1-ubyte: 2 labels for 12 images/);
  });
});

Deno.test("openDataset() reads a folder of IDX files, and downloaded sets by name", async () => {
  await inFolder(async (dataDir) => {
    const folder = `${dataDir}/kmnist`;
    assert.match(
      await rejection("kmnist", { dataDir }),
      /^kmnist: not on this machine \(looked in .*\); get them with "fluxion data fetch kmnist", .*--from DIR\|URL.*FLUXION_DATA_DIR/,
    );
    assert.match(await rejection("mnist"), /the grey values of mnist: not on this machine; get/);
    await Deno.mkdir(folder);
    const images = idxImages({ height: 2, width: 3, grey });
    await Deno.writeFile(`${folder}/train-images-idx3-ubyte.gz`, await gzip(images));
    await Deno.writeFile(`${folder}/train-labels-idx1-ubyte.gz`, await gzip(idxLabels(labels)));
    await Deno.writeFile(`${folder}/t10k-images-idx3-ubyte`, images);
    assert.match(
      await rejection(folder),
      /contains no t10k-labels-idx1-ubyte or t10k-labels.*\.gz/,
    );
    await Deno.writeFile(`${folder}/t10k-labels-idx1-ubyte`, idxLabels(labels));
    const byName = await openImages("kmnist", { dataDir });
    const byPath = await openImages(folder);
    assert.deepEqual([byName.name, byPath.name], ["kmnist", folder]);
    for (const { train, test } of [byName, byPath]) {
      assert.deepEqual([train.count, test.count], [12, 12]); // the files' split and order
      assert.deepEqual(test.labels, Uint8Array.from(labels));
    }
  });
});

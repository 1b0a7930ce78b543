import assert from "node:assert/strict";
import { InputError } from "../../../src/core/errors.ts";
import { encodePng } from "../../../src/core/png/encode_png.ts";
import type { ImageDataset, ImageTable } from "../../../src/data/dataset.ts";
import { readImageRows } from "../../../src/data/images/image_rows.ts";
import { openDataset, type OpenOptions } from "../../../src/data/registry.ts";
import { inFiles, picture } from "./_png_folder.ts";

const outside = new URL("../../outside/files/png/", import.meta.url).pathname;

/** Files by the names of a template, `from` to `to`. */
function several(
  template: string,
  count: number,
  of: (i: number) => Uint8Array | string,
): Record<string, Uint8Array | string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [template.replace("#", String(i)), of(i)]),
  );
}

async function open(folder: string, options: OpenOptions = {}): Promise<ImageDataset> {
  const dataset = await openDataset(folder, { split: "ordered", ...options });
  assert.equal(dataset.kind, "images");
  return dataset as ImageDataset;
}

function shell(command: string): void {
  assert.ok(new Deno.Command("sh", { args: ["-c", command] }).outputSync().success, command);
}

/** A symbolic link; Deno.symlink() needs permission to read and write everywhere. */
function link(target: string, path: string): void {
  shell(`ln -s "${target}" "${path}"`);
}

/** Value `pixel` of every image, as a byte. */
function bytesAt({ height, width, channels }: ImageDataset, table: ImageTable, pixel: number) {
  const size = height * width * channels, out = new Float32Array(table.count * size);
  table.read(Array.from({ length: table.count }, (_, i) => i), out);
  return Array.from({ length: table.count }, (_, i) => Math.round(255 * out[i * size + pixel]!));
}

Deno.test("openDataset() reads the PNG files of a folder in natural order, and counts the others", () =>
  inFiles({
    ...several("img#.png", 12, (i) => picture(10 * i)),
    "IMG20.PNG": picture(200),
    ".DS_Store": "x",
    "._img3.png": "x",
    "notes.txt": "x",
    "old.jpg": "x",
    "more/a.png": picture(7),
  }, async (folder) => {
    const dataset = await open(`${folder}`);
    const { height, width, channels, reading, identity, train, test } = dataset;
    assert.deepEqual([height, width, channels], [2, 3, 1]);
    assert.deepEqual([train.count, test.count, train.labels], [10, 3, null]);
    // Capitals come first; img2 comes before img10.
    const expected = [200, ...Array.from({ length: 12 }, (_, i) => 10 * i)];
    const found = [...bytesAt(dataset, train, 1), ...bytesAt(dataset, test, 1)];
    assert.deepEqual(found, expected);
    assert.deepEqual(reading, {
      binarize: false,
      words: "values from 0 to 200, read as 0 (black) to 255 (white); " +
        "left out: 1 other file, 1 JPEG file, 1 folder",
    });
    assert.equal(identity!.rows, 13);
    assert.equal(identity!.columns, 6);
  }));

Deno.test("openDataset() gives pictures one channel if none has a colour, else three", async () => {
  const grey = several("a#.png", 10, (i) => i % 2 ? picture(10 * i) : picture(i, i, i));
  await inFiles(grey, async (folder) => {
    const { channels, reading } = await open(folder);
    assert.equal(channels, 1);
    assert.match(reading!.words, /; stored in colour, all of them grey$/);
    const asColour = await open(folder, { channels: 3 });
    assert.equal(asColour.channels, 3);
    for (const channel of [3, 4, 5]) {
      assert.deepEqual(bytesAt(asColour, asColour.train, channel), [0, 10, 2, 30, 4, 50, 6, 70]);
    }
  });
  await inFiles({ ...grey, "b.png": picture(9, 200, 31) }, async (folder) => {
    const mixed = await open(folder);
    assert.equal(mixed.channels, 3);
    assert.deepEqual(bytesAt(mixed, mixed.train, 4), [0, 10, 2, 30, 4, 50, 6, 70]);
    assert.deepEqual([3, 4, 5].map((at) => bytesAt(mixed, mixed.test, at).at(-1)), [9, 200, 31]);
    await assert.rejects(() => open(folder, { channels: 1 }), /b\.png: is in colour, and grey/);
  });
});

Deno.test("openDataset() reads one folder of every kind of PNG, transparency over white", async () => {
  const dataset = await open(outside);
  const expected = JSON.parse(await Deno.readTextFile(`${outside}expected.json`));
  const names = Object.keys(expected).sort((a, b) => `${a}.png` < `${b}.png` ? -1 : 1);
  assert.match(
    dataset.reading!.words,
    /; transparency over white; 16 bits rounded to 256 levels; left out: 2 other files$/,
  );
  for (const at of [0, 100, 188]) {
    const found = [
      ...bytesAt(dataset, dataset.train, at),
      ...bytesAt(dataset, dataset.test, at),
    ];
    // Natural order: pillow-1 comes before pillow-I16, as in ASCII.
    names.forEach((name, i) =>
      assert.ok(Math.abs(found[i]! - expected[name].rgb[at]) <= 1, `${name}, value ${at}`)
    );
  }
  await inFiles(
    several("#.png", 10, () => Deno.readFileSync(`${outside}magick-grey2.png`)),
    async (folder) => assert.equal((await open(folder)).channels, 1),
  );
});

Deno.test("openDataset() takes subfolders as classes, unless they are a split", async () => {
  const classes = {
    ...several("cat/#.png", 5, (i) => picture(i)),
    ...several("dog/#.png", 5, (i) => picture(10 + i)),
    "cat/deeper/x.png": picture(0),
    "empty/notes.txt": "x",
  };
  await inFiles(classes, async (folder) => {
    const { train, test, reading } = await open(folder);
    assert.deepEqual([...train.labels!, ...test.labels!], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    assert.match(reading!.words, /; 2 subfolders as classes; left out: 1 other file, 1 folder$/);
  });
  const split = {
    ...several("train/cat/#.png", 10, (i) => picture(i)),
    ...several("val/cat/#.png", 4, (i) => picture(20 + i)),
    ...several("test/cat/#.png", 3, (i) => picture(30 + i)),
  };
  await inFiles(split, async (folder) => {
    await assert.rejects(
      () => open(folder),
      /is split already, into train and test; give the folder .*\/train as the data and .*\/test/,
    );
    const given = await openDataset(`${folder}/train`, { testData: `${folder}/test` });
    assert.deepEqual([given.train.count, given.test.count], [10, 3]);
  });
});

Deno.test("openDataset() names the picture that does not fit, and what a folder has instead", async () => {
  const grey = several("#.png", 10, (i) => picture(i));
  const other = picture(9).slice();
  const cases: readonly (readonly [Record<string, Uint8Array | string>, RegExp])[] = [
    [{ ...grey, "a.png": picture(3).slice(0, 60) }, /\/a\.png: it is cut short: .*save it again/],
    [{ ...grey, "a.png": "" }, /\/a\.png: is empty; take it out/],
    [{ ...grey, "a.png": "\xff\xd8\xffJPEG" }, /\/a\.png: is no PNG file; take it out/],
    [{ ...grey, "a.png": Uint8Array.of(255, 216, 255, 0) }, /\/a\.png: is a JPEG picture; take/],
    [{ "a.jpg": "x", "b.jpg": "x" }, /contains 2 JPEG files and no PNG; .*mogrify .* \*\.jpg$/],
    [{ "c/a.jpeg": "x" }, /contains 1 JPEG file and no PNG/],
    [{ "points.csv": "1,2" }, /without PNG files; name a file in it, such as points\.csv$/],
    [{}, /: is empty; a folder of data holds PNG files of one size, .*train-images-idx3-ubyte/],
    [{ "notes.txt": "x" }, /: contains no PNG files; a folder of data holds PNG files of one/],
    [several("#.png", 9, (i) => picture(i)), /has 9 samples; at least 10 are needed/],
    [{ "train-images-idx3-ubyte": other }, /no train-labels-idx1-ubyte|IDX|truncated|train-images/],
  ];
  for (const [files, message] of cases) {
    await inFiles(files, (folder) =>
      assert.rejects(() => open(folder), (error) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, message);
        return true;
      }));
  }
  const wide = encodePng(new Uint8Array(8), { width: 4, height: 2 });
  await inFiles({ ...grey, "5.png": wide }, (folder) =>
    assert.rejects(
      () => open(folder),
      /\/5\.png: is 2 x 4 pixels \(height x width\), and .*\/0\.png is 2 x 3; all need one size/,
    ));
  await inFiles(grey, async (folder) => {
    link(`${folder}/3.png`, `${folder}/three.png`);
    const { train, test } = await open(folder);
    assert.equal(train.count + test.count, 11);
    link(`${folder}/nothing`, `${folder}/gone.png`);
    await assert.rejects(() => open(folder), /\/gone\.png: is a link to nothing; take it out/);
  });
  const large = picture(1);
  new DataView(large.buffer).setUint32(16, 8000); // of 8 bits: 64 MB
  new DataView(large.buffer).setUint32(20, 8000);
  await inFiles({ ...grey, "0.png": large }, (folder) =>
    assert.rejects(
      () => open(folder),
      /\/0\.png: declares 8000 x 8000 pixels, 64000000 bytes, in a file of \d+; the limit is 200 t/,
    ));
  await inFiles(grey, async (folder) => {
    link("self", `${folder}/self`);
    assert.equal((await open(folder)).train.count, 8, "a loop without the name of a picture");
    link("loop.png", `${folder}/loop.png`);
    await assert.rejects(() => open(folder), /\/loop\.png: is a link to nothing; take it out/);
  });
  await inFiles(grey, async (folder) => {
    shell(`mkfifo "${folder}/pipe"`);
    assert.equal((await open(folder)).train.count, 8, "a pipe without the name of a picture");
    shell(`mv "${folder}/pipe" "${folder}/pipe.png"`);
    await assert.rejects(() => open(folder), /\/pipe\.png: is no regular file; take it out/);
    shell(`mv "${folder}/pipe.png" "${folder}/pipe"`);
    link("pipe", `${folder}/pipe.png`);
    await assert.rejects(() => open(folder), /\/pipe\.png: is no regular file; take it out/);
  });
  await assert.rejects(() => open(`${outside}pillow-L.png`), /is a PNG picture; .*folder of PNG/);
});

/** Runs with system calls that refuse some paths: tests may run as a user who is refused nothing. */
async function refusing(isRefused: (path: string) => boolean, work: () => Promise<void>) {
  const { stat, readDir } = Deno;
  const refuse = (path: string | URL) => {
    if (isRefused(String(path))) throw new Deno.errors.PermissionDenied("Permission denied");
  };
  try {
    Deno.stat = async (path) => (refuse(path), await stat(path));
    Deno.readDir = (path) => (refuse(path), readDir(path));
    await work();
  } finally {
    Object.assign(Deno, { stat, readDir });
  }
}

Deno.test("openDataset() names the folder that may not be read", () =>
  inFiles(several("a/#.png", 10, picture), async (folder) => {
    const isInside = (path: string) => path.startsWith(`${folder}/`);
    await refusing(isInside, () =>
      assert.rejects(open(folder), {
        message: `${folder}: cannot be read; check its permissions`,
      }));
    await refusing((path) => path === `${folder}/a`, () =>
      assert.rejects(open(folder), {
        message: `${folder}/a: cannot be read; check its permissions`,
      }));
  }));

Deno.test("the SHA-256 of a folder is that of the names and bytes of its pictures", async () => {
  const files = several("#.png", 10, (i) => picture(i));
  const sha = async (files: Record<string, Uint8Array | string>) => {
    let found = "";
    await inFiles(files, async (folder) => {
      found = (await open(folder)).identity!.sha256;
      assert.equal((await open(`${folder}/`)).identity!.sha256, found);
    });
    return found;
  };
  const own = await sha(files);
  assert.equal(await sha({ ...files, "notes.txt": "x" }), own);
  assert.notEqual(await sha({ ...files, "3.png": picture(99) }), own);
  const { "3.png": third, ...others } = files;
  assert.notEqual(await sha({ ...others, "33.png": third! }), own);
});

Deno.test("readImageRows() reads a folder of pictures, or one, as the model takes them", () =>
  inFiles({ "a.png": picture(10), "b.png": picture(200), "c.txt": "x" }, async (folder) => {
    const image = { height: 2, width: 3, channels: 1 };
    const { rows, reading } = await readImageRows(`${folder}/`, { image, binarize: false });
    assert.deepEqual([rows.length, rows[1], rows[7]], [
      12,
      ...[10, 200].map((v) => Math.fround(v / 255)),
    ]);
    assert.match(
      reading!,
      /: 2 images of 2 x 3, values from 10 to 200, .*; left out: 1 other file$/,
    );
    const one = await readImageRows(`${folder}/b.png`, {
      image: { ...image, channels: 3 },
      binarize: true,
    });
    assert.deepEqual([...one.rows.subarray(3)], Array(15).fill(1));
    assert.match(one.reading!, /^b\.png: 1 image of 2 x 3 x 3, /);
    const small = { height: 2, width: 2, channels: 1 };
    await assert.rejects(
      () => readImageRows(folder, { image: small, binarize: false }),
      /contains images of 1x2x3; 1x2x2 are needed/,
    );
  }));

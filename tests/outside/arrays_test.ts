import assert from "node:assert/strict";
import { InputError } from "../../src/core/errors.ts";
import { readArray } from "../../src/data/formats/array_file.ts";
import { npyHeader } from "../../src/data/formats/npy.ts";
import { readInput } from "../../src/data/input_file.ts";
import { readPoints } from "../../src/data/tables/point_rows.ts";
import { refusalsIn } from "./_refusal.ts";

const files = new URL("./files/", import.meta.url).pathname;
const truth = await readPoints(`${files}csv/truth.npy`);

const refusal = refusalsIn(files);

/** The points of a file of bytes. */
function pointsOf(bytes: Uint8Array<ArrayBuffer>) {
  return readPoints("-", { readStdin: () => ReadableStream.from([bytes]) });
}

Deno.test("readPoints() reads every NPY file that numpy reads, whoever wrote it", async () => {
  const isTruth: Readonly<Record<string, boolean>> = {
    "f4_plain.npy": true,
    "fortran.npy": true,
    "z.npz": true,
    "a_b1.npy": false,
    "a_be_f4.npy": false,
    "a_le_f2.npy": false,
    "a_le_f8.npy": false,
    "be_i2.npy": false,
    "cnpy_u1.npy": false,
  };
  for (const [name, same] of Object.entries(isTruth)) {
    const { points, count, dims } = await readPoints(`${files}npy/${name}`);
    assert.deepEqual([count, dims], [200, 2], name);
    assert.ok(points.every(Number.isFinite), name);
    if (same) assert.deepEqual(Float32Array.from(points), Float32Array.from(truth.points), name);
  }
  const read = async (name: string) => (await readPoints(`${files}npy/${name}`)).points;
  const float64 = await read("a_le_f8.npy");
  assert.deepEqual(await read("a_be_f4.npy"), Float64Array.from(Float32Array.from(float64)));
  assert.deepEqual(await read("a_le_f2.npy"), Float64Array.from(Float16Array.from(float64)));
  assert.deepEqual(await read("a_b1.npy"), float64.map((value) => value === 0 ? 0 : 1));
  assert.match(
    await refusal(readPoints(`${files}npy/struct.npy`)),
    /npy\/struct\.npy: a structured NPY array \(fields "x", "y"\); save a plain one/,
  );
});

/** An NPY file of one row of two items. */
function npy(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = npyHeader([1, 2]);
  const at = String.fromCharCode(...header).indexOf("'<f4'");
  const text = String.fromCharCode(...header.subarray(10)).replace("'<f4'", type)
    .trimEnd().padEnd(header.length - 11) + "\n";
  assert.ok(at > 0);
  const body = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  return Uint8Array.of(...header.subarray(0, 10), ...body, ...data);
}

Deno.test("readNpy() reads every real type in both byte orders", async () => {
  const types: Readonly<Record<string, (view: DataView, at: number, big: boolean) => void>> = {
    i1: (view, at) => view.setInt8(at, at + 1),
    u1: (view, at) => view.setUint8(at, at + 1),
    i2: (view, at, big) => view.setInt16(at, at / 2 + 1, !big),
    u2: (view, at, big) => view.setUint16(at, at / 2 + 1, !big),
    i4: (view, at, big) => view.setInt32(at, at / 4 + 1, !big),
    u4: (view, at, big) => view.setUint32(at, at / 4 + 1, !big),
    i8: (view, at, big) => view.setBigInt64(at, BigInt(at / 8 + 1), !big),
    u8: (view, at, big) => view.setBigUint64(at, BigInt(at / 8 + 1), !big),
    f2: (view, at, big) => view.setUint16(at, at === 0 ? 0x3c00 : 0x4000, !big),
    f4: (view, at, big) => view.setFloat32(at, at / 4 + 1, !big),
    f8: (view, at, big) => view.setFloat64(at, at / 8 + 1, !big),
  };
  for (const [type, write] of Object.entries(types)) {
    for (const order of ["<", ">", "=", "|", ""]) {
      const size = Number(type[1]);
      const data = new Uint8Array(2 * size), view = new DataView(data.buffer);
      for (const at of [0, size]) write(view, at, order === ">");
      const { points } = await pointsOf(npy(`'${order}${type}'`, data));
      assert.deepEqual([...points], [1, 2], order + type);
    }
  }
  assert.deepEqual([...(await pointsOf(npy('"|b1"', Uint8Array.of(0, 1)))).points], [0, 1]);
  const others: Readonly<Record<string, RegExp>> = {
    "'<c8'": /complex numbers, type "<c8"/,
    "'<c16'": /complex numbers/,
    "'|O'": /Python objects/,
    "'<U3'": /text, type "<U3"/,
    "'|S3'": /text/,
    "'<M8[ns]'": /dates \(datetime64\)/,
    "'<m8[s]'": /time spans/,
    "'<f16'": /extended precision \(longdouble\)/,
    "'|V2'": /bfloat16/,
    "'<x9'": /elements that are not known, type "<x9"/,
  };
  for (const [type, message] of Object.entries(others)) {
    assert.match(await refusal(pointsOf(npy(type, new Uint8Array(2)))), message, type);
  }
});

Deno.test("readArray() reads IDX of every type and one to four axes", async () => {
  const array = (name: string) => readInput(`${files}idx/${name}`, readArray);
  const float = await array("float-idx3");
  assert.deepEqual([float?.shape, float?.called], [[60, 8, 8], "IDX of float32, 3 axes"]);
  assert.ok(float!.values.every((value) => value >= 0 && value <= 1));
  const colour = await array("rgb-idx4");
  assert.deepEqual([colour?.shape, colour?.called], [[60, 3, 8, 8], "IDX of uint8, 4 axes"]);
  const bits = await array("zero-one-images-idx3-ubyte");
  const mean = [...bits!.values].reduce((sum, value) => sum + value, 0) / bits!.values.length;
  assert.ok(Math.abs(mean - 0.498) < 5e-4, String(mean));
  // Points have two axes.
  assert.match(
    await refusal(readPoints(`${files}idx/float-idx3`)),
    /idx\/float-idx3: IDX of float32, 3 axes; points need two axes/,
  );
  const types: readonly (readonly [code: number, size: number])[] = [
    ...[[8, 1], [9, 1], [11, 2], [12, 4], [13, 4], [14, 8]] as const,
  ];
  for (const [code, size] of types) {
    const bytes = new Uint8Array(12 + 4 * size), view = new DataView(bytes.buffer);
    view.setUint32(0, code << 8 | 2);
    view.setUint32(4, 2);
    view.setUint32(8, 2);
    for (let i = 0; i < 4; i++) {
      const at = 12 + i * size;
      if (code === 14) view.setFloat64(at, i);
      else if (code === 13) view.setFloat32(at, i);
      else view.setUint8(at + size - 1, i);
    }
    assert.deepEqual([...(await pointsOf(bytes)).points], [0, 1, 2, 3], String(code));
    assert.match(await refusal(pointsOf(bytes.slice(0, -1))), /it is cut short/);
  }
});

/** Written by numpy 2.4.6. */
const byNumpy = {
  // numpy.savez(f, numpy.arange(6.).reshape(3, 2))
  one:
    "UEsDBC0AAAAAAAAAIQCOE9Q0//////////8JABQAYXJyXzAubnB5AQAQALAAAAAAAAAAsAAAAAAAAACTTlVNUFkBAHYAeydkZXNjcic6ICc8ZjgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywgMiksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCgAAAAAAAAAAAAAAAAAA8D8AAAAAAAAAQAAAAAAAAAhAAAAAAAAAEEAAAAAAAAAUQFBLAQItAy0AAAAAAAAAIQCOE9Q0sAAAALAAAAAJAAAAAAAAAAAAAACAAQAAAABhcnJfMC5ucHlQSwUGAAAAAAEAAQA3AAAA6wAAAAAA",
  // numpy.savez_compressed(f, x=numpy.arange(6.).reshape(3, 2))
  compressed:
    "UEsDBC0AAAAIAAAAIQCOE9Q0//////////8FABQAeC5ucHkBABAAsAAAAAAAAABXAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6CkaaOgq1CmQDLgYU8MEeynCAUBxQWgBKizgAAFBLAQItAy0AAAAIAAAAIQCOE9Q0VwAAALAAAAAFAAAAAAAAAAAAAACAAQAAAAB4Lm5weVBLBQYAAAAAAQABADMAAACOAAAAAAA=",
  // numpy.savez_compressed(f, train=numpy.zeros((3, 2)), test=numpy.zeros((1, 2)))
  two:
    "UEsDBC0AAAAIAAAAIQACoXc3//////////8JABQAdHJhaW4ubnB5AQAQALAAAAAAAAAASQAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOgpGmjoKtQpkAy4GEgEAUEsDBC0AAAAIAAAAIQCr2cYX//////////8IABQAdGVzdC5ucHkBABAAkAAAAAAAAABJAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GoY6CkaaOgq1CmQDLgY0AABQSwECLQMtAAAACAAAACEAAqF3N0kAAACwAAAACQAAAAAAAAAAAAAAgAEAAAAAdHJhaW4ubnB5UEsBAi0DLQAAAAgAAAAhAKvZxhdJAAAAkAAAAAgAAAAAAAAAAAAAAIABhAAAAHRlc3QubnB5UEsFBgAAAAACAAIAbQAAAAcBAAAAAA==",
};

Deno.test("readPoints() reads an NPZ file of one array, and lists several", async () => {
  for (const base64 of [byNumpy.one, byNumpy.compressed]) {
    const bytes = Uint8Array.fromBase64(base64);
    const { points, count } = await pointsOf(bytes);
    assert.deepEqual([count, [...points]], [3, [0, 1, 2, 3, 4, 5]]);
    // Whatever byte is wrong, what is read is right or refused.
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0x41;
      try {
        assert.deepEqual([...(await pointsOf(damaged)).points], [0, 1, 2, 3, 4, 5]);
      } catch (error) {
        assert.ok(error instanceof InputError, String(error));
      }
    }
    assert.match(await refusal(pointsOf(bytes.slice(0, -30))), /not a whole ZIP archive/);
  }
  assert.match(
    await refusal(pointsOf(Uint8Array.fromBase64(byNumpy.two))),
    /an NPZ file of 2 arrays \("train", "test"\); save one alone/,
  );
});

Deno.test("readPoints() names other formats by their first bytes, and what to do", async () => {
  const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const cases: readonly (readonly [start: string, message: RegExp])[] = [
    ["\x89HDF\r\n\x1a\n\0", /is an HDF5 file; .*h5py/],
    ["MATLAB 5.0 MAT-file, Platform: GLNXA64", /is a MATLAB file; .*writematrix/],
    ["ARROW1\0\0\xff\xff", /is an Arrow \(Feather\) file; .*read_feather/],
    ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", /is an Excel workbook; .*read_excel/],
    ["\x80\x04\x95\x03\0\0\0\0\0\0\0K\x01.", /is a Python pickle; .*numpy\.save/],
    ["X\n\0\0\0\x03", /is an R object \(RDS\); .*write\.csv/],
    ["RDX3\nX\n\0", /is an R workspace/],
    ["SQLite format 3\0", /is an SQLite database/],
    ["\x89PNG\r\n\x1a\n\0", /is a PNG picture/],
    ["\x28\xb5\x2f\xfd\0", /is compressed by zstd; decompress it first/],
    ['[{"x": 1}]', /is JSON; .*read_json/],
    ['{"x": [1, 2]}', /is JSON/],
    ["<!DOCTYPE html>\n<html>", /is a page of HTML; download the file itself/],
    ['<table border="1">\n', /is a table of HTML; .*read_html/],
    ["<?xml version='1.0'?>\n<data>", /is XML; .*read_xml/],
    ['{"x":1,"y":2}\n{"x":3,"y":4}\n', /an object per line; .*lines=True/],
    ['{"columns":["x"],"index":[0],"data":[[1]]}', /JSON of pandas; .*orient="split"/],
    ["[[ 1.5 -2.5]\n [ 3.   4. ]]\n", /is an array as numpy prints it/],
    ["|    |   x |\n|---:|----:|\n|  0 | 1.5 |\n", /is a table drawn with lines/],
    ["  x  |  y\n-----+-----\n 1.5 | 2\n", /is a table drawn with lines/],
    ["+-----+---+\n| x   | y |\n+-----+---+\n", /is a table drawn with lines/],
    ["\\begin{tabular}{rr}\n", /is LaTeX/],
    ["1 1:0.5 2:0.3\n-1 1:0.2\n", /is a LIBSVM .*load_svmlight_file/],
    ["A\n3\n262912\n197888\n5\nUTF-8\n", /is an R object/],
    ["cnumpy._core.multiarray\n_reconstruct\np0\n", /is a Python pickle/],
    ["ORC\x08\x03", /is an ORC file; .*read_orc/],
    ["r\x02\x01\0\x02\0", /is a Stata file/],
    ["ply\nformat ascii 1.0\n", /is a point cloud/],
    ["SIMPLE  =                    T", /is a FITS file/],
    [`a.csv${"\0".repeat(252)}ustar\x0000`, /is a TAR archive/],
    ["\0\0\x08\x05\0\0\0\x01", /IDX of uint8, 5 axes: not read; at most 4 are/],
    ["PK\x05\x06" + "\0".repeat(18), /is an empty ZIP archive/],
    ["% iris\n@RELATION iris\n", /is an ARFF file/],
    ["version https://git-lfs.github.com/spec/v1\n", /pointer to a file in Git LFS/],
  ];
  for (const [start, message] of cases) {
    assert.match(await refusal(pointsOf(latin1(start))), message, start);
  }
});

Deno.test("readPoints() says how to save arrays of other shapes, and sparse ones", async () => {
  const header = npyHeader([3], "<f8");
  const flat = new Uint8Array([...header, ...new Uint8Array(24)]);
  assert.match(
    await refusal(pointsOf(flat)),
    /an array of shape \(3,\); points need two axes, .*array\.reshape\(-1, 1\)/,
  );
  const table = new Uint8Array([...npyHeader([1, 2], "<f8"), ...new Uint8Array(16)]);
  assert.match(
    await refusal(pointsOf(new Uint8Array([...table, ...table]))),
    /too long: if it holds several arrays, save one alone/,
  );
});

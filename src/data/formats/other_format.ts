import { InputError } from "../../core/errors.ts";
import { isNpz } from "./npz.ts";
import type { ZipEntry } from "./zip.ts";

/** A file format that is not read as data: what it is, and what to do. */
export interface OtherFormat {
  /** As in "an Excel workbook". */
  readonly what: string;
  readonly remedy: string;
}

/** The error for a file of such a format. */
export function notRead(place: string, { what, remedy }: OtherFormat): InputError {
  return new InputError(`${place}: is ${what}; ${remedy}`);
}

const toCsv = (reader: string) =>
  `save it as CSV, in Python: ${reader}.to_csv("points.csv", index=False)`;
const decompress = "decompress it first";
const pictures =
  "points are needed, as CSV, NPY or Parquet; pictures are read as a folder of PNG " +
  "files of one size";

const excel = {
  what: "an Excel workbook",
  remedy: toCsv('pandas.read_excel("FILE")'),
};

const stata = { what: "a Stata file", remedy: toCsv('pandas.read_stata("FILE")') };
const rds = {
  what: "an R object (RDS)",
  remedy: 'save it as CSV, in R: write.csv(x, "points.csv", row.names = FALSE)',
};
const netCdf = { what: "a NetCDF file", remedy: "save a variable of it as CSV or NPY" };
const pointCloud = {
  what: "a point cloud (PLY or PCD)",
  remedy: 'save its points alone, in Python: numpy.save("points.npy", points)',
};
const pickle = {
  what: "a Python pickle",
  remedy: 'save the array alone, in Python: numpy.save("points.npy", numpy.asarray(x))',
};

/** Formats by their first bytes: text, or bytes where a text cannot hold them. */
const starts: readonly (readonly [start: string, format: OtherFormat])[] = [
  ["\x89HDF\r\n\x1a\n", {
    what: "an HDF5 file",
    remedy:
      'save one data set of it, in Python: numpy.save("points.npy", h5py.File("FILE")["NAME"][:])',
  }],
  ["MATLAB 7.3 MAT-file", {
    what: "a MATLAB file (version 7.3)",
    remedy: 'save the matrix as CSV, in MATLAB: writematrix(X, "points.csv")',
  }],
  ["MATLAB 5.0 MAT-file", {
    what: "a MATLAB file",
    remedy: 'save the matrix as CSV, in MATLAB: writematrix(X, "points.csv")',
  }],
  ["ARROW1", { what: "an Arrow (Feather) file", remedy: toCsv('pandas.read_feather("FILE")') }],
  ["PARE", { what: "an encrypted Parquet file", remedy: "write it without encryption" }],
  ["ORC", { what: "an ORC file", remedy: toCsv('pandas.read_orc("FILE")') }],
  ["Obj\x01", { what: "an Avro file", remedy: "save its rows as CSV" }],
  ["CDF\x01", netCdf],
  ["CDF\x02", netCdf],
  ["CDF\x05", netCdf],
  ["SIMPLE  =", {
    what: "a FITS file",
    remedy: toCsv('astropy.table.Table.read("FILE").to_pandas()'),
  }],
  ["ply\n", pointCloud],
  ["ply\r", pointCloud],
  ["# .PCD", pointCloud],
  ["\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x60", {
    what: "a SAS file",
    remedy: toCsv('pandas.read_sas("FILE")'),
  }],
  ["FEA1", { what: "a Feather file", remedy: toCsv('pandas.read_feather("FILE")') }],
  ["\xff\xff\xff\xff", {
    what: "an Arrow stream",
    remedy: toCsv('pyarrow.ipc.open_stream("FILE").read_pandas()'),
  }],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", excel],
  ["SQLite format 3\0", {
    what: "an SQLite database",
    remedy: "export a table as CSV: sqlite3 -header -csv FILE 'select * from TABLE'",
  }],
  ["X\n\0\0\0", rds],
  ["RDX2\n", {
    what: "an R workspace",
    remedy: 'save the table as CSV, in R: write.csv(x, "points.csv", row.names = FALSE)',
  }],
  ["RDX3\n", {
    what: "an R workspace",
    remedy: 'save the table as CSV, in R: write.csv(x, "points.csv", row.names = FALSE)',
  }],
  ["\x89PNG\r\n\x1a\n", { what: "a PNG picture", remedy: pictures }],
  ["\xff\xd8\xff", { what: "a JPEG picture", remedy: pictures }],
  ["GIF8", { what: "a GIF picture", remedy: pictures }],
  ["%PDF-", { what: "a PDF document", remedy: pictures }],
  ["BZh", { what: "compressed by bzip2", remedy: `${decompress}, or use gzip` }],
  ["\xfd7zXZ\0", { what: "compressed by xz", remedy: `${decompress}, or use gzip` }],
  ["\x28\xb5\x2f\xfd", { what: "compressed by zstd", remedy: `${decompress}, or use gzip` }],
  ["\x04\x22\x4d\x18", { what: "compressed by lz4", remedy: `${decompress}, or use gzip` }],
  ["7z\xbc\xaf\x27\x1c", { what: "a 7z archive", remedy: decompress }],
  ["Rar!", { what: "a RAR archive", remedy: decompress }],
  ["<stata_dta>", stata],
  ["$FL2", { what: "an SPSS file", remedy: toCsv('pandas.read_spss("FILE")') }],
];

/** Formats of text, by how they begin. */
const texts: readonly (readonly [start: RegExp, format: OtherFormat])[] = [
  [/^\s*\[\s*\[\s*[-+]?[\d.]+(?:e[-+]?\d+)?\s+[-+]?[\d.]/i, {
    what: "an array as numpy prints it, which leaves out digits and rows",
    remedy: 'save it, in Python: numpy.save("points.npy", x)',
  }],
  [/^\s*\{[^{}[\]]*\}\s*\n\s*\{/, {
    what: "JSON, an object per line",
    remedy: toCsv('pandas.read_json("FILE", lines=True)'),
  }],
  [/^\s*\{\s*"columns"\s*:\s*\[/, {
    what: "JSON of pandas",
    remedy: toCsv('pandas.read_json("FILE", orient="split")'),
  }],
  [/^\s*(?:\{|\[\s*[[{"\d-])/, {
    what: "JSON",
    remedy: toCsv('pandas.read_json("FILE")'),
  }],
  [/^\s*<table/i, {
    what: "a table of HTML",
    remedy: toCsv('pandas.read_html("FILE")[0]'),
  }],
  [/^\s*<\?xml/i, { what: "XML", remedy: toCsv('pandas.read_xml("FILE")') }],
  [/^\s*<(?:!doctype|!--|html|head|body|meta|div|script|svg)/i, {
    what: "a page of HTML",
    remedy: "download the file itself",
  }],
  [/^\s*\\(?:begin|documentclass|toprule|hline)\b/, {
    what: "LaTeX",
    remedy: "save the table as CSV",
  }],
  // Markdown, Org mode and SQL clients: a line of dashes above or below the names.
  [/^(?:[^\n]*\n)?\s*(?:[|+][-|+: ]*-{2,}[-|+: ]*|-{3,}[+|][-+|]*)\r?\n/, {
    what: "a table drawn with lines, as Markdown and SQL clients write it",
    remedy: "save it as CSV",
  }],
  [/^[-+\d.]+(?: \d+:[-+\d.e]+)+[^\S\n]*(?:#[^\n]*)?\n/i, {
    what: "a LIBSVM (SVMlight) file",
    remedy:
      'save the points as an array, in Python: numpy.save("points.npy", sklearn.datasets.load_svmlight_file("FILE")[0].toarray())',
  }],
  [/^A\r?\n[23]\r?\n\d+\r?\n\d+\r?\n/, rds],
  // Protocol 0: the name of a class to make.
  [/^c(?:numpy|pandas|torch|collections|copy_?reg|builtins|__builtin__)[.\w]*\n\w+\n/, pickle],
  [/^\s*(?:%[^\n]*\n\s*)*@relation\s/i, {
    what: "an ARFF file",
    remedy: "delete the lines above @data, and @data itself",
  }],
  [/^version https:\/\/git-lfs\.github\.com\//, {
    what: "a pointer to a file in Git LFS",
    remedy: "fetch the file itself: git lfs pull",
  }],
];

/**
 * Recognises a file that is no data file of Fluxion's by its first bytes.
 *
 * @param head The first bytes.
 * @returns null if it is none of those that are known.
 */
export function otherFormat(head: Uint8Array): OtherFormat | null {
  const start = String.fromCharCode(...head.subarray(0, 24));
  const byStart = starts.find(([mark]) => start.startsWith(mark))?.[1];
  if (byStart !== undefined) return byStart;
  if (isPickle(head)) {
    return pickle;
  }
  if (isSafetensors(head)) {
    return {
      what: "a safetensors file, which holds weights",
      remedy: 'save the array alone, in Python: numpy.save("points.npy", x)',
    };
  }
  // Stata before version 13: version, byte order, file type 1, 0.
  const [version = 0, order = 0] = head;
  const isVersion = version === 105 || version >= 108 && version <= 115;
  if (isVersion && (order === 1 || order === 2) && head[2] === 1 && head[3] === 0) return stata;
  if (String.fromCharCode(...head.subarray(257, 262)) === "ustar") {
    return { what: "a TAR archive", remedy: "unpack it and name a file in it" };
  }
  const text = new TextDecoder().decode(head);
  return texts.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

/** Protocol 2 to 5 (PROTO and the version, then an opcode), which every Python 3 writes. */
function isPickle(head: Uint8Array): boolean {
  return head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5 && head.length > 2;
}

function isSafetensors(head: Uint8Array): boolean {
  return head.length > 10 && head.subarray(4, 8).every((byte) => byte === 0) &&
    head[8] === 0x7b && head[9] === 0x22;
}

/** What a ZIP archive is that holds no NPY arrays; null if it holds nothing else. */
export function otherArchive(entries: readonly ZipEntry[]): OtherFormat | null {
  if (isNpz(entries)) return null;
  const has = (pattern: RegExp) => entries.some(({ name }) => pattern.test(name));
  if (has(/^xl\//)) return excel;
  if (has(/^content\.xml$/)) {
    return { what: "an OpenDocument spreadsheet", remedy: toCsv('pandas.read_excel("FILE")') };
  }
  if (entries.length === 0) return { what: "an empty ZIP archive", remedy: "save it again" };
  if (has(/(?:^|\/)data\.pkl$/)) {
    return {
      what: "a PyTorch pickle",
      remedy: 'save the tensor as an array, in Python: numpy.save("points.npy", x.numpy())',
    };
  }
  return {
    what: "a ZIP archive",
    remedy: "unpack it and name a file in it, or its folder of PNG files",
  };
}

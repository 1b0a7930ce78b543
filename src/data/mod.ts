/**
 * Data sets: built-in densities, files (CSV, NPY, IDX), folders of PNG files, downloads. Loads no tensor library.
 *
 * @module
 */
export type {
  DataCurve,
  DataIdentity,
  Dataset,
  DatasetFiles,
  ImageDataset,
  ImageReading,
  ImageTable,
  KnownDensity,
  PointDataset,
  PointFile,
  PointRows,
  PointTable,
  TableReading,
} from "./dataset.ts";
export { datasetNames } from "./dataset_names.ts";
export { type DataOptions, openDataset, type OpenOptions } from "./registry.ts";
export { type ImageRows, type ImageRowsOptions, readImageRows } from "./images/image_rows.ts";
export { imageReadingWords } from "./images/reading_words.ts";
export { type PixelLevels, pixelLevels } from "./images/pixel_levels.ts";
export { type OwnPoints, pointDataset } from "./point_dataset.ts";
export { fileKind, noSuchFile } from "./input_file.ts";
export { naturalOrder } from "../core/files/natural_order.ts";
export type { CsvOptions } from "./formats/csv.ts";
export type { FirstLine } from "./formats/csv_header.ts";
export type { ColumnKind, DequantizedKind } from "./tables/kinds/column_kind.ts";
export type { TableOptions } from "./tables/table_builder.ts";
export type { ColumnArgument, ColumnChoice, DroppedColumn, TableColumn } from "./tables/columns.ts";
export { type PointsOptions, readPoints, type ReadStdin } from "./tables/point_rows.ts";
export { type ReadingDetails, readingWords } from "./tables/reading_words.ts";
export type { RoundedColumn } from "./tables/rounded_integers.ts";
export { categoryNumbers } from "./tables/kinds/categories.ts";
export { logProbName, sampleNames } from "./tables/column_choice.ts";
export { encodeCsv, float32Digits } from "./formats/csv.ts";
export { encodeNpy, type NpyFloat } from "./formats/npy.ts";
export { type DatasetEntry, listDatasets } from "./downloads/catalogue.ts";
export { dataDirectory } from "./downloads/data_directory.ts";
export {
  fetchDataset,
  type FetchOptions,
  type FetchProgress,
  type FetchResult,
} from "./downloads/fetch.ts";
export type { DownloadPatience } from "./downloads/download.ts";
export { type FileCheck, verifyDataset } from "./downloads/verify.ts";

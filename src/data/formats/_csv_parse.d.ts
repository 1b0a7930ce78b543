import type { Transform } from "node:stream";

// What csv.ts uses of csv-parse. Its own types bring all of Node's types with them, half of which
// Deno cannot resolve.

/** What is known of the lines that were read. */
export interface Info {
  /** Lines that gave fields. */
  records: number;
  /** Lines that were skipped. */
  empty_lines: number;
  /** Where the last one ended, from 1. */
  readonly lines: number;
}

/** Takes bytes; a record that `on_record` makes null does not come out. */
export interface Parser extends Transform {
  readonly info: Info;
}

/** A parser of CSV with the options of csv-parse 7. */
export function parse(options: {
  readonly bom: boolean;
  readonly encoding: "utf8";
  readonly record_delimiter: readonly string[];
  readonly ltrim: boolean;
  readonly relax_quotes: boolean;
  readonly relax_column_count: boolean;
  readonly skip_empty_lines: boolean;
  readonly on_record: (fields: string[], info: Info) => null;
}): Parser;

/** What the parser finds wrong. */
export class CsvError extends Error {}

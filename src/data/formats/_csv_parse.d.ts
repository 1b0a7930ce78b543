import type { Transform } from "node:stream";

// The parts of csv-parse that csv.ts uses. Its own types pull in all of Node's types, half of which
// Deno cannot resolve.

/** Statistics of the lines read so far. */
export interface Info {
  /** Lines that produced a record. */
  records: number;
  /** Lines that were skipped. */
  empty_lines: number;
  /** Lines that were comments. */
  comment_lines: number;
  /** Number of the line at which the last record ended, from 1. */
  readonly lines: number;
}

/** A byte stream parser; records for which `on_record` returns null are not emitted. */
export interface Parser extends Transform {
  readonly info: Info;
}

/** Creates a CSV parser with options of csv-parse 7. */
export function parse(options: {
  readonly bom: boolean;
  readonly comment: string;
  readonly comment_no_infix: boolean;
  readonly delimiter: string | readonly string[];
  readonly encoding: "utf8";
  readonly record_delimiter: readonly string[];
  readonly ltrim: boolean;
  readonly relax_quotes: boolean;
  readonly relax_column_count: boolean;
  readonly skip_empty_lines: boolean;
  readonly on_record: (fields: string[], info: Info) => null;
}): Parser;

/** A parse error. */
export class CsvError extends Error {}

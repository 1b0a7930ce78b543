import { duration, oneLine } from "@fluxion/fluxion/core";
import { columns } from "./columns.ts";
import { drawLine, drawsInPlace, eraseLine, paint, sayLine } from "./terminal.ts";

/** Progress of some work. */
export interface ProgressState {
  readonly done: number;
  readonly total: number;
  /** Progress label, such as the current loss; read only where it is shown. */
  readonly label: string;
  /** Share of the work that is done, where its parts take different times; default `done / total`. */
  readonly share?: number;
  /** Remaining time as text; extrapolated from the speed so far by default. */
  readonly left?: string;
}

/** A progress display on stderr. */
export interface Progress {
  update(state: ProgressState): void;
  /** Clears the bar so that other lines can be written. */
  clear(): void;
}

const BAR_CELLS = 14;
const REDRAW_MS = 100;
const PLAIN_LINE_MS = 10_000;

/**
 * A bar that is redrawn in place on a terminal; elsewhere a plain line every ten seconds; nothing
 * with `--quiet`.
 *
 * @param options.what Unit of the counts, such as `step`.
 * @param options.plain Print lines on a terminal too, because other output is written there.
 */
export function showProgress(
  options: {
    readonly what: string;
    readonly quiet?: boolean;
    readonly plain?: boolean;
  },
): Progress {
  if (options.quiet) return { update: () => {}, clear: () => {} };
  const terminal = drawsInPlace() && !options.plain;
  const started = performance.now();
  let shown = terminal ? -Infinity : started;
  let first: { share: number; at: number } | null = null;
  return {
    update(state) {
      const { done, total, share = done / total } = state;
      const now = performance.now();
      // A resumed run does not start at 0, so measure the speed from the first update.
      first ??= { share, at: now };
      if (now - shown < (terminal ? REDRAW_MS : PLAIN_LINE_MS)) return;
      shown = now;
      const { label, left } = state;
      const rate = (share - first.share) / (now - first.at);
      const extrapolated = rate > 0 ? `${estimate((1 - share) / rate / 1000)} left` : "";
      const text = oneLine(
        [`${options.what} ${done}/${total}`, left ?? extrapolated, label]
          .filter((part) => part !== "").join(", "),
      );
      if (!terminal) return sayLine(text);
      // Some terminals wrap a line that fills the last column; reserve two more for an echoed ^C.
      drawLine(barLine(text, { fraction: share, width: Math.max(1, columns() - 3) }));
    },
    clear: eraseLine,
  };
}

/** The bar, followed by as many of the comma-separated parts of `text` as fit. */
function barLine(
  text: string,
  { fraction, width }: { readonly fraction: number; readonly width: number },
): string {
  const room = width - BAR_CELLS - 1;
  const parts = text.split(", ");
  while (parts.length > 1 && parts.join(", ").length > room) parts.pop();
  const shown = parts.join(", ");
  if (shown.length > room) return shown.slice(0, width);
  const full = Math.round(BAR_CELLS * Math.min(1, fraction));
  return paint("green", "█".repeat(full), Deno.stderr) +
    paint("dim", "░".repeat(BAR_CELLS - full), Deno.stderr) + ` ${shown}`;
}

/** An estimated duration in words: whole seconds. */
export function estimate(seconds: number): string {
  return seconds < 10 ? `${Math.round(seconds)} s` : duration(seconds);
}

import { oneLine } from "@fluxion/fluxion/core";
import { drawLine, drawsInPlace, eraseLine, paint, writeMessage } from "./terminal.ts";

/** How far a piece of work is. */
export interface ProgressState {
  readonly done: number;
  readonly total: number;
  /** What else is to be known now, such as the loss. */
  readonly words: string;
  /** How long it will take yet, in words; without it, as long as the speed so far says. */
  readonly left?: string;
}

/** Shows how far work is, on stderr. */
export interface Progress {
  update(state: ProgressState): void;
  /** Clears the bar, so that other lines can be written. */
  clear(): void;
}

const BAR_CELLS = 14;
const REDRAW_MS = 100;
const PLAIN_LINE_MS = 10_000;

/**
 * A bar that is redrawn in place on a terminal; elsewhere a plain line every
 * ten seconds, and nothing at all with `--quiet`.
 *
 * @param options.what What the numbers count, such as `step`.
 * @param options.plain Lines on a terminal too, whatever else is written there.
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
  let first: { done: number; at: number } | null = null;
  return {
    update({ done, total, words, left }) {
      const now = performance.now();
      // The first report may stand anywhere (a resumed run), so speed counts from there.
      first ??= { done, at: now };
      if (now - shown < (terminal ? REDRAW_MS : PLAIN_LINE_MS)) return;
      shown = now;
      const rate = (done - first.done) / (now - first.at);
      const extrapolated = rate > 0 ? `${duration((total - done) / rate / 1000)} left` : "";
      const text = oneLine(
        [`${options.what} ${done}/${total}`, left ?? extrapolated, words]
          .filter((part) => part !== "").join(", "),
      );
      if (!terminal) return writeMessage(`${text}\n`);
      // Some terminals wrap a line that fills the last column; two more are for an echoed ^C.
      drawLine(barLine(text, { fraction: done / total, width: Math.max(1, columns() - 3) }));
    },
    clear: eraseLine,
  };
}

/** The bar and as much of `text`, whose parts are separated by commas, as fits beside it. */
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

/** Width of the terminal; some report none. */
export function columns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

/** Seconds as people say them: `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

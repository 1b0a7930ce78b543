import { normals, philox, radii, toFloat32 } from "../../../core/random/random_kernels.as";
import { LANES } from "../../../ops/mlp_field/net.layout.part.as";
import {
  DRAWN_WORDS,
  PATH_NUMBERS,
  RADIUS_BYTES,
  Regression,
  StepSettings,
} from "../regression.layout.part.as";

/**
 * Draws of the rows that a thread takes: uniform times, the linear path at these, and a standard
 * normal source, with the bits of core/random/random.ts, times/uniform_times.ts and
 * paths/linear_path.ts.
 */

/** The settings of the current step. */
export function settingsOf(job: Regression): StepSettings {
  return changetype<StepSettings>(job.settings + <usize>job.step * offsetof<StepSettings>());
}

/**
 * Draws rows.
 *
 * @param first A multiple of eight: the numbers of a row begin with a block of words.
 * @param rows Without others behind them unless they are a multiple of eight.
 * @param words Scratch of 16 bytes per word.
 */
export function drawRows(job: Regression, first: i32, rows: i32, words: usize): void {
  const step = settingsOf(job);
  drawTimes(job, step, first, rows, words);
  drawNoise(job, step, first * job.dims, rows * job.dims, words);
}

/** Words of a step's draws from a multiple of 16 on. */
function drawWords(
  step: StepSettings,
  stream: u32,
  subsequence: u32,
  first: i32,
  count: i32,
  out: usize,
): void {
  const blocks = 4 * ((count + 15) >> 4);
  philox(blocks, <u32>first >> 2, 0, stream, subsequence, step.seedLow, step.seedHigh, out);
}

function drawTimes(job: Regression, step: StepSettings, first: i32, rows: i32, words: usize): void {
  const stride = <usize>job.rows * 4, slope = job.slope;
  let to = job.path + <usize>(job.step * PATH_NUMBERS * job.rows + first) * 4;
  drawWords(step, step.timesStream, step.timesSubsequence, first, rows, words);
  for (let row = 0; row < rows; row++, to += 4) {
    const word = load<u32>(words + <usize>row * 4);
    const t: f32 = (<f32>(word >>> 9) + 0.5) * (1 / 8388608.0);
    store<f32>(to, t);
    store<f32>(to + stride, t);
    store<f32>(to + 2 * stride, 1 - slope * t);
    store<f32>(to + 3 * stride, 1);
    store<f32>(to + 4 * stride, -slope);
  }
}

function drawNoise(job: Regression, step: StepSettings, first: i32, count: i32, words: usize): void {
  const radius = words + 4 * <usize>DRAWN_WORDS, normal = radius + 4 * <usize>DRAWN_WORDS;
  let to = job.x0 + <usize>(job.step * job.rows * job.dims + first) * 4;
  for (const end = first + count; first < end; first += DRAWN_WORDS) {
    const taken = min(DRAWN_WORDS, end - first);
    // Whole vectors; only the last row of a batch may have numbers behind it.
    const whole = (taken + 3) & ~3;
    drawWords(step, step.noiseStream, step.noiseSubsequence, first, whole, words);
    radii(whole >> 1, words, radius, job.drawConstants);
    normals(whole >> 1, words, radius, normal, job.drawConstants + RADIUS_BYTES);
    toFloat32(whole, normal, to);
    to += <usize>DRAWN_WORDS * 4;
  }
}

// @ts-types="npm:@types/d3-scale@4.0.9"
import { scaleLinear } from "d3-scale";
import { type Axis, TICK } from "./_chart.ts";
import { shortenedNames, textWidth } from "./_svg.ts";

type Interval = readonly [number, number];

/**
 * Whether an interval is too short, relative to its magnitude, to be subdivided; its values are
 * then shown as one.
 */
export function isPoint(low: number, high: number): boolean {
  return high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high), 1e-280);
}

/** Adds a margin on both sides: `share` of the interval's length, or 1 around a point. */
export function widened(low: number, high: number, share: number): Interval {
  const margin = isPoint(low, high) ? Math.max(1, 1e-3 * Math.abs(high)) : share * (high - low);
  return [low - margin, high + margin];
}

/** Beyond this ratio of magnitude to spread, tick labels would have too many digits. */
const FAR_AWAY = 1e4;

/**
 * A linear axis. If all values nearly coincide relative to their magnitude, such as seconds since
 * 1970, ticks are relative to an offset that the label names.
 */
export function linearAxis(
  label: string,
  domain: Interval,
  range: Interval,
  tickCount: number,
): Axis {
  const [low, high] = domain;
  if (Math.max(Math.abs(low), Math.abs(high)) > FAR_AWAY * (high - low) && high > low) {
    const round = 10 ** Math.ceil(Math.log10(high - low));
    const origin = Number((Math.round((low + high) / 2 / round) * round).toPrecision(15));
    const { at, ticks } = linearAxis(label, [low - origin, high - origin], range, tickCount);
    const offset = ` ${origin < 0 ? "+" : "−"} ${Math.abs(origin)}`;
    return {
      label: `${label}${offset}`,
      offset,
      at: (value) => at(value - origin),
      ticks: ticks.map((tick) => ({ ...tick, value: tick.value + origin })),
    };
  }
  const scale = scaleLinear().domain(domain).range(range);
  const largest = Math.max(Math.abs(domain[0]), Math.abs(domain[1]));
  // Plain digits while they fit a label, otherwise exponents.
  const format = scale.tickFormat(tickCount, largest < 1e-4 || largest >= 1e7 ? "~e" : undefined);
  const at = (value: number) => scale(value);
  return {
    label,
    at,
    ticks: scale.ticks(tickCount).map((value) => ({
      value,
      label: value === 0 ? "0" : format(value).replace("e+", "e"),
    })),
  };
}

/** A linear axis with about `wanted` ticks, but with two or more where one would give no scale. */
export function scaledAxis(
  label: string,
  domain: Interval,
  range: Interval,
  wanted: number,
): Axis {
  for (let count = wanted; count < wanted + 3; count++) {
    const axis = linearAxis(label, domain, range, count);
    if (axis.ticks.length > 1) return axis;
  }
  return linearAxis(label, domain, range, wanted);
}

/** Room that an axis across has for its tick labels. */
export interface AcrossRoom {
  /** Most ticks. */
  readonly most: number;
  /** By how much a label may reach beyond either end of the axis. */
  readonly beyond: number;
}

/**
 * A linear axis across, with as many ticks as have room for their labels: in full, or else in
 * thousands and millions. Ticks whose labels would reach too far beyond the ends are left out.
 */
export function acrossAxis(
  label: string,
  domain: Interval,
  range: Interval,
  { most, beyond }: AcrossRoom,
): Axis {
  const left = Math.min(...range) - beyond, right = Math.max(...range) + beyond;
  const placed = ({ at, ticks }: Axis) =>
    ticks.map((tick) => {
      const half = textWidth(tick.label, TICK) / 2, middle = at(tick.value);
      return { tick, start: middle - half, end: middle + half };
    }).filter(({ start, end }) => start >= left && end <= right);
  // A coarser axis may have a single tick where a finer one has two that fit.
  const counts = [...Array.from({ length: most }, (_, i) => most - i), most + 1, most + 2];
  const full = (axis: Axis) => axis;
  for (const [shorten, every] of [[full, 1], [inThousands, 1], [inThousands, 2]] as const) {
    for (const count of counts) {
      const axis = shorten(linearAxis(label, domain, range, count));
      const labels = placed(axis).filter((_, i) => i % every === 0);
      const isApart = labels.every(({ start }, i) => i === 0 || start >= labels[i - 1]!.end + 8);
      if (labels.length > 1 && isApart) return { ...axis, ticks: labels.map(({ tick }) => tick) };
    }
  }
  const axis = inThousands(linearAxis(label, domain, range, 2));
  return { ...axis, ticks: placed(axis).slice(0, 1).map(({ tick }) => tick) };
}

/** Domain of an axis of categories: all of them, each in the middle of an interval of length 1. */
export function categoryDomain(categories: readonly string[]): Interval {
  return [-0.6, categories.length - 0.4];
}

/** Least distance of the names of categories, and the room of a name that stands for several. */
const NAMES = { across: 30, upwards: 15, room: 60 } as const;

/**
 * An axis of categories: their names at 0, 1, 2 and so on, cut to their room. Of many it names
 * every second, third and so on.
 *
 * @param range Ascending across, descending upwards.
 */
export function categoryAxis(
  label: string,
  categories: readonly string[],
  domain: Interval,
  range: Interval,
): Axis {
  const unit = (range[1] - range[0]) / (domain[1] - domain[0]);
  const isAcross = unit > 0, distance = Math.abs(unit);
  const widest = Math.max(...categories.map((name) => textWidth(name, TICK)));
  const least = isAcross ? NAMES.across : NAMES.upwards;
  const isEach = distance >= least;
  const needed = isAcross ? Math.max(least, Math.min(widest, NAMES.room) + 10) : least;
  const every = isEach ? 1 : Math.ceil(needed / distance);
  // Of several, that in the middle: the name of the first would reach beyond the axis.
  const first = isAcross ? Math.floor((Math.min(every, categories.length) - 1) / 2) : 0;
  const room = isAcross ? every * distance - (isEach ? 6 : 10) : NAMES.room;
  const isWithin = (value: number) =>
    isEach || !isAcross ||
    (categories.length - 1 - value) * distance >= Math.min(widest, room) / 2 - 8;
  const named = categories.map((name, value) => ({ name, value })).filter(({ value }) =>
    value % every === first && (value === first || isWithin(value)) && value >= domain[0] &&
    value <= domain[1]
  );
  const names = shortenedNames(named.map(({ name }) => name), TICK, room);
  return {
    label,
    at: (value) => range[0] + (value - domain[0]) * unit,
    ticks: named.map(({ value }, i) => ({ value, label: names[i]! })),
  };
}

/** An axis with labels such as 250k and 1.5M for 250,000 and 1,500,000. */
function inThousands(axis: Axis): Axis {
  const ticks = axis.ticks.map((tick) => {
    const value = Number(tick.label.replaceAll(",", "").replace("\u2212", "-"));
    const [unit, letter] = Math.abs(value) >= 1e6 ? [1e6, "M"] as const : [1e3, "k"] as const;
    const isShort = Math.abs(value) >= 1e3 && !tick.label.includes("e");
    const text = `${Number((value / unit).toPrecision(6))}${letter}`.replace("-", "\u2212");
    return isShort ? { ...tick, label: text } : tick;
  });
  return { ...axis, ticks };
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function powerOfTen(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => superscripts[Number(digit)]).join(
    "",
  );
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/** Tick label of a log axis: plain if short, else with a power of ten. */
function logLabel(mantissa: number, exponent: number): string {
  if (exponent >= -4 && exponent <= 4) return String(Number(`${mantissa}e${exponent}`));
  return mantissa === 1 ? powerOfTen(exponent) : `${mantissa}·${powerOfTen(exponent)}`;
}

/**
 * A logarithmic axis; `domain` is positive.
 *
 * @param most Approximate maximum number of ticks, at least two.
 */
export function logAxis(label: string, domain: Interval, range: Interval, most = 12): Axis {
  const [low, high] = [Math.log10(domain[0]), Math.log10(domain[1])];
  const at = (value: number) =>
    range[0] + (Math.log10(value) - low) / (high - low) * (range[1] - range[0]);
  const decades = high - low;
  const powers = decades > 3;
  const mantissas = powers
    ? [1]
    : [[1, 1.5, 2, 3, 4, 5, 7], [1, 2, 5], [1, 3]].find((some) =>
      some.length * decades <= Math.min(most, some.length > 3 ? 9.1 : 9)
    ) ?? [1];
  const every = Math.ceil(decades / Math.min(8, most));
  const ticks: { value: number; label: string }[] = [];
  for (let exponent = Math.floor(low); exponent <= Math.ceil(high); exponent++) {
    if (exponent % every !== 0) continue;
    for (const mantissa of mantissas) {
      // Parsed from text, so that 3e-1 is 0.3 exactly and prints as such.
      const value = Number(`${mantissa}e${exponent}`);
      if (value < domain[0] * (1 - 1e-9) || value > domain[1] * (1 + 1e-9)) continue;
      ticks.push({ value, label: powers ? powerOfTen(exponent) : logLabel(mantissa, exponent) });
    }
  }
  return { label, at, ticks };
}

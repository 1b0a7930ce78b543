// @ts-types="npm:@types/d3-scale@4.0.9"
import { scaleLinear } from "d3-scale";
import type { Axis } from "./_chart.ts";

type Interval = readonly [number, number];

/** An axis on which equal differences are equally long. */
export function linearAxis(
  label: string,
  domain: Interval,
  range: Interval,
  tickCount: number,
): Axis {
  const scale = scaleLinear().domain(domain).range(range);
  const format = scale.tickFormat(tickCount);
  const at = (value: number) => scale(value);
  return {
    label,
    at,
    ticks: scale.ticks(tickCount).map((value) => ({ value, label: format(value) })),
  };
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function powerOfTen(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => superscripts[Number(digit)]).join(
    "",
  );
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/** An axis on which equal ratios are equally long; `domain` is positive. */
export function logAxis(label: string, domain: Interval, range: Interval): Axis {
  const [low, high] = [Math.log10(domain[0]), Math.log10(domain[1])];
  const at = (value: number) =>
    range[0] + (Math.log10(value) - low) / (high - low) * (range[1] - range[0]);
  const decades = high - low;
  const mantissas = decades > 3 ? [1] : decades > 1.3 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
  const every = Math.ceil(decades / 8);
  const ticks: { value: number; label: string }[] = [];
  for (let exponent = Math.floor(low); exponent <= Math.ceil(high); exponent++) {
    if (exponent % every !== 0) continue;
    for (const mantissa of mantissas) {
      // By way of the text, so that 3e-1 is 0.3 and prints as that.
      const value = Number(`${mantissa}e${exponent}`);
      if (value < domain[0] * (1 - 1e-9) || value > domain[1] * (1 + 1e-9)) continue;
      ticks.push({ value, label: decades > 3 ? powerOfTen(exponent) : String(value) });
    }
  }
  return { label, at, ticks };
}

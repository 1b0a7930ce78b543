import type { Panel, PanelSeries } from "../../plot/panels_plot.ts";
import { type StudiedSamples, studiedSolvers } from "./solver_study.ts";

/** A log-log chart of a quantity against field evaluations, one line per solver. */
export function solverPanel(
  studied: readonly StudiedSamples[],
  quantity: {
    readonly title: string;
    readonly label: string;
    /** The plotted quantity for one solver setting. */
    of(samples: StudiedSamples): number;
    /** Reference line: the value of a perfect solve, with its label. */
    readonly floor?: { readonly value: number; readonly label: string };
  },
): Panel {
  const { title, label, floor } = quantity;
  const series: PanelSeries[] = studiedSolvers.flatMap((solver, color) => {
    const own = studied.filter((entry) => entry.solver === solver);
    const x = own.map(({ nfe }) => nfe), y = own.map(quantity.of);
    // The fourth hue, grey, is reserved for references.
    const hue = color === 3 ? 4 : color;
    return [
      { label: solver, color: hue, mark: "line", x, y, width: 1.6 },
      { color: hue, mark: "dots", x, y, width: 6 },
    ] satisfies PanelSeries[];
  });
  if (floor !== undefined) {
    const costs = studied.map(({ nfe }) => nfe);
    series.push({
      label: floor.label,
      color: "ink",
      mark: "dashes",
      x: [Math.min(...costs), Math.max(...costs)],
      y: [floor.value, floor.value],
    });
  }
  return {
    title,
    x: { label: "field evaluations (NFE)", scale: "log" },
    y: { label, scale: "log" },
    series,
  };
}

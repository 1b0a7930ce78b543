import { element, polyline } from "./_svg.ts";

/** Whether a value is drawn as a dot within the area or at its edge, and at which. */
export type RingSide = "inside" | "above" | "below";

/** A hollow dot, or a hollow triangle that points up or down, centred at a place in the drawing. */
export function ringMark(x: number, y: number, side: RingSide, color: string): string {
  const style = { fill: "none", stroke: color, "stroke-width": 1.8, "stroke-linejoin": "round" };
  if (side === "inside") return element("circle", { cx: x, cy: y, r: 4, ...style });
  const up = side === "above" ? 4 : -4;
  return element("path", {
    d: `${polyline([x - 5, y + up, x, y - up, x + 5, y + up])}Z`,
    ...style,
  });
}

/** A hollow dot; where its place is above or below the area a triangle at the edge that points there. */
export function ring(
  { x, y }: { readonly x: number; readonly y: number },
  area: { readonly y: number; readonly height: number },
  color: string,
): string {
  const bottom = area.y + area.height;
  if (y < area.y) return ringMark(x, area.y + 6, "above", color);
  if (y > bottom) return ringMark(x, bottom - 6, "below", color);
  return ringMark(x, y, "inside", color);
}

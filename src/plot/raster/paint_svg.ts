import {
  type Canvas,
  commonBox,
  fillRectangle,
  type Paint,
  type PixelBox,
  whiteCanvas,
} from "./canvas.ts";
import { drawImage } from "./images.ts";
import { circleOutline, fillOutlines, type Outline } from "./polygons.ts";
import { dashed, type Polyline, strokeLines } from "./strokes.ts";
import { type Attributes, colorOf, polylinesOf, svgParts } from "./svg_elements.ts";
import { textOutlines } from "./text.ts";
import type { Font } from "./truetype.ts";

/** Fonts by weight. */
export type FontOf = (weight: 400 | 600) => Font;

/** Attributes that a group's elements inherit. */
const inherited = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-linejoin",
] as const;

/** What an element inherits. */
interface Context {
  readonly attributes: Attributes;
  readonly clip: PixelBox;
}

/**
 * Paints a drawing of this library (`drawing/_svg.ts`) on white: of SVG only what its charts
 * consist of. Lines, areas and letters cover pixels exactly or by their distance.
 *
 * @param options.zoom Pixels per drawing unit.
 * @throws {RangeError} If the drawing has an element, colour or path of another kind.
 */
export function paintSvg(
  svg: string,
  { zoom, fontOf }: { readonly zoom: number; readonly fontOf: FontOf },
): Canvas {
  let painter: Painter | null = null;
  for (const part of svgParts(svg)) {
    if (painter === null) {
      if (part.kind !== "open" || part.name !== "svg") throw new RangeError("drawing: no SVG");
      const side = (name: string) => Math.ceil(Math.ceil(Number(part.attributes.get(name))) * zoom);
      painter = new Painter(whiteCanvas(side("width"), side("height")), zoom, fontOf);
    } else if (part.kind === "open") painter.open(part.name, part.attributes);
    else if (part.kind === "close") painter.close(part.name);
    else painter.text(part.words);
  }
  if (painter === null) throw new RangeError("drawing: no SVG");
  return painter.canvas;
}

class Painter {
  readonly canvas: Canvas;
  readonly #zoom: number;
  readonly #fontOf: FontOf;
  readonly #contexts: Context[];
  readonly #clips = new Map<string, PixelBox>();
  /** The clip path that is being defined. */
  #defines: string | null = null;
  /** The text element that is open. */
  #textStyle: Attributes | null = null;

  constructor(canvas: Canvas, zoom: number, fontOf: FontOf) {
    this.canvas = canvas;
    this.#zoom = zoom;
    this.#fontOf = fontOf;
    const clip = { left: 0, top: 0, right: canvas.width, bottom: canvas.height };
    this.#contexts = [{ attributes: new Map(), clip }];
  }

  open(name: string, attributes: Attributes): void {
    const read = new ElementReader(attributes, this.#context.attributes, this.#zoom);
    switch (name) {
      case "g":
        return this.#openGroup(attributes);
      case "clipPath":
        this.#defines = attributes.get("id") ?? null;
        return;
      case "text":
        this.#textStyle = attributes;
        return;
      case "rect":
        return this.#rect(read);
      case "line": {
        const points = ["x1", "y1", "x2", "y2"].map((key) => read.length(key));
        return this.#stroke([{ points, isClosed: false }], read);
      }
      case "circle": {
        const circle = { x: read.length("cx"), y: read.length("cy"), radius: read.length("r") };
        return this.#circle(circle, read);
      }
      case "path": {
        const lines = polylinesOf(attributes.get("d") ?? "", this.#zoom);
        this.#fill(lines.map(({ points }) => points), read);
        return this.#stroke(lines, read);
      }
      case "image": {
        const box = read.box();
        const isSmooth = attributes.get("image-rendering") === "optimizeQuality";
        const place = { ...box, sampling: isSmooth ? "linear" as const : "nearest" as const };
        return drawImage(this.canvas, attributes.get("href") ?? "", place, this.#context.clip);
      }
      default:
        throw new RangeError(`drawing: an element ${name}`);
    }
  }

  close(name: string): void {
    if (name === "g") this.#contexts.pop();
    if (name === "clipPath") this.#defines = null;
    if (name === "text") this.#textStyle = null;
  }

  text(words: string): void {
    const style = this.#textStyle;
    if (style === null) return;
    const read = new ElementReader(style, this.#context.attributes, this.#zoom);
    const weight = style.get("font-weight") === "600" ? 600 : 400;
    const anchor = style.get("text-anchor");
    const outlines = textOutlines(this.#fontOf(weight), {
      ...{ words, x: read.length("x"), y: read.length("y"), size: read.length("font-size") },
      anchor: anchor === "middle" || anchor === "end" ? anchor : "start",
      rotate: Number(/^rotate\((-?[\d.]+)/.exec(style.get("transform") ?? "")?.[1] ?? 0),
    });
    this.#fill(outlines, read);
  }

  get #context(): Context {
    return this.#contexts.at(-1)!;
  }

  #openGroup(attributes: Attributes): void {
    const { attributes: outer, clip } = this.#context;
    const inner = new Map(outer);
    for (const key of inherited) {
      const value = attributes.get(key);
      if (value !== undefined) inner.set(key, value);
    }
    const id = /^url\(#(.*)\)$/.exec(attributes.get("clip-path") ?? "")?.[1];
    const own = id === undefined ? clip : this.#clips.get(id);
    if (own === undefined) throw new RangeError(`drawing: no clip path ${id}`);
    this.#contexts.push({ attributes: inner, clip: commonBox(clip, own) });
  }

  #rect(read: ElementReader): void {
    const box = read.box();
    if (this.#defines !== null) {
      const { left, top, right, bottom } = box;
      this.#clips.set(this.#defines, {
        ...{ left: Math.round(left), top: Math.round(top) },
        ...{ right: Math.round(right), bottom: Math.round(bottom) },
      });
      return;
    }
    const radius = read.length("rx");
    if (radius > 0) return this.#fill([roundedOutline(box, radius)], read);
    const { clip } = this.#context, fill = read.paint("fill"), stroke = read.paint("stroke");
    if (fill !== null) fillRectangle(this.canvas, box, fill, clip);
    if (stroke !== null) {
      const { left, top, right, bottom } = box, half = read.length("stroke-width", 1) / 2;
      const outer = {
        ...{ left: left - half, top: top - half, right: right + half, bottom: bottom + half },
      };
      const inner = {
        ...{ left: left + half, top: top + half, right: right - half, bottom: bottom - half },
      };
      const edges = [
        { ...outer, bottom: inner.top },
        { ...outer, top: inner.bottom },
        { ...inner, left: outer.left, right: inner.left },
        { ...inner, left: inner.right, right: outer.right },
      ];
      for (const edge of edges) fillRectangle(this.canvas, edge, stroke, clip);
    }
  }

  #circle(
    circle: { readonly x: number; readonly y: number; readonly radius: number },
    read: ElementReader,
  ): void {
    this.#fill([circleOutline(circle)], read);
    const stroke = read.paint("stroke");
    if (stroke === null) return;
    const { radius } = circle, half = read.length("stroke-width", 1) / 2;
    const ring = [
      circleOutline({ ...circle, radius: radius + half }),
      circleOutline({ ...circle, radius: Math.max(0, radius - half) }, { reversed: true }),
    ];
    fillOutlines(this.canvas, ring, stroke, this.#context.clip);
  }

  #fill(outlines: readonly Outline[], read: ElementReader): void {
    const paint = read.paint("fill");
    if (paint !== null) fillOutlines(this.canvas, outlines, paint, this.#context.clip);
  }

  #stroke(lines: readonly Polyline[], read: ElementReader): void {
    const paint = read.paint("stroke");
    if (paint === null) return;
    const dashes = read.dashes();
    const pieces = dashes === null ? lines : lines.flatMap((line) => dashed(line, dashes));
    const join = read.attribute("stroke-linejoin") === "round" ? "round" : "miter";
    const style = { width: read.length("stroke-width", 1), join, paint } as const;
    strokeLines(this.canvas, pieces, style, this.#context.clip);
  }
}

/** Reads the attributes of an element and of its groups, lengths in pixels. */
class ElementReader {
  readonly #own: Attributes;
  readonly #outer: Attributes;
  readonly #zoom: number;

  constructor(own: Attributes, outer: Attributes, zoom: number) {
    this.#own = own;
    this.#outer = outer;
    this.#zoom = zoom;
  }

  attribute(name: string): string | undefined {
    return this.#own.get(name) ?? this.#outer.get(name);
  }

  /** By default 0. */
  length(name: string, byDefault = 0): number {
    return Number(this.attribute(name) ?? byDefault) * this.#zoom;
  }

  box(): PixelBox {
    const left = this.length("x"), top = this.length("y");
    const right = left + this.length("width"), bottom = top + this.length("height");
    return { left, top, right, bottom };
  }

  /** Of the inside, which is black by default, or of the line, which is not drawn by default. */
  paint(part: "fill" | "stroke"): Paint | null {
    const rgb = colorOf(this.attribute(part) ?? (part === "fill" ? "#000000" : "none"));
    const opacity = Number(this.attribute(`${part}-opacity`) ?? 1);
    return rgb === null || opacity === 0 ? null : { rgb, opacity };
  }

  dashes(): readonly [dash: number, gap: number] | null {
    const written = this.#own.get("stroke-dasharray");
    if (written === undefined) return null;
    const [dash = 0, gap = dash] = written.split(/[\s,]+/).map((one) => Number(one) * this.#zoom);
    return dash > 0 && gap > 0 ? [dash, gap] : null;
  }
}

/** A rectangle with round corners. */
function roundedOutline({ left, top, right, bottom }: PixelBox, radius: number): number[] {
  const r = Math.min(radius, (right - left) / 2, (bottom - top) / 2), STEPS = 6;
  const corners = [
    [right - r, bottom - r],
    [left + r, bottom - r],
    [left + r, top + r],
    [right - r, top + r],
  ] as const;
  return corners.flatMap(([x, y], corner) =>
    Array.from({ length: STEPS + 1 }, (_, i) => {
      const angle = (corner + i / STEPS) * Math.PI / 2;
      return [x + r * Math.cos(angle), y + r * Math.sin(angle)];
    }).flat()
  );
}

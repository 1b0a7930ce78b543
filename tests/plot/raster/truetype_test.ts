import assert from "node:assert/strict";
import { interRegular } from "../../../src/plot/drawing/_raster_fonts.ts";
import { fillOutlines } from "../../../src/plot/raster/polygons.ts";
import { textOutlines } from "../../../src/plot/raster/text.ts";
import { readFont } from "../../../src/plot/raster/truetype.ts";
import { whiteCanvas } from "../../../src/plot/raster/canvas.ts";

const font = readFont(interRegular);
const atOrigin = { x: 0, y: 0, anchor: "start", rotate: 0 } as const;

function widthOf(words: string): number {
  const glyphs = Array.from(words, (letter) => font.glyphOf(letter.codePointAt(0)!));
  return glyphs.reduce((sum, glyph, i) => {
    const kerning = i === 0 ? 0 : font.kerning(glyphs[i - 1]!, glyph);
    return sum + font.advanceOf(glyph) + kerning;
  }, 0);
}

// From HarfBuzz (Pillow's getlength() with Raqm, the same file at 2,048 pixels per em).
Deno.test("readFont() gives the advances and the kerning of HarfBuzz", () => {
  const expected = { A: 1413, AV: 2686, To: 2390, "training step": 12014, "10⁻³": 3917, é: 1194 };
  for (const [words, width] of Object.entries(expected)) assert.equal(widthOf(words), width, words);
  assert.equal(font.glyphOf(0x4e00), 0, "no Chinese");
});

// From FreeType (the sum of Pillow's getmask() of the same file at 2,048 pixels per em).
Deno.test("textOutlines() covers the area of FreeType's glyphs, composite and overlapping ones too", () => {
  const areas = { o: 0.12109, e: 0.13281, i: 0.05919, Å: 0.19083, "8": 0.17345 };
  for (const [letter, area] of Object.entries(areas)) {
    const size = 256, canvas = whiteCanvas(size, 2 * size);
    const outlines = textOutlines(font, { ...atOrigin, words: letter, y: 300, size });
    const whole = { left: 0, top: 0, right: size, bottom: 2 * size };
    fillOutlines(canvas, outlines, { rgb: [0, 0, 0], opacity: 1 }, whole);
    const covered = canvas.rows.reduce((sum, byte) => sum + (255 - byte), -255 * 2 * size) / 3 /
      255;
    // Curves are flattened to a twentieth of a pixel, bytes round.
    assert.ok(Math.abs(covered / size ** 2 - area) < 0.003 * area, `${letter}: ${covered}`);
  }
});

Deno.test("textOutlines() places text by its anchor, turns it about its point, and composes accents", () => {
  const text = { ...atOrigin, words: "AV", size: 2048, x: 100, y: 50 };
  const firstOf = (placed: Parameters<typeof textOutlines>[1]) => {
    const [points] = textOutlines(font, placed);
    return [points![0]!, points![1]!] as const;
  };
  const [x, y] = firstOf(text), width = 2686;
  assert.deepEqual(firstOf({ ...text, anchor: "middle" }), [x - width / 2, y]);
  assert.deepEqual(firstOf({ ...text, anchor: "end" }), [x - width, y]);
  // A quarter turn to the left: what was to the right is above.
  const [turnedX, turnedY] = firstOf({ ...text, rotate: -90 });
  assert.ok(Math.abs(turnedX - (100 + y - 50)) < 1e-6 && Math.abs(turnedY - (50 - x + 100)) < 1e-6);
  const composed = textOutlines(font, { ...text, words: "é" });
  assert.deepEqual(textOutlines(font, { ...text, words: "e\u0301" }), composed);
});

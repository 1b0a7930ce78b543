import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { fromBase64 } from "../../src/core/base64.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { fillUniform } from "../../src/core/random/random.ts";
import { textPath, withTextAsPaths } from "../../src/plot/drawing/_letters.ts";
import { rasterize } from "../../src/plot/drawing/_raster.ts";
import { svgDocument, textLine } from "../../src/plot/drawing/_svg.ts";
import { fontOf, outline, shaped } from "../../tools/letters.ts";
import regular from "../../src/plot/drawing/_inter.ttf.gz.b64" with { type: "text" };
import semibold from "../../src/plot/drawing/_inter_semibold.ttf.gz.b64" with { type: "text" };

const fonts = {
  400: fontOf(gunzipSync(fromBase64(regular))),
  600: fontOf(gunzipSync(fromBase64(semibold))),
} as const;

/** A text as HarfBuzz shapes it, with all features that are on by default. */
function expected(words: string, weight: 400 | 600) {
  let d = "", pen = 0;
  for (const { glyph, advance } of shaped(fonts[weight], words)) {
    const path = outline(fonts[weight], glyph);
    if (path !== "") d += `M${pen} 0${path}`;
    pen += advance;
  }
  return { d, width: pen, unitsPerEm: 2048 };
}

const texts = [
  "Flow matching on moons, step 10000",
  "NLL (nats)",
  "−0.5",
  "10⁻³",
  "AVATAR (below the diagonal), 3 outside the frame",
  "mean of 201 steps",
  "test set before training: 1.234",
  "p(x) = [a b] {12}",
  "(A b) (200 points) ((A)) 2 - 3",
  "größe – Ærø",
];

Deno.test("textPath() places the glyphs that HarfBuzz does", () => {
  for (const weight of [400, 600] as const) {
    for (const words of texts) assert.deepEqual(textPath(words, weight), expected(words, weight));
  }
});

Deno.test("textPath() raises signs as the font does, or leaves the text to the rasteriser", () => {
  const some = "aAb 0 ()[]-:−3 =+x";
  const numbers = fillUniform({ seed: 0, stream: 255 }, 0, new Float64Array(3000 * 9));
  let left = 0;
  for (let i = 0; i < numbers.length; i += 9) {
    const words = Array.from(numbers.subarray(i, i + 9), (u) => some[Math.floor(u * some.length)])
      .join("");
    const found = textPath(words, 400);
    if (found === null) left++;
    else assert.deepEqual(found, expected(words, 400), words);
  }
  assert.ok(left < 1500, `${left}`);
});

Deno.test("textPath() leaves arrows, smileys, an x between numbers and other letters", () => {
  for (const words of ["a -> b", "<- a", ":-)", "28 x 28", "28x28", "Ωmega", "日本", "a\u0301"]) {
    assert.equal(textPath(words, 400), null, words);
  }
});

Deno.test("rasterize() draws of paths what it draws of text", async () => {
  const style = { size: 12.5, color: "#16202e" } as const;
  const drawing = svgDocument(420, 150, [
    textLine("CNF on moons, step 3000", 8.25, 20, { ...style, size: 16, weight: 600 }),
    textLine("NLL (nats)", 30, 90, { ...style, anchor: "middle", rotate: -90 }),
    textLine("−0.25", 412, 60, { ...style, anchor: "end" }),
    textLine("mean of 201 steps", 210, 100, { ...style, anchor: "middle" }),
    textLine("R&D, Ω", 60, 130, style),
    textLine("a  b   long words", 180, 20, { ...style, size: 16 }),
    textLine("  leading", 180, 45, style),
    textLine("trailing   ", 412, 80, { ...style, anchor: "end" }),
    textLine("  both ", 210, 130, { ...style, anchor: "middle" }),
  ]);
  assert.equal(withTextAsPaths(drawing).match(/<text /g)?.length, 1);
  // Text that is written otherwise is left to the rasteriser.
  const asText = drawing.replaceAll("<text x=", "<text  x=");
  assert.equal(withTextAsPaths(asText), asText);
  const [found, wanted] = await Promise.all(
    [drawing, asText].map(async (svg) => decodePng(await rasterize(svg, {})).pixels),
  );
  assert.ok(wanted!.some((value) => value < 64));
  // Places are rounded to float32 in another order.
  assert.ok(found!.every((value, i) => Math.abs(value - wanted![i]!) <= 2));
});

/** What the rasteriser needs, 3 MB in all: a module of its own, so that it loads on first use. */
export { initWasm, Resvg } from "@resvg/resvg-wasm";
export { default as wasm } from "@resvg/resvg-wasm/index_bg.wasm" with { type: "bytes" };
export { default as interRegular } from "fonts/inter.ttf" with { type: "bytes" };
export { default as interSemibold } from "fonts/inter-semibold.ttf" with { type: "bytes" };

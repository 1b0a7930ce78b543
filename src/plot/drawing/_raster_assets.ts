/**
 * Assets of the rasteriser, 3 MB in total: a separate module, so that they load on first use. They are
 * embedded compressed, since the runtime holds several copies of a module's text.
 */
import { gunzipSync } from "node:zlib";
import { fromBase64 } from "../../core/base64.ts";
import inter from "./_inter.ttf.gz.b64" with { type: "text" };
import semibold from "./_inter_semibold.ttf.gz.b64" with { type: "text" };
import resvg from "./_resvg.wasm.gz.b64" with { type: "text" };

export { initWasm, Resvg } from "@resvg/resvg-wasm";

function inflated(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gunzipSync(fromBase64(text)));
}

/** The rasteriser's module, inflated anew. */
export function rasterizer(): Uint8Array<ArrayBuffer> {
  return inflated(resvg);
}

export const interRegular: Uint8Array<ArrayBuffer> = inflated(inter);
export const interSemibold: Uint8Array<ArrayBuffer> = inflated(semibold);

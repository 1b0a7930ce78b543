/**
 * The rasteriser, 2.5 MB: a separate module, so that it loads on first use. It is embedded compressed,
 * since the runtime holds several copies of a module's text.
 */
import { gunzipSync } from "node:zlib";
import { fromBase64 } from "../../core/base64.ts";
import resvg from "./_resvg.wasm.gz.b64" with { type: "text" };

export { initWasm, Resvg } from "@resvg/resvg-wasm";

/** The rasteriser's module, inflated anew. */
export function rasterizer(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gunzipSync(fromBase64(resvg)));
}

/** Assets of the rasteriser, 3 MB in total: a separate module, so that they load on first use. */
import { fromBase64 } from "../../core/base64.ts";
import inter from "./_inter.ttf.b64" with { type: "text" };
import semibold from "./_inter_semibold.ttf.b64" with { type: "text" };
import resvg from "./_resvg.wasm.b64" with { type: "text" };

export { initWasm, Resvg } from "@resvg/resvg-wasm";
export const wasm: Uint8Array<ArrayBuffer> = fromBase64(resvg);
export const interRegular: Uint8Array<ArrayBuffer> = fromBase64(inter);
export const interSemibold: Uint8Array<ArrayBuffer> = fromBase64(semibold);

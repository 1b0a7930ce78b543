/** The fonts of text that is no path (`_letters.ts`), 0.7 MB: a separate module, so that they load on first use. */
import { gunzipSync } from "node:zlib";
import { fromBase64 } from "../../core/base64.ts";
import inter from "./_inter.ttf.gz.b64" with { type: "text" };
import semibold from "./_inter_semibold.ttf.gz.b64" with { type: "text" };

/** Inter, weights 400 and 600. */
export const fonts: Uint8Array<ArrayBuffer>[] = [inter, semibold].map((text) =>
  new Uint8Array(gunzipSync(fromBase64(text)))
);

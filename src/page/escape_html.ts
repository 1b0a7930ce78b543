import { withoutControls } from "../core/quoted.ts";

/** Escapes text, which may come from a file's name, for an HTML element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return withoutControls(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

/** A text as it stands in HTML, in an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;")
    // HTML has no place for these, and a title may come from a file's name.
    // deno-lint-ignore no-control-regex -- they are what is meant
    .replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, "\ufffd");
}

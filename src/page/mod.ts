/**
 * Renders Markdown with LaTeX as text for a terminal.
 *
 * @module
 */
export { markdownToText, type TextOptions, wrapText } from "./markdown_to_text.ts";

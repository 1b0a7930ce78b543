import { withoutControls } from "../core/quoted.ts";

/** Escapes text for Markdown, so that nothing in it is markup or a formula. */
export function escapeMarkdown(text: string): string {
  return withoutControls(text).replace(/[\\`*_{}[\]<>()#+!|~$&]/g, (letter) => `\\${letter}`);
}

/** What of a text outside of strings is no JSON, in the order of the groups. */
const OTHER =
  /"(?:[^"\\\n]|\\.)*"|(\/\/|\/\*|#)|(,)\s*[}\]]|('[^'\n]*'?)|([A-Za-z_$][\w$-]*)(?=\s*[:=])|([-+]?\b(?:NaN|Infinity|None|True|False|undefined)\b)/g;

/**
 * Why a text is no JSON, where it is something that people write in its place: comments, commas
 * before a closing bracket, names without quotes.
 *
 * @param fault The parser's own message, for everything else.
 * @returns Follows "not JSON: ".
 */
export function jsonFault(text: string, fault: string): string {
  if (text.trim() === "") return "it is empty; write {} for no options";
  for (const found of text.matchAll(OTHER)) {
    const [, comment, comma, single, name, value] = found;
    const words = comment !== undefined
      ? `${comment} begins a comment, which JSON does not have; delete it`
      : comma !== undefined
      ? "a comma before a closing bracket; delete it"
      : single !== undefined
      ? "single quotes; write double ones"
      : name !== undefined
      ? `the name ${name} has no quotes; write {"${name}": ...}`
      : value !== undefined
      ? `${value} is no value of JSON`
      : null;
    if (words !== null) return `line ${lineOf(text, found.index)}: ${words}`;
  }
  return fault;
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split(/\r\n|\n|\r/).length;
}

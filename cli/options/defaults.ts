import { defaultData, trainDefaults } from "@fluxion/fluxion/options";

/** Words for the default of an option, such as `default 0.01`, for the help of one model. */
export type DefaultWords = (key: string) => string;

/** The defaults of `fluxion train MODEL` in words, from the table that the configuration uses. */
export function defaultWords(model: "cnf" | "fm"): DefaultWords {
  if (model === "cnf") {
    const table: Readonly<Record<string, unknown>> = trainDefaults.cnf.mlp;
    return (key) => key in table ? `default ${table[key]}` : "no default";
  }
  const points: Readonly<Record<string, unknown>> = trainDefaults.fm.mlp;
  const images: Readonly<Record<string, unknown>> = trainDefaults.fm.unet;
  return (key) => {
    if (key === "data") return `default ${defaultData.fm}`;
    if (!(key in points) && !(key in images)) return "no default";
    if (!(key in points)) return `default ${images[key]} for images`;
    if (!(key in images)) return `default ${points[key]} for points`;
    if (points[key] === images[key]) return `default ${points[key]}`;
    return `default ${points[key]} for points, ${images[key]} for images`;
  };
}

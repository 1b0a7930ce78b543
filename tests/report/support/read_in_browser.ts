import puppeteer, { type Page } from "puppeteer-core";

/** Chromium from Debian, which CI installs. */
const CHROMIUM = "/usr/bin/chromium";

/** Timeout, generous for a busy machine. */
const PATIENCE = 120_000;

/** What a browser found on a page. */
export interface Reading {
  /** Errors and warnings from the console and the page. */
  readonly complaints: readonly string[];
  /** Every requested URL except embedded data. */
  readonly requests: readonly string[];
  /** Number of script elements. */
  readonly scripts: number;
  /** Text of h2 to h4. */
  readonly headings: readonly string[];
  /** All pictures. */
  readonly images: readonly {
    readonly alt: string;
    readonly decodes: boolean;
    /** Natural size in pixels. */
    readonly width: number;
  }[];
  /** All formulas, with their size on a wide page in pixels. */
  readonly formulas: readonly {
    readonly words: string;
    readonly width: number;
    readonly height: number;
  }[];
  /** The command of each figure and each gallery; "" if there is none. */
  readonly commands: readonly string[];
  /** Links of the table of contents, and whether their targets exist. */
  readonly links: readonly { readonly words: string; readonly leads: boolean }[];
  /** By how many pixels the fully expanded page is wider than its window. */
  readonly overflow: readonly {
    readonly width: number;
    readonly scheme: "light" | "dark";
    readonly pixels: number;
  }[];
}

/** Opens a file in a new browser and inspects it. */
export async function readInBrowser(path: string): Promise<Reading> {
  const profile = await Deno.makeTempDir({ prefix: "fluxion-chromium-" });
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    userDataDir: profile,
    // By default the browser would inherit the environment, which needs a permission to read.
    env: { HOME: profile },
    timeout: PATIENCE,
    protocolTimeout: PATIENCE,
  });
  try {
    return await read(await browser.newPage(), `file://${path}`);
  } finally {
    await browser.close();
    // The browser may still be writing there.
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  }
}

async function read(page: Page, address: string): Promise<Reading> {
  const complaints: string[] = [], requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) requests.push(request.url());
  });
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(address, { waitUntil: "load", timeout: PATIENCE });
  const found = {
    scripts: (await page.$$("script")).length,
    headings: await page.$$eval("h2, h3, h4", (all) => all.map((one) => one.textContent ?? "")),
    images: await page.$$eval("img", (all) =>
      Promise.all(all.map(async (one) => {
        const decodes = await one.decode().then(() => true, () => false);
        return { alt: one.alt, decodes, width: one.naturalWidth };
      }))),
    formulas: await page.$$eval("math", (all) =>
      all.map((one) => {
        const { width, height } = one.getBoundingClientRect();
        return { words: one.textContent ?? "", width, height };
      })),
    commands: await page.$$eval(
      "main figure, main .row",
      (all) =>
        all.filter((one) => one.parentElement?.className !== "row").map((one) => {
          const place = one.className === "row" ? one.nextElementSibling : one;
          return place?.querySelector("code.command")?.textContent ?? "";
        }),
    ),
    links: await page.$$eval("nav a", (all) =>
      all.map((one) => {
        const id = (one.getAttribute("href") ?? "").slice(1);
        return {
          words: one.textContent ?? "",
          leads: one.ownerDocument.getElementById(id) !== null,
        };
      })),
  };
  await page.$$eval("details", (all) => all.forEach((one) => one.open = true));
  const overflow: Reading["overflow"][number][] = [];
  for (const width of [390, 1280]) {
    await page.setViewport({ width, height: 844 });
    for (const scheme of ["light", "dark"] as const) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      const pixels = await page.$eval("html", (html) => html.scrollWidth - html.clientWidth);
      overflow.push({ width, scheme, pixels });
    }
  }
  return { complaints, requests, ...found, overflow };
}

import type { Page } from "puppeteer-core";
import { PATIENCE_MS, withChromiumPage } from "../../support/chromium.ts";

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
  /** All commands. */
  readonly commands: readonly string[];
  /** Level of every heading, in order. */
  readonly levels: readonly number[];
  /** Height in pixels of the folded page, 1280 pixels wide. */
  readonly height: number;
  /** Links within the page, and whether their targets exist. */
  readonly links: readonly { readonly words: string; readonly leads: boolean }[];
  /** The fully expanded page in windows of two widths, in both colour schemes. */
  readonly views: readonly {
    readonly width: number;
    readonly scheme: "light" | "dark";
    /** By how many pixels the page is wider than its window. */
    readonly overflow: number;
    /** Alternative texts of the charts shown at another width than they were drawn for. */
    readonly shrunken: readonly string[];
    /** Beginnings of the report's own tables that have to be scrolled sideways. */
    readonly scrolled: readonly string[];
    /** Texts with a contrast to the page below 4.5 (WCAG 2.2, 1.4.3). */
    readonly faint: readonly string[];
  }[];
}

/** Opens a file in a new browser and inspects it. */
export async function readInBrowser(path: string): Promise<Reading> {
  return await withChromiumPage(["--disable-gpu"], (page) => read(page, `file://${path}`));
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
  await page.goto(address, { waitUntil: "load", timeout: PATIENCE_MS });
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
    commands: await page.$$eval("code.command", (all) => all.map((one) => one.textContent ?? "")),
    levels: await page.$$eval(
      "main :is(h1, h2, h3, h4, h5, h6), body > header h1",
      (all) => all.map((one) => Number(one.tagName[1])),
    ),
    height: await page.$eval("html", (html) => html.scrollHeight),
    links: await page.$$eval('a[href^="#"]', (all) =>
      all.map((one) => {
        const id = (one.getAttribute("href") ?? "").slice(1);
        return {
          words: one.textContent ?? "",
          leads: one.ownerDocument.getElementById(id) !== null,
        };
      })),
  };
  await page.$$eval("details", (all) => all.forEach((one) => one.open = true));
  const views: Reading["views"][number][] = [];
  for (const width of [390, 1280]) {
    await page.setViewport({ width, height: 844 });
    for (const scheme of ["light", "dark"] as const) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      const overflow = await page.$eval("html", (html) => html.scrollWidth - html.clientWidth);
      const shrunken: string[] = await page.$$eval("img.drawing", async (all) => {
        const alts: string[] = [];
        for (const one of all) {
          await one.decode();
          if (Math.abs(one.clientWidth - one.naturalWidth) > 1) alts.push(one.alt);
        }
        return alts;
      });
      const scrolled: string[] = await page.$$eval(
        ".wide:has(> .records)",
        (all) =>
          all.filter((one) => one.scrollWidth > one.clientWidth)
            .map((one) => one.textContent?.slice(0, 60) ?? ""),
      );
      const faint = await page.evaluate(faintTexts);
      views.push({
        width,
        scheme,
        overflow,
        shrunken,
        scrolled,
        faint,
      });
    }
  }
  return { complaints, requests, ...found, views };
}

/** Runs in the browser: texts of which the contrast to what is behind them is below 4.5. */
function faintTexts(): string[] {
  const { document, getComputedStyle } = globalThis as unknown as {
    readonly document: { querySelectorAll(selector: string): Iterable<BrowserElement> };
    getComputedStyle(element: BrowserElement): { color: string; backgroundColor: string };
  };
  const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: string) => {
    const [r, g, b] = channels(color).slice(0, 3).map((value) =>
      value <= 10.3 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4
    );
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const behind = (element: BrowserElement): string => {
    const { backgroundColor } = getComputedStyle(element);
    const isOpaque = channels(backgroundColor)[3] !== 0;
    return isOpaque || element.parentElement === null
      ? backgroundColor
      : behind(element.parentElement);
  };
  const found: string[] = [];
  const texts = "p, li, a, h1, h2, h3, h4, th, td, dt, summary, figcaption, code, .note, math";
  for (const element of document.querySelectorAll(texts)) {
    const pair = [getComputedStyle(element).color, behind(element)].map(luminance);
    const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (contrast < 4.5) {
      found.push(`${contrast.toFixed(2)} ${(element.textContent ?? "").slice(0, 40)}`);
    }
  }
  return found;
}

/** What {@link faintTexts} uses of the browser's elements. */
interface BrowserElement {
  readonly textContent: string | null;
  readonly parentElement: BrowserElement | null;
}

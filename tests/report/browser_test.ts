// The report of small runs, and of a theorem's derivation, in Debian's Chromium without a screen.
import assert from "node:assert/strict";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { fluxion, inFolder } from "../cli/_fluxion.ts";
import { tinyRun } from "./support/tiny_runs.ts";

const CHROMIUM = "/usr/bin/chromium";

/** What a page did while it was opened. */
interface Visit {
  /** Words of the console, of errors and of warnings. */
  readonly complaints: readonly string[];
  /** Addresses that were asked for, but for data inside the page. */
  readonly requests: readonly string[];
}

async function withBrowser(work: (browser: Browser) => Promise<void>): Promise<void> {
  const profile = await Deno.makeTempDir({ prefix: "fluxion-chromium-" });
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    userDataDir: profile,
    env: { HOME: profile },
    timeout: 120_000,
    protocolTimeout: 120_000,
  });
  try {
    await work(browser);
  } finally {
    await browser.close();
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  }
}

async function open(page: Page, address: string): Promise<Visit> {
  const complaints: string[] = [], requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) requests.push(request.url());
  });
  await page.goto(address, { waitUntil: "load", timeout: 60_000 });
  return { complaints, requests };
}

/** Words on the page in elements that a selector finds. */
async function wordsOf(page: Page, selector: string): Promise<string[]> {
  return await page.$$eval(selector, (found) => found.map((one) => one.textContent ?? ""));
}

Deno.test("the report of runs and theory opens in a browser, whole, offline and without a script", async () => {
  await inFolder(async (folder) => {
    const runs: string[] = [];
    for (const kind of ["cnf", "fm-points", "fm-images"] as const) {
      runs.push(await tinyRun(folder, kind));
    }
    const out = `${folder}/report.html`;
    const { code, stdout, stderr } = await fluxion(["report", ...runs, "--out", out, "--quiet"]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `${out}\n`);
    assert.ok((await Deno.stat(out)).size < 3_500_000);

    await withBrowser(async (browser) => {
      const page = await browser.newPage();
      await page.setViewport({ width: 1280, height: 900 });
      const { complaints, requests } = await open(page, `file://${out}`);
      assert.deepEqual(complaints, []);
      assert.deepEqual(requests, [`file://${out}`]);
      assert.deepEqual(await wordsOf(page, "script"), []);

      const headings = (await wordsOf(page, "h2, h3")).join("\n");
      for (const wanted of ["Two moons", "MNIST", "Likelihood", "Is it memorising?"]) {
        assert.ok(headings.includes(wanted), `no heading ${wanted}: ${headings}`);
      }

      const images = await page.$$eval(
        "img",
        async (all) =>
          await Promise.all(all.map(async (image) => {
            const decodes = await image.decode().then(() => true, () => false);
            return { decodes, width: image.naturalWidth, alt: image.alt };
          })),
      );
      assert.ok(images.length > 20, `${images.length} images`);
      for (const image of images) {
        assert.ok(image.decodes && image.width > 0 && image.alt !== "", JSON.stringify(image));
      }

      const formulas = await page.$$eval(
        "math",
        (all) =>
          all.filter((one) => one.closest("details") === null).map((one) => {
            const { width, height } = one.getBoundingClientRect();
            return { words: one.textContent, width, height };
          }),
      );
      assert.ok(formulas.length > 5, `${formulas.length} formulas`);
      for (const formula of formulas) {
        assert.ok(formula.width > 2 && formula.height > 5, JSON.stringify(formula));
      }

      const codes = await page.$$eval(
        "figure, .row",
        (all) =>
          all.filter((one) => one.closest(".row") === null || one.matches(".row")).map((one) =>
            (one.matches(".row") ? one.nextElementSibling : one)?.querySelector("code.command")
              ?.textContent ?? ""
          ),
      );
      assert.ok(codes.length > 10);
      for (const command of codes) assert.match(command, /^fluxion (plot|report|train) /);

      const links = await page.$$eval(
        "nav a",
        (all) =>
          all.map((one) =>
            one.ownerDocument.getElementById(one.getAttribute("href")!.slice(1)) !== null
          ),
      );
      assert.ok(links.length >= 4 && links.every((found) => found), "a link leads nowhere");

      for (const width of [390, 1280]) {
        await page.setViewport({ width, height: 844 });
        for (const scheme of ["light", "dark"]) {
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
          // Folded parts are opened: nothing in them may be too wide either.
          await page.$$eval("details", (all) => all.forEach((one) => one.open = true));
          const overflow = await page.$eval(
            "html",
            (html) => html.scrollWidth - html.clientWidth,
          );
          assert.equal(overflow, 0, `at ${width} pixels, ${scheme}`);
        }
      }
    });
  });
});

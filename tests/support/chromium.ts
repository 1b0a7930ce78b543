import puppeteer, { type Page } from "puppeteer-core";

/** Chromium from Debian, which CI installs. */
const CHROMIUM = "/usr/bin/chromium";

/** Timeout in ms, generous for a busy machine. */
export const PATIENCE_MS = 120_000;

/** Opens a new browser with an empty page, and closes it when `use` is done. */
export async function withChromiumPage<T>(
  args: readonly string[],
  use: (page: Page) => Promise<T>,
): Promise<T> {
  const profile = await Deno.makeTempDir({ prefix: "fluxion-chromium-" });
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage", ...args],
    userDataDir: profile,
    // By default the browser would inherit the environment, which needs a permission to read.
    env: { HOME: profile },
    timeout: PATIENCE_MS,
    protocolTimeout: PATIENCE_MS,
  });
  try {
    return await use(await browser.newPage());
  } finally {
    await browser.close();
    // The browser may still be writing there.
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  }
}

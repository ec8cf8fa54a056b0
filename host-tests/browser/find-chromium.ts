/** Which browser the tests drive. */
import { existsSync } from "node:fs";
import { describe } from "vitest";

const USUAL_PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** The environment's CHROMIUM, or one of the usual places. Throws when CHROMIUM names no file. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM;
  if (named !== undefined && named !== "" && !existsSync(named))
    throw new Error(`CHROMIUM is ${named}: there is no such file`);
  return named || USUAL_PLACES.find((place) => existsSync(place));
}

/** `describe` for tests in a browser. Without one they are skipped, and the console says so. */
export function describeInBrowser(title: string, body: () => void): void {
  const isMissing = findChromium() === undefined;
  if (isMissing) {
    console.warn(
      `SKIPPED: no Chromium for "${title}". On Debian: apt-get install chromium; elsewhere set CHROMIUM to its path`,
    );
  }
  describe.skipIf(isMissing)(title, body);
}

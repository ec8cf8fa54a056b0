/** The lab in a real Chromium, built and served as `npm run lab` does. */
import { readFileSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { buildPage, type PageFiles } from "../../scripts/lab/build-page.ts";
import { servePage } from "../../scripts/lab/serve.ts";
import type { Report } from "../../scripts/simulator/simulate.ts";
import { findChromium } from "./find-chromium.ts";

export interface LabBrowser {
  url: string;
  files: PageFiles;
  /** A page of its own, which begins at this address; errors on its console fail `expectNoErrors`. */
  open(options?: {
    hash?: string;
    context?: BrowserContextOptions;
    prepare?: (page: Page) => Promise<void>;
  }): Promise<LabPage>;
}

export interface LabPage {
  page: Page;
  /** Opens a scenario, and waits until it is there. */
  choose(scenario: string, seed?: number): Promise<void>;
  /** Runs as fast as it goes to the end of the run. */
  runToEnd(): Promise<void>;
  /** Presses a key and waits until the page shows what came of it. */
  press(key: string): Promise<void>;
  /** Goes to a moment ahead of the present, by steps of a day. */
  days(count: number): Promise<void>;
  report(): Promise<Omit<Report, "wallMs">>;
  points(): Promise<string>;
  /** All that the page shows of the unit, as text. */
  shown(): Promise<string>;
  expectNoErrors(): void;
}

/** Starts one browser for the tests of a file. */
export function useLab(): () => LabBrowser {
  let browser: Browser;
  let lab: LabBrowser;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    const files = await buildPage();
    const server = await servePage(files);
    // In a container Chromium has no sandbox of its own; the page is ours.
    browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox", "--disable-gpu"] });
    stop = server.close;
    lab = { url: server.url, files, open: (options = {}) => openPage(browser, server.url, options) };
  });
  afterAll(async () => {
    await browser?.close();
    await stop?.();
  });
  return () => lab;
}

async function openPage(browser: Browser, url: string, options: Parameters<LabBrowser["open"]>[0]): Promise<LabPage> {
  const { hash = "", context = {}, prepare } = options ?? {};
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...context });
  page.setDefaultTimeout(20_000);
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error.stack)));
  await prepare?.(page);
  await page.goto(url + hash);
  await page.waitForSelector("[aria-label='Account of the samples']");
  return {
    page,
    choose: (scenario, seed) => choose(page, scenario, seed),
    runToEnd: () => runToEnd(page),
    press: async (key) => {
      await page.keyboard.press(key);
      await settled(page);
    },
    days: async (count) => {
      for (let i = 0; i < count; i++) {
        await page.getByRole("button", { name: "+1 day" }).click();
        await settled(page);
      }
    },
    report: async () => {
      const { wallMs: _, ...report } = JSON.parse(await download(page, "Report")) as Report;
      return report;
    },
    points: () => download(page, "Points"),
    shown: () => shown(page),
    expectNoErrors: () => expect(errors).toEqual([]),
  };
}

async function choose(page: Page, scenario: string, seed = 1): Promise<void> {
  await page.getByLabel("scenario").selectOption(scenario);
  await page.waitForFunction(`document.querySelector(".source select").value === ${JSON.stringify(scenario)}`);
  const box = page.getByLabel("seed");
  if ((await box.inputValue()) !== String(seed)) {
    await box.fill(String(seed));
    await box.press("Enter");
  }
  await settled(page);
}

async function runToEnd(page: Page): Promise<void> {
  await page.getByLabel("Speed").selectOption("as fast as it goes");
  await page.getByRole("button", { name: "Run (space)" }).first().click();
  await page.waitForFunction(
    `/delivered|time is up|void/.test(document.querySelector(".pace").textContent)`,
    undefined,
    {
      timeout: 60_000,
    },
  );
  await settled(page);
}

/** The page says by itself when nothing is under way (scripts/lab/page/lab-state.ts). */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(`document.querySelector(".lab").getAttribute("aria-busy") === "false"`);
}

async function download(page: Page, button: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button, exact: true }).click(),
  ]);
  return readFileSync(await file.path(), "utf8");
}

async function shown(page: Page): Promise<string> {
  await settled(page);
  return page.evaluate(`[
    document.querySelector(".clock").innerText,
    ...[...document.querySelectorAll(".side, .log, figcaption")].map((one) => one.innerText),
    ...[...document.querySelectorAll(".pages li")].map((one) => one.title),
    ...[...document.querySelectorAll("canvas")].map((one) => one.toDataURL()),
  ].join("\\n")`);
}

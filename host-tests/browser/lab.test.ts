/** The lab's page in a real browser: it comes to the same as the desk, whatever is done with time. */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ROOT } from "../../scripts/build/bundle.ts";
import { gzippedBytes } from "../../scripts/lab/build-page.ts";
import { buildLabProgram } from "../../scripts/lab/program.ts";
import { findScenario } from "../../scripts/simulator/scenarios/registry.ts";
import { deviceOf, type Scenario } from "../../scripts/simulator/scenarios/scenario.ts";
import { runSimulation } from "../../scripts/simulator/simulate.ts";
import { describeInBrowser } from "./find-chromium.ts";
import { type LabPage, useLab } from "./lab-page.ts";

describeInBrowser("the lab's page", () => {
  const lab = useLab();
  const pages: LabPage[] = [];

  async function open(...options: Parameters<ReturnType<typeof lab>["open"]>): Promise<LabPage> {
    const one = await lab().open(...options);
    pages.push(one);
    return one;
  }

  afterEach(async () => {
    for (const one of pages.splice(0)) {
      one.expectNoErrors();
      await one.page.close();
    }
  });

  test("ends a week offline with the report of npm run simulate", async () => {
    const one = await open();
    await one.choose("week-offline", 7);
    await one.runToEnd();
    const scenario = findScenario("week-offline") as Scenario;
    const script = { scenario: scenario.name, ...scenario.script(7), seed: 7 };
    const desk = await runSimulation(deviceOf(scenario, 7), script);
    const { wallMs: _, ...report } = desk.report;
    expect(await one.report()).toEqual(JSON.parse(JSON.stringify(report)));
    const rows = (await one.points()).trimEnd().split("\n");
    expect(rows[0]).toBe("pin,ts,value");
    expect(rows.length - 1).toBe(desk.points.length);
    expect(await one.page.locator(".lost").innerText()).toBe("lost: 0");
  });

  test("shows the same at a moment, however time was turned", async () => {
    const one = await open();
    await one.choose("chaos", 3);
    await one.days(3);
    await one.press("ArrowLeft");
    await one.press("ArrowLeft");
    const before = await one.shown();
    await one.press("Home");
    expect(await one.shown()).not.toBe(before);
    await one.press("End");
    await one.press("ArrowLeft");
    await one.press("ArrowLeft");
    expect(await one.shown()).toBe(before);
    // What came after is forgotten, and comes again.
    await one.page.getByRole("button", { name: "Go on from here" }).click();
    await one.days(1);
    await one.runToEnd();
    const turned = await one.report();
    const other = await open();
    await other.choose("chaos", 3);
    await other.runToEnd();
    expect(turned).toEqual(await other.report());
  });

  test("branches: another fault in one of two runs beside each other", async () => {
    const one = await open();
    await one.days(2);
    await one.press("b");
    await expect.poll(() => one.page.locator("section.run").count()).toBe(2);
    await one.press("x");
    await one.days(1);
    const boots = async (name: string) => {
      await one.page
        .getByRole("region", { name })
        .locator(".run-head")
        .click({ position: { x: 5, y: 5 } });
      return one.page.getByRole("region", { name: "The unit" }).innerText();
    };
    expect(await boots("Run B")).toContain("boot 2");
    expect(await boots("Run A")).toContain("boot 1");
    const lost = await one.page.locator(".lost").allInnerTexts();
    expect(lost).toEqual(["lost: 0", "lost: 0"]);
  });

  test("shows the same run to whoever opens its link", async () => {
    const one = await open();
    await one.choose("ide-sets-clock");
    await one.page.getByRole("button", { name: "no DNS" }).click();
    await one.press("Shift+X");
    await one.days(1);
    await one.page.getByRole("button", { name: "End dns" }).click();
    await one.press("Shift+ArrowRight");
    const { hash } = new URL(one.page.url());
    const other = await open({ hash });
    await one.runToEnd();
    await other.runToEnd();
    expect(await other.report()).toEqual(await one.report());
  });

  test("copies a test that passes when it is run", async () => {
    const one = await open({ context: { permissions: ["clipboard-read", "clipboard-write"] } });
    await one.choose("ide-sets-clock");
    await one.press("Shift+X");
    await one.runToEnd();
    await one.page.getByRole("button", { name: "Copy as test" }).click();
    await one.page.getByText("Test copied").waitFor();
    const text = String(await one.page.evaluate("navigator.clipboard.readText()"));
    const file = join(ROOT, "host-tests/scenarios", `from-the-lab-${process.pid}.test.ts`);
    writeFileSync(file, text);
    try {
      const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
      const args = [vitest, "run", "--config", "host-tests/vitest.config.ts", "--project", "host", file];
      const said = execFileSync(process.execPath, args, {
        cwd: ROOT,
        encoding: "utf8",
        env: { ...process.env, NO_COLOR: "1" },
      });
      expect(said).toContain("1 passed");
    } finally {
      rmSync(file);
    }
  });

  // LAB_PICTURES=1 also puts them into docs/.
  test("is light or dark as the system is", async () => {
    const one = await open({ context: { colorScheme: "light" } });
    await one.days(8);
    await one.press("x");
    await one.page.getByRole("button", { name: "no DNS" }).click();
    await one.days(1);
    for (const colorScheme of ["light", "dark"] as const) {
      await one.page.emulateMedia({ colorScheme });
      const ground = String(await one.page.evaluate("getComputedStyle(document.body).backgroundColor"));
      const [brightness] = ground.match(/\d+/g)?.map(Number) ?? [];
      expect(brightness > 128).toBe(colorScheme === "light");
      // Canvases are drawn anew in the other colours.
      await one.press("Home");
      await one.press("End");
      const picture = await one.page.screenshot();
      if (process.env.LAB_PICTURES === "1") writeFileSync(join(ROOT, `docs/lab-${colorScheme}.png`), picture);
    }
  });

  test("has a name on every control", async () => {
    const one = await open();
    const nameless =
      await one.page.evaluate(`[...document.querySelectorAll("button, input, select, textarea, canvas, meter")]
      .filter((at) => !(at.innerText?.trim() || at.getAttribute("aria-label") || at.labels?.length || at.closest(".u-wrap")))
      .map((at) => at.outerHTML)`);
    expect(nameless).toEqual([]);
    expect(await one.page.locator("body").innerText()).not.toContain("Loading");
  });

  test("says what is wrong with a script, and keeps the run", async () => {
    const one = await open();
    await one.page.getByRole("button", { name: "Script, data" }).click();
    await one.page.getByLabel("Script as JSON").fill('{ "offline": "a while" }');
    await one.page.getByRole("button", { name: "Run this script" }).click();
    await one.page.locator("dialog .bad").waitFor();
    expect(await one.page.locator("dialog .bad").innerText()).toContain("offline");
    await one.page.locator("dialog[open]").getByRole("button", { name: "Close" }).click();
    expect(await one.page.getByLabel("scenario").inputValue()).toBe("week-offline");
  });

  test("runs a recording that is chosen", async () => {
    const one = await open();
    await one.page.getByRole("button", { name: "Script, data" }).click();
    const rows = Array.from(
      { length: 90 },
      (_, i) => `${new Date(Date.UTC(2026, 0, 5, 0, i)).toISOString()},${20 + (i % 9) / 10}`,
    );
    const buffer = Buffer.from(`time,barn\n${rows.join("\n")}\n`);
    await one.page.getByLabel("CSV file").setInputFiles({ name: "barn.csv", mimeType: "text/csv", buffer });
    await one.page.getByLabel("scenario").getByText("barn.csv").waitFor({ state: "attached" });
    await one.press("Shift+ArrowRight");
    await one.press("Shift+ArrowRight");
    expect(await one.page.locator("figcaption").innerText()).toContain("barn");
  });

  test("says that a link is damaged, and opens all the same", async () => {
    const one = await open({ hash: "#1.damaged" });
    expect(await one.page.getByRole("alert").innerText()).toContain("link is damaged");
  });

  test("is small", async () => {
    const { files } = lab();
    const { code: firmware } = await buildLabProgram();
    const bytes = gzippedBytes(files);
    console.log(
      `the page is ${bytes} bytes gzipped: ${[...files].map(([name, text]) => `${name} ${gzippedBytes(new Map([[name, text]]))}`).join(", ")}`,
    );
    // What opens with the page, without the firmware's program in it. device.js comes only when somebody asks for a real device.
    const program = gzippedBytes(new Map([["program", firmware]]));
    const device = gzippedBytes(new Map([["device.js", files.get("device.js") ?? ""]]));
    expect(bytes - device - program).toBeLessThan(150_000);
    expect(device).toBeLessThan(60_000);
  });
});

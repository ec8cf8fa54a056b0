/** A real device in the page, by Web Serial: the console that the commands speak to, on the other end of a fake cable. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { chipWithSamples } from "../support/console/chip-with-samples.ts";
import { type RigOptions, startRig, TOKEN, tinyFirmware, WIFI_PASSWORD } from "../support/console/console-rig.ts";
import { dumpRows } from "../support/console/dump-rows.ts";
import { storedSettings } from "../support/console/provision-rig.ts";
import { plugIn } from "./fake-serial.ts";
import { describeInBrowser } from "./find-chromium.ts";
import { type LabPage, useLab } from "./lab-page.ts";

describeInBrowser("a real device in the lab's page", () => {
  const lab = useLab();

  async function connected(
    options: RigOptions = {},
  ): Promise<{ one: LabPage; rig: Awaited<ReturnType<typeof startRig>> }> {
    const rig = await startRig({
      ...options,
      prepare: (machine) => machine.storage.write(".bootcde", tinyFirmware("0.1.0")),
    });
    const one = await lab().open({ prepare: (page) => plugIn(page, rig.port) });
    await one.page.getByRole("button", { name: "Real device" }).click();
    await one.page.getByRole("button", { name: "Connect" }).click();
    await one.page.getByRole("button", { name: "Sync now" }).waitFor();
    return { one, rig };
  }

  test("shows its status, its log and its samples, and exports what npm run export does", async () => {
    const chip = chipWithSamples(40, 10);
    const { one } = await connected({ flash: chip });
    const { page } = one;
    expect(await page.getByRole("region", { name: "Status" }).innerText()).toContain("backfill 0.1.0");
    await page.getByRole("button", { name: "Sync now" }).click();
    await page.getByText("[info] sync").waitFor();
    await page.getByRole("button", { name: "Read flash" }).click();
    await expect.poll(() => page.locator("figure.chart").count()).toBe(2);
    expect(await page.locator(".pages li.open").count()).toBe(2);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export CSV" }).click(),
    ]);
    const rows = readFileSync(await file.path(), "utf8")
      .trimEnd()
      .split("\n");
    const cells = rows.slice(1).map((row) => row.split(","));
    const atDesk = await dumpRows(chip);
    // The dump has no program that knows the name.
    expect(cells.map(([pin, , ...more]) => [pin, ...more])).toEqual(atDesk.map(([pin, , ...more]) => [pin, ...more]));
    one.expectNoErrors();
    await page.close();
  });

  test("provisions it, and leaves no secret in the page, its storage, or its address", async () => {
    const { one, rig } = await connected();
    const { page } = one;
    await page.getByLabel("Wi-Fi", { exact: true }).fill("Barn");
    await page.getByLabel("its password").fill(WIFI_PASSWORD);
    await page.getByLabel("Blynk token").fill(TOKEN);
    await page.getByRole("button", { name: "Store on the device" }).click();
    await page.getByText("has started with them").waitFor();
    expect(storedSettings(rig)).toEqual({ token: TOKEN, networks: [{ ssid: "Barn", password: WIFI_PASSWORD }] });
    const left = String(
      await page.evaluate(`[
        document.documentElement.outerHTML,
        ...[...document.querySelectorAll("input, textarea")].map((one) => one.value),
        JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }),
        document.cookie, location.href, JSON.stringify(history.state),
      ].join("\\n")`),
    );
    expect(left).toContain("Barn");
    for (const secret of [TOKEN, WIFI_PASSWORD]) expect(left).not.toContain(secret);
    expect(await page.evaluate("indexedDB.databases()")).toEqual([]);
    expect(await page.evaluate("caches.keys()")).toEqual([]);
    one.expectNoErrors();
    await page.close();
  });

  test("says what is wrong with settings, writes nothing then, and does not repeat them", async () => {
    const { one, rig } = await connected();
    const { page } = one;
    await page.getByLabel("Blynk token").fill("short token");
    await page.getByRole("button", { name: "Store on the device" }).click();
    await page.getByRole("alert").waitFor();
    const said = await page.getByRole("alert").innerText();
    expect(said).toContain("Nothing was written to the device.");
    expect(said).not.toContain("short token");
    expect(rig.machine.boots).toBe(1);
    await page.close();
  });

  test("says so when the cable is pulled out, and connects again", async () => {
    const { one, rig } = await connected();
    const { page } = one;
    rig.console.disconnect();
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("button", { name: "Sync now" }).waitFor();
    await page.close();
  });
});

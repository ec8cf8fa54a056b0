import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lab } from "../../scripts/lab.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { makeTempFolder } from "../support/console/temp-folder.ts";

describe("lab", () => {
  it("serves the page at 127.0.0.1 until it is stopped, and nothing else", async () => {
    const stop = new AbortController();
    const terminal = captureTerminal({ stop: stop.signal });
    const ended = lab([], terminal);
    await expect.poll(() => terminal.out.join(), { timeout: 60_000 }).toContain("The lab is at ");
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(terminal.out.join())?.[0] ?? "";
    const page = await fetch(url);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(await page.text()).toContain("lab.js");
    for (const other of ["package.json", "../package.json", "%2e%2e/package.json"]) {
      expect((await fetch(url + other)).status).toBe(404);
    }
    stop.abort();
    expect(await ended).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  it("writes the page as static files with relative addresses, over those of an earlier build", async () => {
    const folder = join(makeTempFolder(), "site");
    expect(await lab(["--build", folder], captureTerminal())).toBe(0);
    writeFileSync(join(folder, "part-OLD12345.js"), "");
    writeFileSync(join(folder, "mine.txt"), "");
    const terminal = captureTerminal();
    expect(await lab(["--build", folder], terminal)).toBe(0);
    expect(terminal.text()).toMatch(/\d+ files, \d+ kB gzipped/);
    const names = readdirSync(folder);
    expect(names).toEqual(expect.arrayContaining(["index.html", "lab.js", "worker.js", "device.js", "mine.txt"]));
    expect(existsSync(join(folder, "part-OLD12345.js"))).toBe(false);
  });

  it.each([
    [["--device", "no-such-file.ts"], "no-such-file.ts", 1],
    [["--build", "package.json/site"], "can't be written into package.json/site: a part of its path is a file", 1],
    [["--build", "package.json"], "can't be written into package.json: it is there already", 1],
    [["--build", "x", "--open"], "give one of them", 1],
    [["--port"], "unknown option", 2],
  ])("refuses %j in words", async (args, words, status) => {
    const terminal = captureTerminal();
    expect(await lab(args, terminal)).toBe(status);
    expect(terminal.text()).toContain(words);
    expect(terminal.text()).not.toMatch(/\n\s+at /);
  });
});

import { describe, expect, test } from "vitest";
import { printed, run } from "../../support/program.ts";

describe("timers", () => {
  test("a callback that blocks makes an interval catch up, one call a pass", async () => {
    const lines = await printed(
      `var n = 0, dgram = require("dgram").createSocket("udp4");
       setTimeout(function () { dgram.send("x", 0, 1, 123, "no.such.name"); }, 950);
       setInterval(function () { n++; if (n < 15) print(Math.round(getTime() * 1000)); }, 100);`,
      { until: "3s", dns: [{}], wifi: [{ kind: "gone" }] },
    );
    const times = lines.map(Number);
    expect(times.slice(0, 9)).toEqual([700, 800, 900, 1000, 1100, 1200, 1300, 1400, 1500]);
  });

  test("setTime moves the clock, not the timers", async () => {
    const lines = await printed(
      `setTimeout(function () { print("timer", Math.round(getTime())); }, 30000);
       setTimeout(function () { setTime(1700000000); }, 10000);`,
    );
    expect(lines).toEqual(["timer 1700000020"]);
  });

  test("the IDE's setTime moves the clock, not the timers, and power-on starts it at 0", async () => {
    const lines = await printed(
      `print("boot", getTime());
       setTimeout(function () { print("timer", Math.round(getTime())); }, 30000);`,
      { setTime: [{ at: "10s", offset: 0 }], start: 1_700_000_000_000 },
    );
    expect(lines).toEqual(["boot 0.6", "timer 1700000031"]);
  });

  test("are late by up to twice the jitter, never early", async () => {
    const lines = await printed(
      `var last = getTime(); function next() { print(Math.round((getTime() - last) * 1e4)); last = getTime(); if (n-- > 0) setTimeout(next, 100); }
       var n = 50; setTimeout(next, 100);`,
      { jitterMs: 5 },
    );
    const late = lines.map((line) => Number(line) / 10 - 100);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThanOrEqual(12);
    expect(Math.max(...late)).toBeGreaterThan(5);
  });

  test("an exception is reported and the interval goes on", async () => {
    const simulation = await run(
      `var n = 0; setInterval(function () { if (++n < 3) throw new Error("oops"); print("still"); }, 40000);`,
      {
        until: "130s",
      },
    );
    expect(simulation.uncaught).toHaveLength(2);
    expect(simulation.lines.map((line) => line.text)).toEqual([
      "Uncaught Error: oops",
      "Uncaught Error: oops",
      "still",
    ]);
  });

  test("clearing what is undefined throws, clearing what is gone does not", async () => {
    const lines = await printed(
      `try { clearTimeout(undefined); } catch (error) { print(error.message); }
       clearTimeout(99); print("fine");`,
    );
    expect(lines[0]).toContain("not allowed");
    expect(lines[1]).toBe("fine");
  });
});

describe("the language", () => {
  test("offers nothing that Espruino lacks", async () => {
    const missing = [
      "Map Set Symbol WeakMap WeakSet Promise Proxy Reflect BigInt queueMicrotask structuredClone Intl WebAssembly SharedArrayBuffer Atomics",
      "setImmediate fetch Buffer URL TextEncoder escape",
    ]
      .join(" ")
      .split(" ");
    const members = [
      "Array.from Array.of Math.trunc Math.imul Math.fround Math.hypot Math.cbrt Number.isInteger Number.isFinite Number.parseFloat",
      "Object.freeze Object.is Date.UTC [].flat [].flatMap [].at [].lastIndexOf [].keys ''.at ''.matchAll ''.normalize",
      "(1).toPrecision (new_Uint8Array(1)).toString JSON.rawJSON",
    ]
      .join(" ")
      .split(" ")
      .map((name) => name.replace("new_", "new "));
    const code = [...missing, ...members].map(
      (name) => `if (typeof ${name} !== "undefined") print("${name.replace(/'/g, "")}");`,
    );
    expect(await printed(code.join("\n"))).toEqual([]);
  });

  test("has what Espruino has", async () => {
    const lines = await printed(
      `print(E.CRC32("123456789").toString(16), E.sum([1, 2, 3]), E.toString(new Uint8Array([65, 66])), E.toUint8Array("AB").length);
       print([3, 1, 2].sort().join(), "a-b".split("-").length, "7".padStart(3, "0"), Math.sign(-3), (1.25).toFixed(1));
       print(typeof process.env.MODULES, process.memory().total > 0, D2 + "", new Pin("D0").getInfo().negated, BTN1.read());
       print("abc".indexOf("cd"), "abc".includes("cd"), "abc".lastIndexOf("cd"), "abc".indexOf("abcd"), "abc".indexOf("bc"), "abc".indexOf("x"));
       for (const x of [1, 2]) print(x);
       print(new Date(0).toISOString(), Date.now());`,
    );
    expect(lines).toEqual([
      "cbf43926 6 AB 2",
      "1,2,3 2 007 -1 1.3",
      "string true D2 true false",
      "2 true -1 -1 1 -1",
      "1",
      "2",
      "1970-01-01T00:00:00.000Z 600",
    ]);
  });

  test("repeats Math.random and E.hwRand at each boot, until E.srand", async () => {
    const lines = await printed(
      `print(Math.random(), E.hwRand()); E.srand(getTime() * 1e6); print("own", Math.random());`,
      {
        power: [{ at: "30s", kind: "reset" }],
      },
    );
    expect(lines[0]).toBe(lines[2]);
    expect(lines[1]).not.toBe(lines[3]);
  });
});

describe("power and restarts", () => {
  test("a reset keeps the system clock and Storage, a power cut starts the clock at 0", async () => {
    const lines = await printed(
      `var storage = require("Storage"); var n = storage.readJSON("n.json", true) || 0; storage.writeJSON("n.json", n + 1);
       print(n, Math.round(getTime()));`,
      {
        power: [
          { at: "20s", kind: "reset" },
          { at: "40s", kind: "cut", off: "10s" },
        ],
      },
    );
    expect(lines).toEqual(["0 1", "1 21", "2 1"]);
  });

  test("an unkicked watchdog restarts the chip, a kicked one does not", async () => {
    const lines = await printed(
      `print("boot"); E.enableWatchdog(10, false); var n = 0;
       setInterval(function () { if (++n < 6) E.kickWatchdog(); }, 5000);`,
      { until: "100s" },
    );
    expect(lines).toEqual(["boot", "boot", "boot"]);
  });

  test("nothing runs after a power cut, whatever the firmware catches", async () => {
    const lines = await printed(
      `setInterval(function () {
         try { require("Flash").write([0], 0x310000); } catch (error) { }
         try { print("after", getTime()); } catch (error) { }
       }, 1000);`,
      { power: [{ at: "10s", kind: "cut", flashBytes: 2, off: "1h" }] },
    );
    expect(lines).toHaveLength(10);
  });

  test("firmware that writes outside its region is an error of the run", async () => {
    await expect(run(`require("Flash").erasePage(0x8000);`)).rejects.toThrow("outside its region");
    await expect(run(`var f = require("Flash"); f.write([0], 0x310000); f.write([1], 0x310000);`)).rejects.toThrow(
      "0 to 1",
    );
  });
});

test("the button is a watch on a negated pin, debounced", async () => {
  const lines = await printed(
    `setWatch(function (e) { print(e.state, Math.round((e.time - (e.lastTime || e.time)) * 10)); }, BTN1, { repeat: true, edge: "both", debounce: 50 });`,
    {
      press: [
        { at: "10s", hold: "1s" },
        { at: "20s", hold: 20 },
        { at: "30s", hold: 300 },
      ],
    },
  );
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["true", "false", "true", "false"]);
  expect(lines[1]).toBe("false 10");
});

test("the same seed gives the same run, another one another", async () => {
  const code = `setInterval(function () { print(getTime()); }, 5000);`;
  const first = await printed(code, { jitterMs: 5, seed: 4 });
  expect(await printed(code, { jitterMs: 5, seed: 4 })).toEqual(first);
  expect(await printed(code, { jitterMs: 5, seed: 5 })).not.toEqual(first);
});

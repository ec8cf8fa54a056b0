import { afterEach, describe, expect, it, vi } from "vitest";
import { createChip } from "../../../firmware/platform/chip.ts";
import { lockConsoles } from "../../../firmware/platform/consoles.ts";
import { pageBytesAt } from "../../../firmware/platform/flash.ts";
import { createPins } from "../../../firmware/platform/pins.ts";
import { createStore } from "../../../firmware/platform/store.ts";
import { createUdp } from "../../../firmware/platform/udp.ts";

afterEach(() => vi.unstubAllGlobals());

/** A board with these pins, some of them negated by its board file. */
function board(negated: string[]) {
  const seen = { modes: [] as string[], written: [] as [string, number][], edge: (_state: number) => {} };
  vi.stubGlobal(
    "Pin",
    class {
      readonly name: string;
      constructor(name: string) {
        this.name = name;
      }
      getInfo() {
        if (!/^D\d+$/.test(this.name)) return undefined;
        return {
          port: "D",
          num: Number(this.name.slice(1)),
          ...(negated.includes(this.name) ? { negated: true } : {}),
        };
      }
    },
  );
  vi.stubGlobal("pinMode", (pin: { name: string }, mode: string) => seen.modes.push(`${pin.name} ${mode}`));
  vi.stubGlobal("digitalWrite", (pin: string, value: number) => seen.written.push([pin, value]));
  vi.stubGlobal(
    "setWatch",
    (callback: (event: { state: number }) => void, _pin: unknown, options: { edge: string }) => {
      expect(options).toMatchObject({ repeat: true, edge: "both" });
      seen.edge = (state) => callback({ state });
    },
  );
  return seen;
}

describe("pins", () => {
  // What a negated pin reads is turned over, and so are its pulls.
  const BUTTONS: [
    pin: string,
    activeLow: boolean,
    boardName: string,
    negated: string[],
    pressedReads: number,
    mode: string[],
  ][] = [
    ["D4", true, "ESP32", ["D0"], 0, ["D4 input_pullup"]],
    ["D4", false, "ESP32", ["D0"], 1, []],
    ["D0", true, "ESP32", ["D0"], 1, ["D0 input_pulldown"]],
    ["D0", false, "ESP32", ["D0"], 0, []],
    ["D0", true, "ESP32", [], 1, ["D0 input_pulldown"]],
    ["D0", true, "ESP32C3", [], 0, ["D0 input_pullup"]],
  ];
  for (const [pin, activeLow, boardName, negated, pressedReads, modes] of BUTTONS) {
    const how = `${activeLow ? "active-low" : "active-high"} ${pin} of ${boardName}${negated.includes(pin) ? ", negated" : ""}`;
    it(`tell a press of ${how}`, () => {
      const seen = board(negated);
      const pressed: boolean[] = [];
      createPins(boardName).watchButton(pin, activeLow, (is) => pressed.push(is));
      seen.edge(pressedReads);
      seen.edge(1 - pressedReads);
      expect(pressed).toEqual([true, false]);
      expect(seen.modes).toEqual(modes);
    });
  }

  it("write physical levels, whatever the board negates", () => {
    const seen = board(["D4"]);
    const pins = createPins("ESP32_CYD");
    pins.write("D2", true);
    pins.write("D4", true);
    pins.write("D4", false);
    expect(seen.written).toEqual([
      ["D2", 1],
      ["D4", 0],
      ["D4", 1],
    ]);
  });

  it("that the board doesn't have are told by name", () => {
    board([]);
    expect(() => createPins("ESP32").write("Q9", true)).toThrow("no pin Q9 on this board");
  });
});

describe("chance", () => {
  function seedOf(serial: string, noise: number, time = 1): number {
    let seed = 0;
    vi.stubGlobal("process", { env: { SERIAL: serial, BOARD: "ESP32" }, memory: () => ({ free: 1, total: 2 }) });
    vi.stubGlobal("getTime", () => time);
    vi.stubGlobal("analogRead", () => noise);
    const crc = (text: string) => [...text].reduce((sum, c) => Math.imul(sum, 31) + c.charCodeAt(0), 7) >>> 0;
    vi.stubGlobal("E", { CRC32: crc, srand: (value: number) => (seed = value), reboot() {}, kickWatchdog() {} });
    createChip();
    return seed;
  }

  it("differs from device to device, from noise to noise, from boot to boot", () => {
    const seeds = [seedOf("mac-1", 0.1), seedOf("mac-2", 0.1), seedOf("mac-1", 0.2), seedOf("mac-1", 0.1, 2)];
    expect(new Set(seeds).size).toBe(4);
    for (const seed of seeds) expect(seed).toBe(seed | 0);
  });
});

describe("the watchdog", () => {
  it("is kicked by hand and counts whole seconds", () => {
    const armed: unknown[] = [];
    vi.stubGlobal("process", { env: { SERIAL: "1", BOARD: "LINUX" } });
    vi.stubGlobal("getTime", () => 1);
    vi.stubGlobal("E", { CRC32: () => 1, srand() {}, enableWatchdog: (...args: unknown[]) => armed.push(args) });
    createChip().startWatchdog(90_500);
    expect(armed).toEqual([[91, false]]);
  });
});

describe("wireless consoles", () => {
  function lock(wanted: { telnet?: boolean; bluetooth?: boolean }, password?: string) {
    const done: unknown[] = [];
    vi.stubGlobal("E", {
      setPassword: (word: string) => done.push(`password ${word}`),
      lockConsole: () => done.push("locked"),
    });
    const telnet = { setOptions: (options: { mode: string }) => done.push(`telnet ${options.mode}`) };
    const bluetooth = {
      setServices: (_: object, options: object) => done.push(options),
      sleep: () => done.push("asleep"),
    };
    const fault = lockConsoles(wanted, password, telnet, bluetooth);
    return { done, fault };
  }

  it("are off unless the device file wants one", () => {
    expect(lock({}, "word")).toEqual({ done: ["telnet off", { uart: false }, "asleep"], fault: "" });
  });

  it("ask for the password when one is wanted", () => {
    expect(lock({ telnet: true }, "word").done).toEqual([
      "password word",
      "locked",
      "telnet on",
      { uart: false },
      "asleep",
    ]);
    expect(lock({ bluetooth: true }, "word").done).toEqual(["password word", "locked", "telnet off"]);
  });

  it("stay off without a password, and that is told without naming one", () => {
    const { done, fault } = lock({ telnet: true, bluetooth: true });
    expect(done).toEqual(["telnet off", { uart: false }, "asleep"]);
    expect(fault).toContain("consolePassword");
  });

  it("do not matter on a build that has none", () => {
    vi.stubGlobal("E", {});
    expect(lockConsoles({}, undefined, undefined, undefined)).toBe("");
  });
});

describe("a UDP socket", () => {
  function open() {
    const listeners: { [event: string]: (data: string) => void } = {};
    const sent: unknown[] = [];
    const socket: Record<string, unknown> = {
      on: (event: string, callback: (data: string) => void) => {
        listeners[event] = callback;
      },
      send: (...args: unknown[]) => sent.push(args),
    };
    vi.stubGlobal("E", { toUint8Array: (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0)) });
    const heard: Uint8Array[] = [];
    const port = createUdp({ createSocket: () => socket } as unknown as EspruinoDgram).open((bytes) =>
      heard.push(bytes),
    );
    return { port, sent, heard, socket, arrive: (data: string) => listeners.message(data) };
  }

  it("carries every byte both ways", () => {
    const { port, sent, heard, arrive } = open();
    port.send(Uint8Array.from([0, 35, 128, 255]), "time.example", 123);
    expect(sent).toEqual([["\0#\x80\xff", 0, 4, 123, "time.example"]]);
    arrive("\x24\x00\xff");
    expect([...heard[0]]).toEqual([36, 0, 255]);
  });

  it("hears nothing once it is closed, and is gone though it has unsent data", () => {
    const { port, heard, socket, arrive } = open();
    port.close();
    arrive("late");
    expect(heard).toEqual([]);
    expect(socket.clsNow).toBe(true);
  });
});

describe("Storage and Flash", () => {
  it("read a missing or broken JSON file as none", () => {
    const readJSON = (name: string, quiet: boolean) => (name === "ok.json" && quiet ? { a: 1 } : undefined);
    const store = createStore({ readJSON } as unknown as EspruinoStorage);
    expect(store.readJson("ok.json")).toEqual({ a: 1 });
    expect(store.readJson("none.json")).toBe(undefined);
  });

  it("write a JSON file only where Storage needs no compaction for it", () => {
    const written: unknown[] = [];
    let free = 1024;
    const writeJSON = (name: string, value: unknown) => written.push([name, value]) > 0;
    const store = createStore({ writeJSON, getFree: () => free } as unknown as EspruinoStorage);
    store.writeJson("a", [1]);
    free = 1023;
    store.writeJson("b", [2]);
    expect(written).toEqual([["a", [1]]]);
  });

  it("say how long a page is, and that there is none", () => {
    const getPage = (address: number) => (address < 4096 ? { addr: 0, length: 4096 } : undefined);
    const flash = { getPage } as unknown as EspruinoFlash;
    expect([pageBytesAt(flash, 5), pageBytesAt(flash, 5000)]).toEqual([4096, 0]);
  });
});

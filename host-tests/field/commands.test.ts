import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { backfill } from "../../scripts/backfill.ts";
import { portError } from "../../scripts/console/terminal/field-error.ts";
import { createSecrets } from "../../scripts/console/terminal/secrets.ts";
import { choosePort } from "../../scripts/console/transport/choose-port.ts";
import { openConsole } from "../../scripts/console/transport/device-console.ts";
import { listPorts, type SerialLibrary } from "../../scripts/console/transport/transport.ts";
import { doctor } from "../../scripts/doctor.ts";
import { exportSamples } from "../../scripts/export.ts";
import { flash } from "../../scripts/flash.ts";
import { monitor } from "../../scripts/monitor.ts";
import { provision } from "../../scripts/provision.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { startRig } from "../support/console/console-rig.ts";

const COMMANDS = { flash, provision, doctor, monitor, export: exportSamples, backfill };

describe.each(Object.entries(COMMANDS))("%s", (name, command) => {
  it("explains itself with --help", async () => {
    const terminal = captureTerminal();
    expect(await command(["--help"], terminal)).toBe(0);
    const help = terminal.out.join("\n");
    expect(help).toMatch(new RegExp(`^Usage: npm run ${name} -- \\[options\\]`));
    expect(help).toContain("Options:");
    expect(help).toMatch(name === "backfill" ? /--dump <flash.bin>/ : /-p, --port <name>/);
    for (const line of help.split("\n")) expect(line.length, line).toBeLessThanOrEqual(terminal.columns + 20);
    expect(terminal.err).toEqual([]);
  });

  it("says what is wrong with an option that it does not have, with exit status 2", async () => {
    const terminal = captureTerminal();
    expect(await command(["--dump", "x", "--nonsense"].slice(name === "backfill" ? 0 : 2), terminal)).toBe(2);
    expect(terminal.err.join("\n")).toContain("unknown option '--nonsense'");
  });
});

describe("a port that can't be opened", () => {
  it.each([
    ["Error: No such file or directory, cannot open /dev/ttyUSB0", /no port.*\bPlug the device in/s],
    ["Error: Opening COM3: File not found", /no port/],
    ["Error: Error: Permission denied, cannot open /dev/ttyUSB0", /You may not open.*dialout/s],
    ["Error: Error Resource temporarily unavailable Cannot lock port", /in use by another program/],
    ["Error: Opening COM3: Access denied", /in use by another program/],
    ["Error: something new", /could not be opened: Error: something new/],
  ])("is explained: %s", (reason, expected) => {
    const error = portError("COM3", new Error(reason));
    expect(`${error.message} ${error.advice}`).toMatch(expected);
  });
});

/** A serial port without a cable: npm `serialport`'s own mock, which needs no native addon. */
interface MockPort {
  openOptions: { baudRate: number; hupcl: boolean };
  emitData(data: Buffer): void;
  recording: Buffer;
}
const load = createRequire(createRequire(import.meta.url).resolve("serialport/package.json"));
const { MockBinding } = load("@serialport/binding-mock") as {
  MockBinding: {
    reset(): void;
    createPort(path: string, options: object): void;
    list(): Promise<{ path: string }[]>;
    open(options: object): Promise<MockPort>;
  };
};
const { SerialPortStream } = load("@serialport/stream") as {
  SerialPortStream: new (options: object, opened: (error: Error | null) => void) => { port?: MockPort };
};

describe("the serial port", () => {
  const library = (paths: string[]) => {
    MockBinding.reset();
    for (const path of paths) MockBinding.createPort(path, { echo: false, record: true });
    const opened: InstanceType<typeof SerialPortStream>[] = [];
    class Port extends SerialPortStream {
      static list = () => MockBinding.list();
      constructor(options: object, done: (error: Error | null) => void) {
        super({ binding: MockBinding, ...options }, done);
        opened.push(this);
      }
    }
    return { serial: { SerialPort: Port } as unknown as SerialLibrary, opened };
  };

  it("is offered when there are several, and taken when there is one", async () => {
    const one = captureTerminal({ serial: library(["/dev/ttyUSB0", "/dev/ttyS0"]).serial });
    expect(await choosePort(undefined, one)).toBe("/dev/ttyUSB0");
    const two = library(["/dev/ttyUSB0", "/dev/ttyUSB1"]).serial;
    expect(await listPorts(two)).toHaveLength(2);
    const asked = captureTerminal({ serial: two, answers: ["/dev/ttyUSB1"] });
    expect(await choosePort(undefined, asked)).toBe("/dev/ttyUSB1");
    await expect(choosePort(undefined, captureTerminal({ serial: two }))).rejects.toThrow(
      /2 serial ports: \/dev\/ttyUSB0, /,
    );
  });

  it("talks to an Espruino, at the speed that ESP32 builds have, without resetting it", async () => {
    const { serial, opened } = library(["/dev/ttyUSB0"]);
    const opening = openConsole("/dev/ttyUSB0", { serial, answerMs: 1000, patienceMs: 2000 });
    while ((opened[0]?.port?.recording.length ?? 0) === 0) await new Promise((resolve) => setImmediate(resolve));
    const port = opened[0].port as MockPort;
    // What a board says to ENQ.
    port.emitData(Buffer.from("Espruino 2v29.277 ESP32\r\n>"));
    const device = await opening;
    expect([device.version, device.board]).toEqual(["2v29.277", "ESP32"]);
    expect(port.openOptions).toMatchObject({ baudRate: 115200, hupcl: false });
    device.close();
  });

  it("says that there is no such port", async () => {
    const { serial } = library([]);
    await expect(openConsole("/dev/ttyUSB9", { serial })).rejects.toThrow(/no port \/dev\/ttyUSB9|could not be opened/);
  });
});

describe("a secret", () => {
  it("is masked in every form that it takes", () => {
    const secrets = createSecrets();
    secrets.keep('pa"ss word/1');
    const shown = secrets.mask(
      `pa"ss word/1 | ${JSON.stringify('pa"ss word/1')} | ${encodeURIComponent('pa"ss word/1')}`,
    );
    expect(shown).toBe('•••• | "••••" | ••••');
    expect(secrets.mask("https://blynk.cloud/external/api/get?token=abc123&v1")).toBe(
      "https://blynk.cloud/external/api/get?token=••••&v1",
    );
  });
});

describe("the console", () => {
  it("takes a late answer for what it is", async () => {
    const rig = await startRig();
    const device = await openConsole(rig.port, { answerMs: 40, patienceMs: 80 });
    // An answer to another question, on its way already.
    rig.machine.onPrint('\x10\x01\x00\x09"#99#x"""');
    expect(await device.evaluate("6*7")).toBe(42);
    expect(await device.evaluate('"ü\\u0001\\"x"')).toBe('ü\u0001"x');
    await expect(device.evaluate("nothing.there")).rejects.toThrow(/nothing is not defined/);
    device.close();
    await expect(device.evaluate("1")).rejects.toThrow(/connection to the device was lost/);
    await rig.close();
  });
});

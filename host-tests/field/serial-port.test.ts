import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { choosePort } from "../../scripts/console/transport/choose-port.ts";
import { openConsole } from "../../scripts/console/transport/open-console.ts";
import { listPorts, type SerialLibrary } from "../../scripts/console/transport/serial-port.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";

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

  it("is offered when there are several, and used when it is the only one", async () => {
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

  it("talks to an Espruino at the speed of ESP32 builds, without resetting the board", async () => {
    const { serial, opened } = library(["/dev/ttyUSB0"]);
    const opening = openConsole("/dev/ttyUSB0", { serial, answerMs: 1000, patienceMs: 2000 });
    while ((opened[0]?.port?.recording.length ?? 0) === 0) await new Promise((resolve) => setImmediate(resolve));
    const port = opened[0].port as MockPort;
    // A board's answer to ENQ.
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

/**
 * Espruino's console as a TCP server: lines with echo, and the binary packets that exist since 2v25. Written from Espruino's
 * README_Protocol.md; its behaviour was compared with 2v29.277 for Linux. A `Machine` evaluates what it receives.
 */
import { createServer, type Server, type Socket } from "node:net";

/** Something with an interpreter and a Storage. */
export interface Machine {
  readonly version: string;
  readonly board: string;
  /** The value of an expression or statement in the global scope. Throws as the interpreter does. */
  evaluate(code: string): unknown;
  /** `Storage.write`. Throws where Espruino throws. */
  writeStorage(name: string, data: string, offset: number, size: number): void;
  /** Called with each printed text. */
  onPrint: (text: string) => void;
  /** Called by `E.lockConsole`. */
  onLock?: () => void;
}

export interface ConsoleOptions {
  /** The console asks for it before anything else, as after `E.setPassword` and `E.lockConsole`. */
  password?: string;
  /** Answers nothing at all, like a board without a runtime or one that waits in the ROM loader. */
  mute?: boolean;
  /** Number of questions that it ignores at first, as while it blocks in a connect. */
  deafFor?: number;
  /** Number of pieces of files that it refuses. */
  refusePieces?: number;
  /** Number of questions that a log line of ESP-IDF spoils: refused, and no reason follows. */
  spoilQuestions?: number;
  /** Number of answers that a log line of ESP-IDF gets into. */
  spoilAnswers?: number;
}

/** As ESP-IDF prints it, with its colours. */
const LOG_LINE = "\x1b[0;32mI (12345) wifi:state: run -> init (6c0)\x1b[0m\r\n";

const DLE = 16;
const SOH = 1;
const ACK = "\x06";
const NAK = "\x15";
const TYPE = { response: 0, eval: 0x2000, fileSend: 0x6000, data: 0x8000 };

export class FakeConsole {
  readonly machine: Machine;
  readonly options: ConsoleOptions;
  /** Bytes from the host since `cutAfter` was called. */
  receivedBytes = 0;
  /** All text sent to the host, for tests that look for secrets. */
  sent = "";
  /** Called when the cable is unplugged. */
  onCut: () => void = () => {};
  #cutAfterBytes = Number.POSITIVE_INFINITY;
  #server: Server;
  #client: Socket | undefined;
  #line = "";
  #packet: number[] | undefined;
  #lastByte = 0;
  #file: { fn: string; s: number; offset: number } | undefined;
  #locked: boolean;
  #deaf: number;
  #refusals: number;
  #spoiledQuestions: number;
  #spoiledAnswers: number;

  constructor(machine: Machine, options: ConsoleOptions = {}) {
    this.machine = machine;
    this.options = options;
    this.#locked = options.password !== undefined;
    this.#deaf = options.deafFor ?? 0;
    this.#refusals = options.refusePieces ?? 0;
    this.#spoiledQuestions = options.spoilQuestions ?? 0;
    this.#spoiledAnswers = options.spoilAnswers ?? 0;
    machine.onPrint = (text) => this.#send(`\r\x1b[J${text.replaceAll("\n", "\r\n")}\r\n>`);
    machine.onLock = () => {
      this.#locked = this.options.password !== undefined;
    };
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#client?.destroy();
      this.#client = socket;
      this.#reset();
      socket.on("error", () => {});
      socket.on("data", (bytes: Buffer) => this.#receive(socket, bytes));
    });
  }

  /** Listens; resolves with the port's name for `--port`. */
  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => {
        resolve(`tcp://127.0.0.1:${(this.#server.address() as { port: number }).port}`);
      });
    });
  }

  close(): Promise<void> {
    this.#client?.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** Unplugs the cable after this many more bytes from the host. */
  cutAfter(bytes: number): void {
    this.receivedBytes = 0;
    this.#cutAfterBytes = bytes;
  }

  /** Closes the connection, as a restart does over the network. */
  disconnect(): void {
    this.#client?.destroy();
    this.#client = undefined;
    this.#reset();
  }

  #reset(): void {
    this.#line = "";
    this.#packet = undefined;
    this.#lastByte = 0;
  }

  #send(text: string): void {
    this.sent += text;
    if (!this.options.mute) this.#client?.write(Buffer.from(text, "latin1"));
  }

  #receive(socket: Socket, bytes: Buffer): void {
    if (this.options.mute) return;
    for (const byte of bytes) {
      if (socket !== this.#client) return;
      if (++this.receivedBytes > this.#cutAfterBytes) {
        this.#cutAfterBytes = Number.POSITIVE_INFINITY;
        this.onCut();
        this.disconnect();
        return;
      }
      this.#take(byte);
    }
  }

  #take(byte: number): void {
    if (this.#packet !== undefined) {
      this.#packet.push(byte);
      const packet = this.#packet;
      const flags = (packet[0] << 8) | (packet[1] ?? 0);
      if (packet.length < 2 || packet.length < (flags & 0x1fff) + 2) return;
      this.#packet = undefined;
      this.#process(flags & 0xe000, Buffer.from(packet.slice(2)).toString("latin1"));
      return;
    }
    const last = this.#lastByte;
    this.#lastByte = byte;
    if (byte === SOH && last === DLE && !this.#locked) this.#packet = [];
    else if (byte === 5 && this.#line === "" && !this.#locked) this.#enquiry();
    else if (byte === 10 || byte === 13) this.#endLine();
    else if (byte >= 32 && byte !== 127) this.#line += String.fromCharCode(byte);
    else if (byte === 27) this.#line = "";
    // "Esc [ 2 H" erases the line; the code above took its letters for text.
    if (this.#line === "[2H") this.#line = "";
  }

  #enquiry(): void {
    if (this.#deaf > 0) this.#deaf--;
    else this.#send(`Espruino ${this.machine.version} ${this.machine.board}\r\n`);
  }

  #endLine(): void {
    const line = this.#line;
    this.#line = "";
    if (this.#locked) {
      this.#locked = line !== this.options.password;
      this.#send(this.#locked ? "\r\n  Invalid password\r\npassword>" : "\r\n  Logged in.\r\n>");
      return;
    }
    if (line !== "") {
      try {
        this.machine.evaluate(line);
      } catch (error) {
        this.#send(`\r\x1b[JUncaught ${String(error)}\r\n`);
      }
    }
    this.#send("\r\n>");
  }

  #process(type: number, data: string): void {
    try {
      if (type === TYPE.eval) this.#evaluate(data);
      else if (type === TYPE.data && this.#refusals > 0) {
        this.#refusals--;
        this.#send(NAK);
      } else if (type === TYPE.fileSend) {
        const { fn, s } = JSON.parse(data);
        this.#file = { fn, s, offset: 0 };
        this.#send(ACK);
      } else if (type === TYPE.data && this.#file !== undefined) {
        const file = this.#file;
        const offset = file.offset;
        file.offset += data.length;
        if (file.offset >= file.s) this.#file = undefined;
        try {
          this.machine.writeStorage(file.fn, data, offset, file.s);
        } catch (error) {
          // As in 2v29 (packet_file_write): a failed write is acknowledged all the same.
          this.#send(`Uncaught ${String(error)}\r\n`);
        }
        this.#send(ACK);
      } else this.#send(NAK);
    } catch (error) {
      this.#send(`${NAK}Uncaught ${String(error)}\r\n`);
    }
  }

  #evaluate(code: string): void {
    if (this.#spoiledQuestions > 0) {
      this.#spoiledQuestions--;
      this.#send(`${LOG_LINE}${NAK}`);
      return;
    }
    const value = this.machine.evaluate(`(${code})`);
    const text = JSON.stringify(value) ?? "undefined";
    const reply = Buffer.from(text, "latin1").toString("latin1");
    const middle = this.#spoiledAnswers > 0 ? reply.length >> 1 : reply.length;
    if (this.#spoiledAnswers > 0) this.#spoiledAnswers--;
    const sent = middle < reply.length ? reply.slice(0, middle) + LOG_LINE + reply.slice(middle) : reply;
    this.#send(`${ACK}\x10\x01${String.fromCharCode(reply.length >> 8, reply.length & 255)}${sent}`);
  }
}

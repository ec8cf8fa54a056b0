/**
 * The interpreter's memory as an ESP32 has it: code that runs before the program and leaves it no more JsVars than that,
 * and code that looks at what is in use. Both cost what they cost before the program starts, so what is above idle is
 * the program's.
 */
import { ESP32_JSVARS } from "./esp32.ts";
import { replaceFlashRead } from "./flash-read.ts";
import { LINUX_FLASH, startInterpreter } from "./interpreter.ts";
import { provision } from "./provision-flash.ts";

/** What the interpreter itself takes of them before any program: 59 on the Linux build. */
const INTERPRETER_JSVARS = 60;

export interface Pool {
  /** 14 on ESP32. */
  blockBytes: number;
  jsVars: number;
  /** Of the flash; 4,096 on ESP32. */
  pageBytes: number;
  flashBytes: number;
  /** The program lies in flash that is mapped into memory, as on ESP32, and isn't read from a file. */
  mapped: boolean;
  /** Doubles when it is full, so that it never runs out. */
  grows: boolean;
  /** Why memory figures of this build say nothing about an ESP32, or "". */
  unlike: string;
}

let asked: Promise<Pool> | undefined;

/** What this build has; asked once. */
export function readPool(): Promise<Pool> {
  asked ??= ask();
  return asked;
}

async function ask(): Promise<Pool> {
  const program = `var m=process.memory();print("POOL",m.total,m.blocksize,require("Flash").getPage(${LINUX_FLASH.address}).length,process.env.FLASH,E.getAddressOf(require("Storage").read(".bootcde"),true))`;
  const folder = await provision({ program, bare: true });
  const interpreter = startInterpreter(folder.path);
  try {
    const [, jsVars, blockBytes, pageBytes, flashBytes, codeAddress] = (await interpreter.line(/^POOL/))
      .split(" ")
      .map(Number);
    // Linux builds with a pool that grows take their JsVars by the 1,024; 64-bit JsVars hold more each.
    const grows = jsVars % 1024 === 0;
    const unlike = [
      ...(grows ? ["its pool grows when it is full"] : []),
      ...(blockBytes > 16 ? [`a JsVar has ${blockBytes} bytes`] : []),
    ].join(", and ");
    return { jsVars, blockBytes, pageBytes, flashBytes, mapped: codeAddress !== 0, grows, unlike };
  } finally {
    await interpreter.kill();
    folder.remove();
  }
}

/** For `afterPrelude`, last: holds on to JsVars until as many are free as an ESP32 has. A pool that is smaller stays as it is. */
export const BALLAST = `
var ballast = [];
(function () {
  var count = process.memory().free - ${ESP32_JSVARS - INTERPRETER_JSVARS};
  for (var i = 0; i < count; i++) ballast.push(0);
})();`;

/**
 * For `afterPrelude`: looks at the memory in use at every read of the flash and before and after every piece that is written
 * to a request, which is once at least in each drain. Garbage is collected first, as it is no need. Each new peak is printed
 * as `PEAK n`; \`meter.start()\` begins anew, \`meter.idle()\` prints \`IDLE n\`.
 */
export const METER = `
var meter = {
  peak: 0,
  looks: 0,
  frames: 0,
  look: function () {
    var used = process.memory().usage - meter.frames;
    meter.looks++;
    if (used <= meter.peak) return;
    meter.peak = used;
    print("PEAK " + used);
  },
  start: function () {
    meter.peak = 0;
    meter.looks = 0;
  },
  idle: function () {
    print("IDLE " + process.memory().usage);
  }
};
(function () {
  function reader(read) {
    return function (bytes, address) {
      var data = read(bytes, address);
      meter.look();
      return data;
    };
  }
  meter.flash = require("Flash");
  meter.read = reader(meter.flash.read);
  ${replaceFlashRead("meter.flash", "meter.read")}
  // Any request tells where the native function is; this one is closed before it connects.
  var request = require("http").request({ host: "127.0.0.1", port: 1, path: "/" }, function () {});
  var write = request.write;
  request.clsNow = true;
  httpCRq.prototype.write = function (text) {
    meter.look();
    var full = write.call(this, text);
    meter.look();
    return full;
  };
  // What the look itself has on the stack.
  var idle = reader(function () {});
  var before = process.memory().usage;
  idle(1, 2);
  meter.frames = meter.peak - before;
  meter.start();
})();`;

/**
 * The interpreter's memory, made like an ESP32's: code that runs before the program and leaves it no more JsVars than a board
 * has, and code that measures the JsVars in use. Both take their own memory before the program starts, so everything above
 * idle is the program's.
 */
import { ESP32_JSVARS } from "./esp32.ts";
import { replaceFlashRead } from "./flash-read.ts";
import { LINUX_FLASH, startInterpreter } from "./interpreter.ts";
import { provision } from "./provision-flash.ts";

/** JsVars that the interpreter takes before any program: 59 on the Linux build. */
const INTERPRETER_JSVARS = 60;

export interface Pool {
  /** Bytes of a JsVar: 14 on ESP32. */
  blockBytes: number;
  jsVars: number;
  /** Bytes of a flash page: 4,096 on ESP32. */
  pageBytes: number;
  flashBytes: number;
  /** The program lies in flash that is mapped into memory, as on ESP32. Otherwise it is read from a file. */
  mapped: boolean;
  /** A full pool doubles, so that it never runs out. */
  grows: boolean;
  /** Why memory figures of this build say nothing about an ESP32, or "" when they do. */
  unlike: string;
}

let asked: Promise<Pool> | undefined;

/** The pool of this build. The interpreter is asked once. */
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
    // A Linux build with a growing pool adds 1,024 JsVars at a time. On 64 bits each JsVar holds more.
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

/**
 * For `afterPrelude`, last: holds JsVars until only as many are left as a pool of `jsVars` has. A smaller pool stays as it
 * is.
 */
export function ballast(jsVars: number): string {
  return `
var ballast = [];
(function () {
  var count = process.memory().free - ${jsVars - INTERPRETER_JSVARS};
  for (var i = 0; i < count; i++) ballast.push(0);
})();`;
}

/** The ballast in which peaks are measured. */
export const BALLAST = ballast(ESP32_JSVARS);

/**
 * For `afterPrelude`: looks at the memory in use at every read of the flash, and before and after every piece that is written
 * to a request, which is at least once in each drain. Garbage is collected first, because nobody needs it. Each new peak
 * is printed as `PEAK n`; \`meter.start()\` forgets the peak, \`meter.idle()\` prints \`IDLE n\`.
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
    if (meter.tr) { try { throw new Error("x") } catch (e) { print("STACK " + e.stack.split("\\n").map(function(l){return l.trim()}).filter(function(l){return l.indexOf("at ")==0||l.indexOf("in function")>=0||1}).join(" | ").substr(0,1500)); } }
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

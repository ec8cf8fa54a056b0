/** The names in Espruino's library: everything else is taken away from the context that the firmware runs in. */

/** Globals of the language itself. Promise is left out: its jobs would not run on virtual time. */
export const LANGUAGE_GLOBALS = [
  "Array ArrayBuffer Boolean DataView Date Error Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array",
  "JSON Math NaN Number Object ReferenceError RegExp String SyntaxError TypeError Uint16Array Uint32Array Uint8Array",
  "Uint8ClampedArray decodeURIComponent encodeURIComponent eval globalThis isFinite isNaN parseFloat parseInt undefined",
]
  .join(" ")
  .split(" ");

const VIEW =
  "buffer byteLength byteOffset length BYTES_PER_ELEMENT set map subarray indexOf includes join sort forEach reduce fill filter find findIndex reverse slice some every";

/** Members by path, from the `"name"` entries of src/jswrap_*.c and a listing in the Linux build (2v29.277). */
export const MEMBERS: Record<string, string> = {
  Array: "isArray prototype length name",
  "Array.prototype":
    "length toString indexOf includes join push pop map forEach filter find findIndex some every reduce splice shift unshift slice sort concat fill reverse",
  String: "fromCharCode prototype length name",
  "String.prototype":
    "length toString valueOf charAt charCodeAt indexOf lastIndexOf match replace replaceAll substring substr slice split toLowerCase toUpperCase trim concat startsWith endsWith includes repeat padStart padEnd",
  Number: "NaN MAX_VALUE MIN_VALUE NEGATIVE_INFINITY POSITIVE_INFINITY prototype length name",
  "Number.prototype": "toFixed toString valueOf",
  Object:
    "keys getOwnPropertyNames values entries fromEntries create getOwnPropertyDescriptor getOwnPropertyDescriptors defineProperty defineProperties getPrototypeOf setPrototypeOf assign prototype length name",
  "Object.prototype": "toString valueOf hasOwnProperty __proto__",
  Math: "E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 abs acos asin atan atan2 ceil clip clz32 cos exp floor log max min pow randInt random round sign sin sqrt tan wrap",
  JSON: "parse stringify",
  "Function.prototype": "apply bind call toString length name",
  "RegExp.prototype": "exec test source flags lastIndex global ignoreCase",
  DataView: "prototype length name",
  "DataView.prototype":
    "buffer byteLength byteOffset getFloat32 getFloat64 getInt8 getInt16 getInt32 getUint8 getUint16 getUint32 setFloat32 setFloat64 setInt8 setInt16 setInt32 setUint8 setUint16 setUint32",
  ArrayBuffer: "prototype length name",
  "ArrayBuffer.prototype": "byteLength",
  TypedArray: "prototype length name",
  "TypedArray.prototype": VIEW,
  Date: "now parse prototype length name",
};

/**
 * Runs inside the context: takes away what is not listed. Symbols stay on the prototypes (for…of works through them),
 * and so do those that V8 does not delete: Number.EPSILON, MAX_SAFE_INTEGER, MIN_SAFE_INTEGER and Math.LOG2E.
 */
export const PRUNE = `(function (globals, members, random, nowMs) {
  var TypedArray = Object.getPrototypeOf(Uint8Array);
  function prune(object, names) {
    Object.getOwnPropertyNames(object).forEach(function (name) {
      if (names.indexOf(name) < 0 && name !== "constructor") delete object[name];
    });
  }
  var RealDate = Date;
  function DeviceDate(a, b, c, d, e, f, g) {
    switch (arguments.length) {
      case 0: return new RealDate(nowMs());
      case 1: return new RealDate(a);
      default: return new RealDate(a, b, c || 1, d || 0, e || 0, f || 0, g || 0);
    }
  }
  DeviceDate.prototype = RealDate.prototype;
  DeviceDate.now = nowMs;
  DeviceDate.parse = RealDate.parse;
  globalThis.Date = DeviceDate;
  Math.random = random;
  Math.randInt = function (n) { return Math.floor(random() * n); };
  Math.clip = function (v, low, high) { return v < low ? low : v > high ? high : v; };
  Math.wrap = function (v, max) { v = v % max; return v < 0 ? v + max : v; };
  Object.keys(members).forEach(function (path) {
    var parts = path.split(".");
    var object = parts[0] === "TypedArray" ? TypedArray : globalThis[parts[0]];
    if (parts[1]) object = object[parts[1]];
    prune(object, members[path].split(" "));
  });
  // jswrap_string_indexOf compares up to the end of either text: "abc".indexOf("cd") is 2 (run, 2v29.277).
  var indexOf = String.prototype.indexOf, substring = String.prototype.substring;
  String.prototype.indexOf = function (part, from) {
    part = String(part);
    var found = indexOf.call(this, part, from), length = this.length;
    if (found >= 0 || part.length > length || from > 0) return found;
    for (var at = length - part.length + 1; at < length; at++)
      if (substring.call(part, 0, length - at) === substring.call(this, at)) return at;
    return -1;
  };
  String.prototype.includes = function (part, from) { return this.indexOf(part, from) >= 0; };
  ["indexOf", "includes"].forEach(function (name) {
    Object.defineProperty(String.prototype, name, { enumerable: false });
  });
  // V8 takes its slowest way for a plain array out of a typed one, which is how the firmware decodes pages.
  var slice = Array.prototype.slice;
  Array.prototype.slice = function (start, end) {
    if (start !== undefined || !(this instanceof Uint8Array)) return slice.call(this, start, end);
    var copy = [];
    for (var i = 0; i < this.length; i++) copy.push(this[i]);
    return copy;
  };
  Object.defineProperty(Array.prototype, "slice", { enumerable: false });
  ["Uint8Array", "Int8Array", "Uint16Array", "Int16Array", "Uint32Array", "Int32Array", "Float32Array", "Float64Array", "Uint8ClampedArray"].forEach(function (name) {
    prune(globalThis[name], ["prototype", "length", "name", "BYTES_PER_ELEMENT"]);
  });
  Object.getOwnPropertyNames(globalThis).forEach(function (name) {
    if (globals.indexOf(name) < 0) delete globalThis[name];
  });
})`;

/** The library of Espruino 2v29.277: each member was tried in the Linux build; those of the boards are from their sources. */

/** Global names, without the pins. */
export const GLOBALS = new Set(
  `Array ArrayBuffer Boolean DataView Date Error Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array
  InternalError JSON Math NaN Number Object Promise ReferenceError RegExp String SyntaxError TypeError Uint16Array Uint24Array
  Uint32Array Uint8Array Uint8ClampedArray arguments atob btoa changeInterval clearInterval clearTimeout console
  decodeURIComponent encodeURIComponent eval global globalThis isFinite isNaN parseFloat parseInt process setInterval
  setTimeout undefined
  AES E ESP32 File Graphics HIGH I2C I2C1 I2C2 I2C3 LOW Modules NRF OneWire Pin SPI SPI1 SPI2 SPI3 Serial Serial1 Serial2
  Serial3 StorageFile Telnet USB Bluetooth Terminal Waveform analogRead analogWrite clearWatch digitalPulse digitalRead
  digitalWrite dump echo getPinMode getSerial getTime load peek16 peek32 peek8 pinMode poke16 poke32 poke8 print require
  reset save setTime setWatch shiftOut trace url`.split(/\s+/),
);

/** Pins by name. */
export const PIN_NAME = /^(D\d{1,2}|A\d{1,2}|BTN\d?|LED\d?)$/;

/** All members of those built-in objects that programs name directly, such as `Math.floor`. */
export const STATIC_MEMBERS: { [object: string]: Set<string> } = {
  Array: new Set(["isArray", "prototype"]),
  Date: new Set(["now", "parse", "prototype"]),
  JSON: new Set(["parse", "stringify"]),
  Math: new Set(
    `abs acos asin atan atan2 ceil cos exp floor log max min pow random round sign sin sqrt tan E LN10 LN2 LOG10E LOG2E PI
    SQRT1_2 SQRT2`.split(/\s+/),
  ),
  Number: new Set(["MAX_VALUE", "MIN_VALUE", "NaN", "NEGATIVE_INFINITY", "POSITIVE_INFINITY", "prototype"]),
  Object: new Set(
    `assign create defineProperties defineProperty entries fromEntries getOwnPropertyDescriptor getOwnPropertyDescriptors
    getOwnPropertyNames getPrototypeOf keys prototype setPrototypeOf values`.split(/\s+/),
  ),
  Promise: new Set(["all", "reject", "resolve", "prototype"]),
  String: new Set(["fromCharCode", "prototype"]),
};

/** JavaScript's methods that no type of Espruino has. A program may have methods of these names itself. */
export const MISSING_METHODS = new Set(
  `at codePointAt copyWithin entries findLast findLastIndex flat flatMap getBigInt64 getBigUint64 isPrototypeOf keys
  localeCompare matchAll normalize propertyIsEnumerable reduceRight search setBigInt64 setBigUint64 setUTCDate
  setUTCFullYear setUTCHours setUTCMilliseconds setUTCMinutes setUTCMonth setUTCSeconds toDateString toExponential
  toLocaleDateString toLocaleLowerCase toLocaleString toLocaleTimeString toLocaleUpperCase toPrecision toReversed toSorted
  toSpliced toTimeString toWellFormed trimEnd trimLeft trimRight trimStart values`.split(/\s+/),
);

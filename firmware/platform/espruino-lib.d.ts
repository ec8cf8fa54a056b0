/**
 * The language library that Espruino has, and nothing else: the firmware is compiled with `noLib`, so that `new Map()`
 * or `Number.isInteger` is a type error. Every member was tried in Espruino 2v29.277 for Linux (`typeof` of it).
 * Only firmware/tsconfig.json sees this file; tests and scripts have Node's library instead.
 */

// ---- what the compiler itself needs
type PropertyKey = string | number | symbol;
interface SymbolConstructor {
  readonly iterator: unique symbol;
}
/** For the compiler's `for…of` only: Espruino has no `Symbol`, and the dialect check refuses it. */
declare var Symbol: SymbolConstructor;
interface IteratorResult<T> {
  done?: boolean;
  value: T;
}
interface Iterator<T> {
  next(): IteratorResult<T>;
}
interface Iterable<T> {
  [Symbol.iterator](): Iterator<T>;
}
interface IterableIterator<T> extends Iterator<T> {
  [Symbol.iterator](): IterableIterator<T>;
}
interface IArguments {
  [index: number]: unknown;
  length: number;
}
interface TemplateStringsArray extends ReadonlyArray<string> {}
type Partial<T> = { [K in keyof T]?: T[K] };
type Required<T> = { [K in keyof T]-?: T[K] };
type Readonly<T> = { readonly [K in keyof T]: T[K] };
type Pick<T, K extends keyof T> = { [P in K]: T[P] };
type Record<K extends PropertyKey, T> = { [P in K]: T };
type Exclude<T, U> = T extends U ? never : T;
type Extract<T, U> = T extends U ? T : never;
type Omit<T, K extends PropertyKey> = Pick<T, Exclude<keyof T, K>>;
type NonNullable<T> = T & {};
type Parameters<T extends (...args: never) => unknown> = T extends (...args: infer P) => unknown ? P : never;
type ReturnType<T extends (...args: never) => unknown> = T extends (...args: never) => infer R ? R : never;
type ThisType<T> = {};

// ---- values
declare var NaN: number;
declare var Infinity: number;
declare function parseInt(text: string, radix?: number): number;
declare function parseFloat(text: string): number;
declare function isNaN(value: unknown): boolean;
declare function isFinite(value: unknown): boolean;
declare function encodeURIComponent(text: string | number | boolean): string;
declare function decodeURIComponent(text: string): string;
declare function atob(text: string): string;
declare function btoa(text: string): string;

interface PropertyDescriptor {
  configurable?: boolean;
  enumerable?: boolean;
  value?: unknown;
  writable?: boolean;
  get?(): unknown;
  set?(value: unknown): void;
}
interface Object {
  constructor: Function;
  hasOwnProperty(key: PropertyKey): boolean;
  toString(): string;
  valueOf(): Object;
}
interface ObjectConstructor {
  new (value?: unknown): Object;
  assign<T, U>(target: T, source: U): T & U;
  create(prototype: object | null): any;
  defineProperty<T>(target: T, key: PropertyKey, descriptor: PropertyDescriptor): T;
  entries<T>(object: { [key: string]: T } | ArrayLike<T>): [string, T][];
  getOwnPropertyNames(object: unknown): string[];
  getPrototypeOf(object: unknown): unknown;
  keys(object: object): string[];
  values<T>(object: { [key: string]: T } | ArrayLike<T>): T[];
}
declare var Object: ObjectConstructor;

interface Function {
  readonly length: number;
  apply(self: unknown, args?: unknown): any;
  bind(self: unknown, ...args: unknown[]): any;
  call(self: unknown, ...args: unknown[]): any;
  toString(): string;
}
interface CallableFunction extends Function {
  apply<T, A extends unknown[], R>(this: (this: T, ...args: A) => R, self: T, args?: A): R;
  call<T, A extends unknown[], R>(this: (this: T, ...args: A) => R, self: T, ...args: A): R;
  bind<T>(this: T, self: unknown): T;
}
interface NewableFunction extends Function {}

interface Boolean {
  valueOf(): boolean;
}
declare var Boolean: (value?: unknown) => boolean;

interface Number {
  toFixed(decimals: number): string;
  toString(radix?: number): string;
  valueOf(): number;
}
interface NumberConstructor {
  (value?: unknown): number;
  readonly MAX_VALUE: number;
  readonly MIN_VALUE: number;
  readonly NaN: number;
  readonly NEGATIVE_INFINITY: number;
  readonly POSITIVE_INFINITY: number;
}
declare var Number: NumberConstructor;

interface String {
  readonly length: number;
  readonly [index: number]: string;
  charAt(index: number): string;
  charCodeAt(index: number): number;
  concat(text: string): string;
  endsWith(end: string): boolean;
  includes(part: string, from?: number): boolean;
  indexOf(part: string, from?: number): number;
  lastIndexOf(part: string, from?: number): number;
  match(pattern: string | RegExp): RegExpExecArray | null;
  padEnd(length: number, fill?: string): string;
  padStart(length: number, fill?: string): string;
  repeat(count: number): string;
  replace(pattern: string | RegExp, by: string | ((...match: any[]) => string)): string;
  replaceAll(pattern: string | RegExp, by: string): string;
  slice(from: number, to?: number): string;
  split(separator: string | RegExp): string[];
  startsWith(start: string, from?: number): boolean;
  substr(from: number, length?: number): string;
  substring(from: number, to?: number): string;
  toLowerCase(): string;
  toUpperCase(): string;
  toString(): string;
  trim(): string;
  valueOf(): string;
  [Symbol.iterator](): IterableIterator<string>;
}
interface StringConstructor {
  (value?: unknown): string;
  fromCharCode(...codes: number[]): string;
}
declare var String: StringConstructor;

interface RegExp {
  exec(text: string): RegExpExecArray | null;
  test(text: string): boolean;
  readonly source: string;
  lastIndex: number;
}
interface RegExpExecArray extends Array<string> {
  index: number;
  input: string;
}
declare var RegExp: { new (pattern: string, flags?: string): RegExp };

interface Error {
  message: string;
  stack?: string;
}
interface ErrorConstructor {
  new (message?: string): Error;
  (message?: string): Error;
}
declare var Error: ErrorConstructor;
declare var TypeError: ErrorConstructor;
declare var SyntaxError: ErrorConstructor;
declare var ReferenceError: ErrorConstructor;

// ---- lists
interface ArrayLike<T> {
  readonly length: number;
  readonly [index: number]: T;
}
interface ConcatArray<T> extends ArrayLike<T> {
  slice(from?: number, to?: number): T[];
}
interface ReadonlyArray<T> {
  readonly length: number;
  readonly [index: number]: T;
  concat(...items: (T | ConcatArray<T>)[]): T[];
  every(test: (value: T, index: number) => unknown): boolean;
  filter(test: (value: T, index: number) => unknown): T[];
  find(test: (value: T, index: number) => unknown): T | undefined;
  findIndex(test: (value: T, index: number) => unknown): number;
  forEach(visit: (value: T, index: number) => void): void;
  includes(value: T): boolean;
  indexOf(value: T, from?: number): number;
  join(separator?: string): string;
  map<U>(change: (value: T, index: number) => U): U[];
  reduce(join: (sum: T, value: T, index: number) => T): T;
  reduce<U>(join: (sum: U, value: T, index: number) => U, first: U): U;
  slice(from?: number, to?: number): T[];
  some(test: (value: T, index: number) => unknown): boolean;
  [Symbol.iterator](): IterableIterator<T>;
}
interface Array<T> {
  length: number;
  [index: number]: T;
  concat(...items: (T | ConcatArray<T>)[]): T[];
  every(test: (value: T, index: number) => unknown): boolean;
  fill(value: T, from?: number, to?: number): this;
  filter(test: (value: T, index: number) => unknown): T[];
  find(test: (value: T, index: number) => unknown): T | undefined;
  findIndex(test: (value: T, index: number) => unknown): number;
  forEach(visit: (value: T, index: number) => void): void;
  includes(value: T): boolean;
  indexOf(value: T, from?: number): number;
  join(separator?: string): string;
  map<U>(change: (value: T, index: number) => U): U[];
  pop(): T | undefined;
  push(...items: T[]): number;
  reduce(join: (sum: T, value: T, index: number) => T): T;
  reduce<U>(join: (sum: U, value: T, index: number) => U, first: U): U;
  reverse(): T[];
  shift(): T | undefined;
  slice(from?: number, to?: number): T[];
  some(test: (value: T, index: number) => unknown): boolean;
  sort(compare?: (a: T, b: T) => number): this;
  splice(from: number, count?: number, ...items: T[]): T[];
  unshift(...items: T[]): number;
  [Symbol.iterator](): IterableIterator<T>;
}
interface ArrayConstructor {
  new <T>(length: number): T[];
  isArray(value: unknown): value is any[];
}
declare var Array: ArrayConstructor;

interface ArrayBuffer {
  readonly byteLength: number;
}
declare var ArrayBuffer: { new (bytes: number): ArrayBuffer };
interface TypedNumbers<Self> {
  readonly length: number;
  [index: number]: number;
  readonly buffer: ArrayBuffer;
  readonly byteLength: number;
  readonly byteOffset: number;
  every(test: (value: number, index: number) => unknown): boolean;
  fill(value: number, from?: number, to?: number): this;
  find(test: (value: number, index: number) => unknown): number | undefined;
  findIndex(test: (value: number, index: number) => unknown): number;
  forEach(visit: (value: number, index: number) => void): void;
  includes(value: number): boolean;
  indexOf(value: number, from?: number): number;
  join(separator?: string): string;
  map(change: (value: number, index: number) => number): Self;
  reduce(join: (sum: number, value: number) => number, first?: number): number;
  reverse(): Self;
  set(values: ArrayLike<number>, at?: number): void;
  slice(from?: number, to?: number): Self;
  some(test: (value: number, index: number) => unknown): boolean;
  sort(compare?: (a: number, b: number) => number): this;
  subarray(from: number, to?: number): Self;
  [Symbol.iterator](): IterableIterator<number>;
}
interface TypedNumbersConstructor<Self> {
  new (length: number): Self;
  new (values: ArrayLike<number>): Self;
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): Self;
}
interface Uint8Array extends TypedNumbers<Uint8Array> {}
declare var Uint8Array: TypedNumbersConstructor<Uint8Array>;
interface Uint16Array extends TypedNumbers<Uint16Array> {}
declare var Uint16Array: TypedNumbersConstructor<Uint16Array>;
interface Uint32Array extends TypedNumbers<Uint32Array> {}
declare var Uint32Array: TypedNumbersConstructor<Uint32Array>;
interface Int8Array extends TypedNumbers<Int8Array> {}
declare var Int8Array: TypedNumbersConstructor<Int8Array>;
interface Int16Array extends TypedNumbers<Int16Array> {}
declare var Int16Array: TypedNumbersConstructor<Int16Array>;
interface Int32Array extends TypedNumbers<Int32Array> {}
declare var Int32Array: TypedNumbersConstructor<Int32Array>;
interface Float32Array extends TypedNumbers<Float32Array> {}
declare var Float32Array: TypedNumbersConstructor<Float32Array>;
interface Float64Array extends TypedNumbers<Float64Array> {}
declare var Float64Array: TypedNumbersConstructor<Float64Array>;

interface DataView {
  readonly buffer: ArrayBuffer;
  readonly byteLength: number;
  readonly byteOffset: number;
  getInt8(at: number): number;
  getUint8(at: number): number;
  getInt16(at: number, littleEndian?: boolean): number;
  getUint16(at: number, littleEndian?: boolean): number;
  getInt32(at: number, littleEndian?: boolean): number;
  getUint32(at: number, littleEndian?: boolean): number;
  getFloat32(at: number, littleEndian?: boolean): number;
  getFloat64(at: number, littleEndian?: boolean): number;
  setInt8(at: number, value: number): void;
  setUint8(at: number, value: number): void;
  setInt16(at: number, value: number, littleEndian?: boolean): void;
  setUint16(at: number, value: number, littleEndian?: boolean): void;
  setInt32(at: number, value: number, littleEndian?: boolean): void;
  setUint32(at: number, value: number, littleEndian?: boolean): void;
  setFloat32(at: number, value: number, littleEndian?: boolean): void;
  setFloat64(at: number, value: number, littleEndian?: boolean): void;
}
declare var DataView: { new (buffer: ArrayBuffer, byteOffset?: number, byteLength?: number): DataView };

// ---- services
interface Math {
  readonly E: number;
  readonly LN10: number;
  readonly LN2: number;
  readonly LOG10E: number;
  readonly LOG2E: number;
  readonly PI: number;
  readonly SQRT1_2: number;
  readonly SQRT2: number;
  abs(x: number): number;
  acos(x: number): number;
  asin(x: number): number;
  atan(x: number): number;
  atan2(y: number, x: number): number;
  ceil(x: number): number;
  cos(x: number): number;
  exp(x: number): number;
  floor(x: number): number;
  log(x: number): number;
  max(...values: number[]): number;
  min(...values: number[]): number;
  pow(x: number, y: number): number;
  random(): number;
  round(x: number): number;
  sign(x: number): number;
  sin(x: number): number;
  sqrt(x: number): number;
  tan(x: number): number;
}
declare var Math: Math;

interface JSON {
  parse(text: string): any;
  stringify(value: unknown, replacer?: null, space?: number): string;
}
declare var JSON: JSON;

interface Date {
  getTime(): number;
  getTimezoneOffset(): number;
  getUTCDate(): number;
  getUTCDay(): number;
  getUTCFullYear(): number;
  getUTCHours(): number;
  getUTCMilliseconds(): number;
  getUTCMinutes(): number;
  getUTCMonth(): number;
  getUTCSeconds(): number;
  toISOString(): string;
  toString(): string;
  toUTCString(): string;
}
declare var Date: { new (time?: number | string): Date; now(): number; parse(text: string): number };

interface PromiseLike<T> {
  then(done: (value: T) => unknown, failed?: (reason: any) => unknown): PromiseLike<any>;
}
interface Promise<T> {
  then(done: (value: T) => unknown, failed?: (reason: any) => unknown): Promise<any>;
  catch(failed: (reason: any) => unknown): Promise<any>;
}
declare var Promise: {
  new <T>(run: (done: (value: T) => void, failed: (reason: unknown) => void) => void): Promise<T>;
};

// ---- what Node has too, under Espruino's types
declare var console: { log(...values: unknown[]): void };
declare var process: EspruinoProcess;
declare var global: any;
declare function setTimeout(callback: () => void, delayMs: number): number;
declare function setInterval(callback: () => void, delayMs: number): number;
declare function clearTimeout(id: number): void;
declare function clearInterval(id: number): void;
declare function require(name: string): any;

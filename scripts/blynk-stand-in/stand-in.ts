/**
 * Blynk's batch upload as its documentation describes it, and stricter where the documentation is silent: every breach of
 * the contract is recorded as a violation, with any answer. It is written from Blynk's pages and never from the
 * firmware, so that the two cannot share one misunderstanding. It judges by `arrivedMs` and has no clock of its own.
 */
import { failure, type StandInResponse, success } from "./answer.ts";
import { BLYNK_LIMITS, type StandInLimits } from "./blynk-limits.ts";
import { type ParsedBody, parseBody } from "./body.ts";
import { PinHistory } from "./pin-history.ts";
import { digest, headBytes, header, type StandInRequest } from "./request.ts";
import { SlidingWindow } from "./sliding-window.ts";
import type { StandInOptions } from "./stand-in-options.ts";
import { judgeUpload, type Rules, type Violate } from "./upload-judge.ts";
import { type Violation, ViolationLog } from "./violations.ts";

export { answer, failure, type StandInResponse } from "./answer.ts";
export type { StandInRequest } from "./request.ts";
export type { StandInOptions } from "./stand-in-options.ts";

export interface StandInStats {
  requests: number;
  /** Distinct points held. */
  points: number;
  /** Points that came again, byte for byte. */
  duplicates: number;
  /** Bodies that came again, byte for byte. */
  replays: number;
  violations: Violation[];
  violationCount: number;
  pointsMaxInRequest: number;
  pointsMaxIn24h: number;
  requestsMaxIn1s: number;
  bodyBytes: number;
  /** The same bodies written as the shortest JSON: equal when every body was as short as it can be. */
  bodyBytesShortest: number;
}

interface Device {
  /** Points of the last 24 h. */
  points: SlidingWindow;
  /** Requests of the last second. */
  second: SlidingWindow;
  pins: Map<string, PinHistory>;
}

/** An upload whose pin exists, from a device that exists. */
interface Addressed {
  request: StandInRequest;
  device: Device;
  pin: string;
  violate: Violate;
}

const BATCH_PATH = "/external/api/batch/update";
const PIN = /^v(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$/;
const DAY_MS = 86_400_000;

export class BlynkStandIn {
  readonly limits: StandInLimits;
  /** When each request arrived, for rates over a fleet. */
  readonly arrivalsMs: number[] = [];
  /** May be changed while it runs: faults that come and go. */
  fault: StandInOptions["fault"];
  /** May be changed while it runs. */
  refuseAbovePoints: number;
  /** Called with the points of each upload that are kept, as they come. */
  onTaken: ((pin: string, points: { ts: number; value: string }[]) => void) | undefined;
  readonly #past: Rules["past"];
  readonly #replayMarginMs: number;
  readonly #pins: Set<string> | undefined;
  readonly #month = new SlidingWindow(31 * DAY_MS);
  /** Private fields stay out of every log and assertion message: they hold the tokens. */
  readonly #tokens: string[] = [];
  readonly #violations = new ViolationLog(this.#tokens);
  readonly #devices: Device[] = [];
  #duplicates = 0;
  #replays = 0;
  #bodyBytes = 0;
  #bodyBytesShortest = 0;
  #pointsMaxInRequest = 0;

  constructor(options: StandInOptions) {
    this.limits = { ...BLYNK_LIMITS, ...options.limits };
    this.#past = { day: "drop", age: "drop", future: "drop", ...options.past };
    this.#replayMarginMs = options.replayMarginMs ?? 2 * 3_600_000;
    this.refuseAbovePoints = options.refuseAbovePoints ?? Number.POSITIVE_INFINITY;
    this.fault = options.fault;
    this.#pins = options.pins && new Set(options.pins);
    for (const token of options.tokens) this.addDevice(token);
  }

  /** The first 1,000 breaches of the contract. */
  get violations(): Violation[] {
    return this.#violations.kept;
  }

  /** All of them. */
  get violationCount(): number {
    return this.#violations.count;
  }

  /** Makes a token known from now on. Returns the device's index. */
  addDevice(token: string): number {
    this.#tokens.push(token);
    return (
      this.#devices.push({ points: new SlidingWindow(DAY_MS), second: new SlidingWindow(1000), pins: new Map() }) - 1
    );
  }

  /** Takes one whole request and returns what the server answers. Never throws on anything a client can send. */
  handle(request: StandInRequest): StandInResponse {
    const { arrivedMs } = request;
    this.arrivalsMs.push(arrivedMs);
    if (this.#month.add(arrivedMs, 1) > this.limits.messagesPerMonth) {
      this.#violations.add("messages-month", request, -1, "", `more than ${this.limits.messagesPerMonth} in 31 days`);
    }
    const mark = request.path.indexOf("?");
    const path = mark < 0 ? request.path : request.path.slice(0, mark);
    const query = new URLSearchParams(mark < 0 ? "" : request.path.slice(mark + 1));
    const device = this.#tokens.indexOf(query.get("token") ?? "");
    if (device >= 0 && this.#devices[device].second.add(arrivedMs, 1) > this.limits.requestsPerSecond) {
      const details = `more than ${this.limits.requestsPerSecond} in a second`;
      this.#violations.add("request-rate", request, device, "", details);
      return failure(429, "Too many requests.", arrivedMs);
    }
    if (path === BATCH_PATH && request.method === "POST") return this.#upload(request, query, device);
    return this.#read(request, path, query, device);
  }

  /** The points of one device, by pin number, then time. Values are their text on the wire. */
  *points(device = 0): Generator<{ pin: string; ts: number; value: string }> {
    const pins = [...this.#devices[device].pins].sort((a, b) => Number(a[0].slice(1)) - Number(b[0].slice(1)));
    for (const [pin, history] of pins) {
      for (const { ts, value } of history.points()) yield { pin, ts, value };
    }
  }

  /** Totals over all devices; the maxima are those of the busiest device. */
  stats(): StandInStats {
    let points = 0;
    for (const device of this.#devices) for (const history of device.pins.values()) points += history.size;
    const busiest = (of: (device: Device) => SlidingWindow) =>
      this.#devices.reduce((max, device) => Math.max(max, of(device).max), 0);
    return {
      requests: this.arrivalsMs.length,
      points,
      duplicates: this.#duplicates,
      replays: this.#replays,
      violations: this.violations,
      violationCount: this.violationCount,
      pointsMaxInRequest: this.#pointsMaxInRequest,
      pointsMaxIn24h: busiest((device) => device.points),
      requestsMaxIn1s: busiest((device) => device.second),
      bodyBytes: this.#bodyBytes,
      bodyBytesShortest: this.#bodyBytesShortest,
    };
  }

  /** Whatever is wrong with the envelope of a batch is answered here; the batch itself is `#take`'s. */
  #upload(request: StandInRequest, query: URLSearchParams, index: number): StandInResponse {
    const { arrivedMs } = request;
    const pin = query.get("pin") ?? "";
    const isPin = PIN.test(pin);
    const violate: Violate = (kind, details) => this.#violations.add(kind, request, index, isPin ? pin : "", details);

    const names = [...query.keys()].sort().join(",");
    if (names !== "pin,token") violate("query", `expected token and pin once each, got ${query.size} parameters`);
    const bytes = Buffer.byteLength(request.body);
    if (!isLengthRight(request, bytes, violate)) return failure(411, "Length required.", arrivedMs);
    const wholeBytes = bytes + headBytes(request);
    if (wholeBytes > this.limits.bodyBytes) {
      violate("body-size", `${wholeBytes} bytes with headers, ${this.limits.bodyBytes} allowed`);
      return failure(413, "Request is too large.", arrivedMs);
    }
    const type = header(request, "content-type");
    if (type !== "application/json") {
      violate("content-type", type === undefined ? "no Content-Type" : `Content-Type is ${type}`);
      return failure(400, "Unknown content type.", arrivedMs);
    }
    if (index < 0) return failure(400, "Invalid token.", arrivedMs);
    if (!isPin) violate("pin-format", `pin is ${JSON.stringify(pin)}`);
    if (!isPin || this.#pins?.has(pin) === false) return failure(400, "Wrong pin format.", arrivedMs);
    const parsed = parseBody(request.body);
    this.#bodyBytes += bytes;
    this.#bodyBytesShortest += parsed.ok ? parsed.shortestBytes : bytes;
    return this.#take({ request, device: this.#devices[index], pin, violate }, parsed);
  }

  #take({ request, device, pin, violate }: Addressed, parsed: ParsedBody): StandInResponse {
    const { arrivedMs } = request;
    if (!parsed.ok) {
      violate("json", parsed.error);
      return this.fault?.(request, pin, undefined)?.answer ?? failure(400, "Invalid body.", arrivedMs);
    }
    const { points } = parsed;
    const history = historyOf(device, pin);
    const upload = { arrivedMs, digest: digest(request.body), points, history };
    const pointsToday = device.points.add(arrivedMs, points.length);
    this.#pointsMaxInRequest = Math.max(this.#pointsMaxInRequest, points.length);
    const { answer, lost } = judgeUpload({ ...upload, pointsToday }, this.#rules(), violate);
    const fault = this.fault?.(request, pin, points);
    if (fault && !fault.stores) {
      if (isFateUnknown(fault.answer.status)) history.open(upload.digest, points);
      if (fault.answered !== false) history.refuse(upload.digest, points);
      return fault.answer;
    }
    if (answer) return fault?.answer ?? answer;
    if (history.remember(upload.digest, points)) this.#replays++;
    const taken = points.filter((point) => !lost.has(point));
    this.#duplicates += history.add(taken);
    this.onTaken?.(pin, taken);
    return fault?.answer ?? success(arrivedMs, "OK");
  }

  #rules(): Rules {
    const { limits, refuseAbovePoints } = this;
    return { limits, refuseAbovePoints, past: this.#past, replayMarginMs: this.#replayMarginMs };
  }

  /**
   * The two reads that a device or a doctor may do: `isHardwareConnected` (Blynk's page device-https-api/is-device-connected: 200
   * with `true` or `false`), whose `Date` tells a device the time, and `get`. A missing value is answered with an empty array.
   */
  #read(request: StandInRequest, path: string, query: URLSearchParams, device: number): StandInResponse {
    const { arrivedMs } = request;
    // Pages outside the API are not a message.
    if (!path.startsWith("/external/api/") && request.method === "GET") return failure(404, "Not found.", arrivedMs);
    const known = path === "/external/api/isHardwareConnected" || path === "/external/api/get";
    if (!known || request.method !== "GET") {
      this.#violations.add("method", request, device, "", `${request.method} ${path}`);
      return failure(path === BATCH_PATH || known ? 405 : 404, "Not found.", arrivedMs);
    }
    if (device < 0) return failure(400, "Invalid token.", arrivedMs);
    if (path.endsWith("isHardwareConnected")) return success(arrivedMs, "false", "application/json");
    const pins = [...query.keys()].filter((name) => name !== "token");
    if (pins.length !== 1 || !PIN.test(pins[0]) || this.#pins?.has(pins[0]) === false) {
      return failure(400, "Wrong pin format.", arrivedMs);
    }
    const value = this.#devices[device].pins.get(pins[0])?.lastValue;
    return success(arrivedMs, value ?? "[]", "application/json");
  }
}

function historyOf({ pins }: Device, pin: string): PinHistory {
  let history = pins.get(pin);
  if (!history) {
    history = new PinHistory();
    pins.set(pin, history);
  }
  return history;
}

function isLengthRight(request: StandInRequest, bytes: number, violate: Violate): boolean {
  const length = header(request, "content-length");
  const chunked = header(request, "transfer-encoding") !== undefined;
  if (!chunked && length !== undefined && /^\d+$/.test(length) && Number(length) === bytes) return true;
  violate(
    "content-length",
    chunked ? "chunked" : `Content-Length is ${length ?? "absent"}, the body has ${bytes} bytes`,
  );
  return false;
}

/** Answers after which a client cannot know whether its batch was taken, so that it must send the same again. */
function isFateUnknown(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

/**
 * Blynk's batch upload as its documentation describes it, and stricter where the documentation is silent: every breach of
 * the contract is recorded as a violation, whatever is answered. Written from Blynk's pages, never from the
 * firmware, so that the two can't share one misunderstanding. Judges by `arrivedMs`, has no clock of its own.
 */
import { failure, type StandInResponse, success } from "./answer.ts";
import { type ParsedBody, parseBody, type WirePoint } from "./body.ts";
import { BLYNK_LIMITS, SlidingWindow, type StandInLimits } from "./limits.ts";
import { PinHistory } from "./pin-history.ts";
import { digest, headBytes, header, type StandInRequest } from "./request.ts";

export { answer, failure, type StandInResponse } from "./answer.ts";
export type { StandInRequest } from "./request.ts";

export type ViolationKind =
  | "method" // neither a POST to the batch path nor a documented read
  | "query" // parameters other than exactly one token and one pin
  | "content-type"
  | "content-length" // absent, wrong, or a chunked body
  | "body-size"
  | "pin-format"
  | "json" // not JSON, or not [[ts,value],…]
  | "empty-batch"
  | "value-type" // numbers only
  | "timestamp-type" // not a plain integer of ms
  | "batch-points"
  | "day-points"
  | "age"
  | "future"
  | "order" // not strictly increasing within the request
  | "overlap" // reaches back over what an earlier, different body of this pin carried
  | "value-changed" // a timestamp seen before, now with another value
  | "not-replayed" // a batch of unknown fate was abandoned while all its points were young enough
  | "request-rate"
  | "messages-month";

export interface Violation {
  kind: ViolationKind;
  atMs: number;
  /** Index of the device's token; -1 before the token was known. */
  device: number;
  pin: string;
  /** For people; never holds a token. */
  details: string;
}

/** What the documentation leaves open. Each is a violation all the same. */
export type PastLimit = "store" | "drop" | "refuse";

/** A failure to inject: what is answered instead, and whether the points were stored before it. */
export interface Fault {
  stores: boolean;
  answer: StandInResponse;
}

export interface StandInOptions {
  /** One token a device. A request with another is answered `Invalid token.`: a fact of life, not a violation. */
  tokens: string[];
  /** The datastreams of the template, ["v1", …]. Absent: every v0…v255 exists. One outside is answered `Wrong pin format.`, no violation. */
  pins?: string[];
  limits?: Partial<StandInLimits>;
  /** Past the daily limit, the age limit and the present. Default "drop": answered OK, the points are lost. */
  past?: { day?: PastLimit; age?: PastLimit; future?: PastLimit };
  /** A plan smaller than documented: batches above are refused with `Too much data in batch…`, without a violation. */
  refuseAbovePoints?: number;
  /** Called for every upload after it was judged. `points` is undefined when the body was not a batch. */
  fault?: (request: StandInRequest, pin: string, points: WirePoint[] | undefined) => Fault | undefined;
  /** An open batch may be given up once a point of it is within so much of the age limit. */
  replayMarginMs?: number;
}

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
  /** What `bodyBytes` would have been at the shortest: equal when every body was. */
  bodyBytesShortest: number;
}

interface Device {
  points: SlidingWindow;
  second: SlidingWindow;
  pins: Map<string, PinHistory>;
}

const BATCH_PATH = "/external/api/batch/update";
const PIN = /^v(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$/;
const DAY_MS = 86_400_000;
/** More would only fill memory; the count goes on. */
const VIOLATIONS_KEPT = 1000;

export class BlynkStandIn {
  readonly limits: StandInLimits;
  readonly violations: Violation[] = [];
  /** When each request arrived, for rates over a fleet. */
  readonly arrivalsMs: number[] = [];
  /** May be changed while running: a wrong token that is put right later, faults that come and go. */
  fault: StandInOptions["fault"];
  refuseAbovePoints: number;
  violationCount = 0;
  readonly #past: Required<NonNullable<StandInOptions["past"]>>;
  readonly #replayMarginMs: number;
  readonly #pins: Set<string> | undefined;
  readonly #month = new SlidingWindow(31 * DAY_MS);
  /** Private fields stay out of every log and assertion message: they hold the tokens. */
  readonly #tokens: string[];
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
    this.#tokens = [];
    for (const token of options.tokens) this.addDevice(token);
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
      this.#violate("messages-month", request, -1, "", `more than ${this.limits.messagesPerMonth} in 31 days`);
    }
    const mark = request.path.indexOf("?");
    const path = mark < 0 ? request.path : request.path.slice(0, mark);
    const query = new URLSearchParams(mark < 0 ? "" : request.path.slice(mark + 1));
    const device = this.#tokens.indexOf(query.get("token") ?? "");
    if (device >= 0 && this.#devices[device].second.add(arrivedMs, 1) > this.limits.requestsPerSecond) {
      this.#violate("request-rate", request, device, "", `more than ${this.limits.requestsPerSecond} in a second`);
      return failure(429, "Too many requests.", arrivedMs);
    }
    if (path === BATCH_PATH && request.method === "POST") return this.#upload(request, query, device);
    return this.#read(request, path, query, device);
  }

  /** The points of one device, by pin number, then time; values are their text on the wire. */
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

  #upload(request: StandInRequest, query: URLSearchParams, device: number): StandInResponse {
    const { arrivedMs, body } = request;
    const pin = query.get("pin") ?? "";
    const violate = (kind: ViolationKind, details: string) => this.#violate(kind, request, device, pin, details);

    const names = [...query.keys()].sort().join(",");
    if (names !== "pin,token") violate("query", `expected token and pin once each, got ${query.size} parameters`);
    const bytes = Buffer.byteLength(body);
    if (!this.#lengthIsRight(request, bytes, violate)) return failure(411, "Length required.", arrivedMs);
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
    if (device < 0) return failure(400, "Invalid token.", arrivedMs);
    if (!PIN.test(pin)) violate("pin-format", `pin is ${JSON.stringify(pin)}`);
    if (!PIN.test(pin) || this.#pins?.has(pin) === false) return failure(400, "Wrong pin format.", arrivedMs);

    const parsed = parseBody(body);
    this.#bodyBytes += bytes;
    this.#bodyBytesShortest += parsed.ok ? parsed.shortestBytes : bytes;
    const verdict = this.#judge(request, device, pin, parsed, violate);
    const fault = this.fault?.(request, pin, parsed.ok ? parsed.points : undefined);
    if (fault && !fault.stores) {
      if (parsed.ok && isFateUnknown(fault.answer.status)) this.#history(device, pin).open(digest(body), parsed.points);
      return fault.answer;
    }
    if (verdict.answer || !parsed.ok)
      return fault?.answer ?? verdict.answer ?? failure(400, "Invalid body.", arrivedMs);
    const history = this.#history(device, pin);
    if (history.remember(digest(body), parsed.points)) this.#replays++;
    this.#duplicates += history.add(parsed.points.filter((point) => !verdict.lost.has(point)));
    return fault?.answer ?? success(arrivedMs, "OK");
  }

  /** Everything that is judged about the points of a batch. `answer` refuses it; `lost` are points answered OK and dropped. */
  #judge(
    request: StandInRequest,
    device: number,
    pin: string,
    parsed: ParsedBody,
    violate: (kind: ViolationKind, details: string) => void,
  ): { answer?: StandInResponse; lost: Set<WirePoint> } {
    const { arrivedMs } = request;
    const lost = new Set<WirePoint>();
    let answer: StandInResponse | undefined;
    const refuse = (message: string) => {
      answer ??= failure(400, message, arrivedMs);
    };
    const past = (policy: PastLimit, message: string, points: WirePoint[]) => {
      if (policy === "refuse") refuse(message);
      if (policy === "drop") for (const point of points) lost.add(point);
    };
    if (!parsed.ok) {
      violate("json", parsed.error);
      return { answer: failure(400, "Invalid body.", arrivedMs), lost };
    }
    const { points } = parsed;
    const today = this.#devices[device].points.add(arrivedMs, points.length);
    this.#pointsMaxInRequest = Math.max(this.#pointsMaxInRequest, points.length);
    if (points.length === 0) violate("empty-batch", "no points");
    if (points.length > this.limits.pointsPerRequest) violate("batch-points", `${points.length} points`);
    if (points.length > Math.min(this.limits.pointsPerRequest, this.refuseAbovePoints)) {
      refuse(`Too much data in batch. Maximum batch size is ${this.limits.pointsPerRequest} points.`);
    }
    if (points.some((point) => !point.numeric)) {
      violate("value-type", "a value is not a number");
      refuse("Wrong value type.");
    }
    if (points.some((point) => !/^\d+$/.test(point.tsText) || !Number.isSafeInteger(point.ts))) {
      violate("timestamp-type", "a timestamp is not a plain integer");
      refuse("Wrong timestamp.");
    }
    if (answer) return { answer, lost };

    const old = points.filter((point) => arrivedMs - point.ts > this.limits.ageMaxMs);
    if (old.length > 0) {
      violate("age", `${old.length} points, the oldest ${((arrivedMs - old[0].ts) / DAY_MS).toFixed(2)} days`);
      past(this.#past.age, "Timestamp is too old.", old);
    }
    const future = points.filter((point) => point.ts > arrivedMs);
    if (future.length > 0) {
      violate("future", `${future.length} points, the last ${future[future.length - 1].ts - arrivedMs} ms ahead`);
      past(this.#past.future, "Timestamp is in the future.", future);
    }
    if (today > this.limits.pointsPerDay) {
      violate("day-points", `${today} points within 24 h, ${this.limits.pointsPerDay} allowed`);
      past(
        this.#past.day,
        "Daily limit reached.",
        points.slice(-Math.min(points.length, today - this.limits.pointsPerDay)),
      );
    }
    this.#judgeOrder(request, device, pin, points, violate);
    return { answer, lost };
  }

  #judgeOrder(
    request: StandInRequest,
    device: number,
    pin: string,
    points: WirePoint[],
    violate: (kind: ViolationKind, details: string) => void,
  ): void {
    for (let i = 1; i < points.length; i++) {
      if (points[i].ts <= points[i - 1].ts) {
        violate("order", `point ${i}: ${points[i].ts} after ${points[i - 1].ts}`);
        break;
      }
    }
    const history = this.#history(device, pin);
    if (history.seen(digest(request.body))) return;
    const changed = points.find((point) => (history.valueAt(point.ts) ?? point.value) !== point.value);
    if (changed) {
      violate("value-changed", `${changed.ts} was ${history.valueAt(changed.ts)}, now ${changed.value}`);
      return;
    }
    const expiredBeforeMs = request.arrivedMs - this.limits.ageMaxMs + this.#replayMarginMs;
    const open = history.openBatch;
    if (open && open.firstTs > expiredBeforeMs) {
      violate("not-replayed", `a batch of ${open.firstTs} to ${open.lastTs} had no answer and was not sent again`);
      return;
    }
    const first = points[0];
    // What expired in part can't come again whole: its younger points may come in another body, unchanged.
    if (first && first.ts <= history.lastTs && history.firstTsOfLast > expiredBeforeMs) {
      violate("overlap", `begins at ${first.ts}, this pin had reached ${history.lastTs}`);
    }
  }

  #history(device: number, pin: string): PinHistory {
    const pins = this.#devices[device].pins;
    let history = pins.get(pin);
    if (!history) {
      history = new PinHistory();
      pins.set(pin, history);
    }
    return history;
  }

  /** The two reads a doctor may do; a missing value is answered with an empty array. */
  #read(request: StandInRequest, path: string, query: URLSearchParams, device: number): StandInResponse {
    const { arrivedMs } = request;
    // Pages outside the API are no message: a device may read the Date header of the front page, say.
    if (!path.startsWith("/external/api/") && request.method === "GET") return failure(404, "Not found.", arrivedMs);
    const known = path === "/external/api/isHardwareConnected" || path === "/external/api/get";
    if (!known || request.method !== "GET") {
      this.#violate("method", request, device, "", `${request.method} ${path}`);
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

  #lengthIsRight(
    request: StandInRequest,
    bytes: number,
    violate: (kind: ViolationKind, details: string) => void,
  ): boolean {
    const length = header(request, "content-length");
    const chunked = header(request, "transfer-encoding") !== undefined;
    if (!chunked && length !== undefined && /^\d+$/.test(length) && Number(length) === bytes) return true;
    violate(
      "content-length",
      chunked ? "chunked" : `Content-Length is ${length ?? "absent"}, the body has ${bytes} bytes`,
    );
    return false;
  }

  #violate(kind: ViolationKind, request: StandInRequest, device: number, pin: string, details: string): void {
    this.violationCount++;
    if (this.violations.length >= VIOLATIONS_KEPT) return;
    // A client that muddles its query could put its token anywhere: cut it out of whatever is quoted.
    let clean = details;
    for (const token of this.#tokens) if (token !== "") clean = clean.replaceAll(token, "…");
    this.violations.push({ kind, atMs: request.arrivedMs, device, pin: PIN.test(pin) ? pin : "", details: clean });
  }
}

/** Answers after which a client can't know whether its batch was taken, so that it must send the same again. */
function isFateUnknown(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

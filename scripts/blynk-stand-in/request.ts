/** A request as the client sent it. */
import { createHash } from "node:crypto";

export interface StandInRequest {
  method: string;
  /** With the query: `/external/api/batch/update?token=…&pin=v1`. */
  path: string;
  headers: Record<string, string | number | undefined>;
  body: string;
  /** Unix time in ms at which the last byte arrived. */
  arrivedMs: number;
}

/** Two bodies with the same digest are equal byte for byte. */
export function digest(body: string): string {
  return createHash("sha256").update(body).digest("base64");
}

/** The value of a header. `name` is in lower case; the client's may be in any case. */
export function header(request: StandInRequest, name: string): string | undefined {
  for (const [key, value] of Object.entries(request.headers)) {
    if (key.toLowerCase() === name && value !== undefined) return String(value);
  }
  return undefined;
}

/** Length of the request line and the known headers. */
export function headBytes(request: StandInRequest): number {
  let bytes = `${request.method} ${request.path} HTTP/1.1\r\n\r\n`.length;
  for (const [name, value] of Object.entries(request.headers)) bytes += `${name}: ${value}\r\n`.length;
  return bytes;
}

/** What a client sent. */
import { createHash } from "node:crypto";

export interface StandInRequest {
  method: string;
  /** With its query: `/external/api/batch/update?token=…&pin=v1`. */
  path: string;
  headers: Record<string, string | number | undefined>;
  body: string;
  /** Unix time in ms at which the last byte arrived. */
  arrivedMs: number;
}

/** Two bodies with the same one are byte for byte alike. */
export function digest(body: string): string {
  return createHash("sha256").update(body).digest("base64");
}

/** By its name in lower case. */
export function header(request: StandInRequest, name: string): string | undefined {
  for (const [key, value] of Object.entries(request.headers)) {
    if (key.toLowerCase() === name && value !== undefined) return String(value);
  }
  return undefined;
}

/** Request line and headers, as far as they are known. */
export function headBytes(request: StandInRequest): number {
  let bytes = `${request.method} ${request.path} HTTP/1.1\r\n\r\n`.length;
  for (const [name, value] of Object.entries(request.headers)) bytes += `${name}: ${value}\r\n`.length;
  return bytes;
}

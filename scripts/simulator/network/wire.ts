/** HTTP as text. */
import type { StandInRequest } from "../../blynk-stand-in/stand-in.ts";

/** `head` is the request line and the headers, without the blank line. The body is added later. */
export function parseHead(head: string): StandInRequest {
  const lines = head.split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon)] = line.slice(colon + 1).trim();
  }
  const [method, path] = lines[0].split(" ");
  return { method, path, headers, body: "", arrivedMs: 0 };
}

/** A whole answer as text. */
export function wire(response: { status: number; headers: Record<string, string>; body: string }): string {
  const reasons: Record<number, string> = { 200: "OK", 302: "Found", 400: "Bad Request", 503: "Service Unavailable" };
  let head = `HTTP/1.1 ${response.status} ${reasons[response.status] ?? "Status"}\r\n`;
  for (const [name, value] of Object.entries(response.headers)) head += `${name}: ${value}\r\n`;
  return `${head}Connection: close\r\n\r\n${response.body}`;
}

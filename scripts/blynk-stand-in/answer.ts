/** Answers in the form that Blynk gives them. */

export interface StandInResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** An answer with Blynk's headers. Tests make their faults with it, too. */
export function answer(status: number, body: string, arrivedMs: number, type = "text/plain"): StandInResponse {
  return {
    status,
    headers: {
      Date: new Date(arrivedMs).toUTCString(),
      "Content-Type": type,
      "Content-Length": String(Buffer.byteLength(body)),
    },
    body,
  };
}

/** Status 200. */
export function success(arrivedMs: number, body: string, type?: string): StandInResponse {
  return answer(200, body, arrivedMs, type);
}

/** Blynk's form of an error: `{"error":{"message":"…"}}`. */
export function failure(status: number, message: string, arrivedMs: number): StandInResponse {
  return answer(status, JSON.stringify({ error: { message } }), arrivedMs, "application/json");
}

import { sayNetworkError } from "../../build/network-error.ts";
import { FieldError } from "../terminal/field-error.ts";

const TIMEOUT_MS = 30000;

/**
 * Asks the server from this computer whether it knows the token, by Blynk's documented request `isHardwareConnected`.
 * It is made before anything is charged to the day's allowance. Throws a `FieldError` that does not contain the token.
 */
export async function checkToken(server: string, token: string): Promise<void> {
  let status: number;
  let body: string;
  try {
    const response = await fetch(`${server}/external/api/isHardwareConnected?token=${token}`, {
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    status = response.status;
    body = (await response.text()).slice(0, 400);
  } catch (error) {
    throw new FieldError(
      `${server} was not reached: ${sayNetworkError(error)}.`,
      "Check the address and this computer's network. Nothing was sent.",
    );
  }
  if (status === 200 && /^\s*(true|false)\s*$/.test(body)) return;
  if (status === 400 && /Invalid token/.test(body)) {
    throw new FieldError(
      `${server} does not know the token.`,
      "Compare it with Device info → Auth Token in Blynk. Check the region too (bottom right on Blynk's web page), e.g. --server https://fra1.blynk.cloud.",
    );
  }
  if (status >= 300 && status < 400) {
    throw new FieldError(
      `${server} redirects to another address (${status}).`,
      "Give the server of the account's region, e.g. --server https://fra1.blynk.cloud.",
    );
  }
  throw new FieldError(
    `${server} answered ${status}, which is not Blynk's answer.`,
    "A proxy or a captive portal may have answered instead. Nothing was sent.",
  );
}

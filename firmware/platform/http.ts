import { ANSWER_TOO_LONG, type Http, type HttpHandlers, type HttpRequestOptions } from "./ports.ts";

/**
 * Longest head of an answer. Espruino collects it whole, then copies each header out of it: at 8 kB an ESP32's pool is full, all
 * intervals are removed and the console is dead (run). Blynk's heads have some 300 characters.
 */
const HELD_CHARS_MAX = 3000;
/** JsVars that stay free beside the copy that is made of what is held. */
const FREE_MIN = 200;
/** A JsVar of a text holds 10 to 12 characters. */
const CHARS_IN_JSVAR = 10;

/** Whether what came and was not handed over yet can grow no further. */
function overflows(held: string | undefined): boolean {
  if (held === undefined || held === "") return false;
  if (held.length > HELD_CHARS_MAX) return true;
  const least = FREE_MIN + held.length / CHARS_IN_JSVAR;
  const memory = (process as unknown as EspruinoProcess).memory;
  // Collecting garbage takes time: only when it is needed.
  return memory(false).free < least && memory().free < least;
}

/** HTTP over Espruino's `http` module (libs/network/socketserver.c). `tls`: whether the build speaks https. */
export function createHttp(native: EspruinoHttp, tls: boolean): Http {
  return {
    tls,
    request(options: HttpRequestOptions, handlers: HttpHandlers) {
      let over = false;
      const request = native.request(options, (response) => {
        if (over) return;
        response.on("data", (text) => {
          if (!over) handlers.data(text);
        });
        response.on("close", () => {
          if (over) return;
          over = true;
          handlers.close();
        });
        // The second word of the status line, whatever it is: "200", or "\r\n" from a faulty server.
        const status = parseInt(response.statusCode, 10);
        handlers.response(status >= 100 && status < 1000 ? status : NaN, response.headers ?? {});
      });
      request.on("drain", () => {
        if (!over) handlers.drain();
      });
      // May come after a response too, when the server closes before it has read everything.
      request.on("error", (error) => {
        if (over) return;
        over = true;
        handlers.error(error.code, error.message);
      });

      function abort(): void {
        over = true;
        // There is no abort in the API. The idle loop closes what carries this flag, also a request that was never sent.
        request.clsNow = true;
        request.dRcv = "";
      }
      /** No event tells of a head on its way, and there is no limit to it. One pass of the idle loop adds 536 characters at most. */
      function watch(): void {
        if (over) return;
        if (overflows(request.dRcv)) {
          abort();
          handlers.error(ANSWER_TOO_LONG, "the answer is too long for the memory");
        } else setTimeout(watch, 0);
      }
      watch();
      return {
        write(text) {
          request.write(text);
        },
        end() {
          request.end();
        },
        abort,
      };
    },
  };
}

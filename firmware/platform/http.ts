import { ANSWER_TOO_LONG, HANDSHAKE_REFUSED, type Http, type HttpHandlers, type HttpRequestOptions } from "./ports.ts";

/**
 * Longest head of an answer. Espruino collects it whole, then copies each header out of it: at 8 kB an ESP32's pool is full, all
 * intervals are removed and the console is dead (run). Blynk's heads have some 300 characters.
 */
const HELD_CHARS_MAX = 3000;
/** JsVars that stay free beside the copy that is made of what is held. */
const FREE_MIN = 200;
/** A JsVar of a text holds 10 to 12 characters. */
const CHARS_IN_JSVAR = 10;

/** A refusal comes at once; on silence lwIP gives up after some 18 s. */
const SILENCE_S = 4;
const TLS_LIMITS =
  "the TLS handshake failed. Espruino's TLS is 1.2 with RSA or DHE-RSA key exchange, without SNI or certificate checks; other servers refuse it, and so may a proxy in Blynk's place";

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
      /** Something has left, or come. */
      let met = false;
      const request = native.request(options, (response) => {
        if (over) return;
        met = true;
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
        met = true;
        if (!over) handlers.drain();
      });
      // May come after a response too, when the server closes before it has read everything.
      request.on("error", (error) => {
        if (over) return;
        over = true;
        // The handshake is made in the idle loop, when `write` has returned (libs/network/network.c, ssl_getSocketData).
        if (!met && options.protocol === "https:") handlers.error(HANDSHAKE_REFUSED, TLS_LIMITS);
        else handlers.error(error.code, error.message);
      });

      function abort(): void {
        over = true;
        // There is no abort in the API. The idle loop closes what carries this flag, also a request that was never sent.
        request.clsNow = true;
        request.dRcv = "";
      }
      /** No event tells of a head on its way, and nothing limits it. A pass of the idle loop adds 536 characters at most. */
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
          const sinceS = getTime();
          try {
            request.write(text);
          } catch (error) {
            // It connects in the first write (libs/network/socketserver.c, clientRequestConnect).
            const why = `${error}`;
            if (why.match(/locate host/)) {
              throw "the server's name can't be looked up: this network has no Internet, or its DNS does not answer";
            }
            if (!why.match(/create socket/)) throw why;
            throw getTime() - sinceS < SILENCE_S
              ? "the server refuses the connection"
              : "the server's address does not answer";
          }
        },
        end() {
          request.end();
        },
        abort,
      };
    },
  };
}

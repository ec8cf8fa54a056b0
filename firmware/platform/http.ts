import type { Http, HttpHandlers, HttpRequestOptions } from "./ports.ts";

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
      return {
        write(text) {
          request.write(text);
        },
        end() {
          request.end();
        },
        abort() {
          over = true;
          // There is no abort in the API. The idle loop closes what carries this flag, also a request that was never sent.
          request.clsNow = true;
        },
      };
    },
  };
}

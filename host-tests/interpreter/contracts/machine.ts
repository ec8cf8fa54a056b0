import { type Machine, openRegion } from "../../../firmware/platform/machine.ts";
import { differs, firstProblem, type Promised } from "./contract.ts";

/** The interpreter's machine, and the ports of the test's servers. */
export interface MachineSetup {
  machine: Machine;
  /** The test server of ports.test.ts. */
  httpPort: number;
  /** Nothing listens there. */
  closedPort: number;
  /** Echoes every packet. */
  echoPort: number;
}

function get(setup: MachineSetup, path: string, done: (events: string[]) => void): void {
  const events: string[] = [];
  const request = setup.machine.http.request(
    { protocol: "http:", host: "127.0.0.1", port: setup.httpPort, path: path, method: "GET", headers: {} },
    {
      drain() {},
      response(status, headers) {
        events.push(`response ${status} ${headers["X-Test"] ?? ""}`);
      },
      data(text) {
        events.push(`data ${text}`);
      },
      close() {
        events.push("close");
        done(events);
      },
      error(code) {
        events.push(`error ${code}`);
        done(events);
      },
    },
  );
  request.end();
}

const silentHandlers = { drain() {}, response() {}, data() {}, close() {}, error() {} };

export const MACHINE_CONTRACT: Promised<MachineSetup>[] = [
  {
    title: "timers fire in order of time, and never after they are cleared",
    run(setup, done) {
      const timers = setup.machine.timers;
      const order: string[] = [];
      timers.setTimeout(() => order.push("b"), 30);
      timers.setTimeout(() => order.push("a"), 10);
      timers.clearTimeout(timers.setTimeout(() => order.push("never"), 20));
      timers.setTimeout(() => done(differs("the order", order.join(), "a,b")), 60);
    },
  },
  {
    title: "time is in ms, with fractions, and goes on",
    run(setup, done) {
      const timers = setup.machine.timers;
      const fromMs = timers.nowMs();
      timers.setTimeout(() => {
        const tookMs = timers.nowMs() - fromMs;
        done(tookMs >= 49 && tookMs < 500 ? "" : `50 ms took ${tookMs}`);
      }, 50);
    },
  },
  {
    title: "a response has a numeric status, its headers, its body, and an end",
    run(setup, done) {
      get(setup, "/hello", (events) => done(differs("what came", events, ["response 200 yes", "data hello", "close"])));
    },
  },
  {
    title: "a garbage status line has the status NaN",
    run(setup, done) {
      get(setup, "/garbage", (events) => done(differs("the first", events[0], "response NaN ")));
    },
  },
  {
    title: "an error status is a response like any other",
    run(setup, done) {
      get(setup, "/teapot", (events) => done(differs("the first", events[0], "response 418 ")));
    },
  },
  {
    title: "a server that hangs up is an error, once",
    run(setup, done) {
      get(setup, "/hangup", (events) => done(differs("what came", events, ["error -15"])));
    },
  },
  {
    title: "a body is written piece by piece, each on the drain before it",
    run(setup, done) {
      const piece = "[1760000000000,21.5],".repeat(25);
      const pieces = 40;
      let written = 0;
      let answer = "";
      const request = setup.machine.http.request(
        {
          protocol: "http:",
          host: "127.0.0.1",
          port: setup.httpPort,
          path: "/count",
          method: "POST",
          headers: { "Content-Length": piece.length * pieces },
        },
        {
          drain() {
            if (written === pieces) return;
            written++;
            request.write(piece);
            if (written === pieces) request.end();
          },
          response() {},
          data(text) {
            answer += text;
          },
          close() {
            done(differs("bytes that arrived", answer, String(piece.length * pieces)));
          },
          error(code) {
            done(`error ${code}`);
          },
        },
      );
      written++;
      request.write(piece);
    },
  },
  {
    title: "a refused connection throws at once",
    run(setup, done) {
      let thrown = false;
      try {
        const request = setup.machine.http.request(
          { protocol: "http:", host: "127.0.0.1", port: setup.closedPort, path: "/", method: "GET", headers: {} },
          silentHandlers,
        );
        request.end();
      } catch {
        thrown = true;
      }
      done(thrown ? "" : "nothing was thrown");
    },
  },
  {
    title: "a name that does not resolve throws at once",
    run(setup, done) {
      let thrown = false;
      try {
        const request = setup.machine.http.request(
          { protocol: "http:", host: "no-such-host.invalid", port: 80, path: "/", method: "GET", headers: {} },
          silentHandlers,
        );
        request.end();
      } catch {
        thrown = true;
      }
      done(thrown ? "" : "nothing was thrown");
    },
  },
  {
    title: "nothing is called after abort, and the socket is closed",
    run(setup, done) {
      let calls = 0;
      const count = () => {
        calls++;
      };
      const request = setup.machine.http.request(
        { protocol: "http:", host: "127.0.0.1", port: setup.httpPort, path: "/stuck", method: "GET", headers: {} },
        { drain() {}, response: count, data: count, close: count, error: count },
      );
      request.end();
      setup.machine.timers.setTimeout(() => {
        request.abort();
        setup.machine.timers.setTimeout(() => {
          // The server answers with the number of its stuck requests.
          get(setup, "/stuck-count", (events) =>
            done(firstProblem([differs("calls", calls, 0), differs("stuck", events[1], "data 0")])),
          );
        }, 150);
      }, 100);
    },
  },
  {
    title: "UDP carries every byte there and back",
    run(setup, done) {
      const data = new Uint8Array(256);
      for (let i = 0; i < 256; i++) data[i] = i;
      const socket = setup.machine.udp.open((bytes) => {
        socket.close();
        let wrong = -1;
        for (let i = 255; i >= 0; i--) if (bytes[i] !== i) wrong = i;
        done(firstProblem([differs("length", bytes.length, 256), differs("first wrong byte", wrong, -1)]));
      });
      socket.send(data, "127.0.0.1", setup.echoPort);
    },
  },
  {
    title: "a closed UDP socket hears nothing more",
    run(setup, done) {
      let heard = 0;
      const socket = setup.machine.udp.open(() => {
        heard++;
      });
      socket.send(new Uint8Array([1]), "127.0.0.1", setup.echoPort);
      socket.close();
      setup.machine.timers.setTimeout(() => done(differs("answers", heard, 0)), 100);
    },
  },
  {
    title: "a stored JSON file is read, and a missing or malformed one is undefined",
    run(setup, done) {
      const store = setup.machine.store;
      done(
        firstProblem([
          differs("the file", store.readJson("good.json"), { a: [1, "x", null] }),
          differs("the missing one", store.readJson("nowhere.json") === undefined, true),
          differs("the malformed one", store.readJson("bad.json") === undefined, true),
        ]),
      );
    },
  },
  {
    title: "memory is counted, and random numbers lie between 0 and 1",
    run(setup, done) {
      const chip = setup.machine.chip;
      const memory = chip.memory();
      const problems = [differs("memory", memory.free > 0 && memory.total > memory.free, true)];
      let low = 1;
      let high = 0;
      for (let i = 0; i < 200; i++) {
        const value = chip.random();
        if (value < low) low = value;
        if (value > high) high = value;
      }
      problems.push(differs("the spread", low >= 0 && low < 0.1 && high > 0.9 && high < 1, true));
      done(firstProblem(problems));
    },
  },
  {
    title: "joining gives the reason in words without Wi-Fi, and none with it",
    run(setup, done) {
      setup.machine.wifi.join("nowhere", "secret-word", (failure) => {
        if (failure === "") return done("joined nothing");
        setup.machine.wifi.leave();
        (globalThis as unknown as { air: { up: boolean } }).air.up = true;
        setup.machine.wifi.join("air", "secret-word", (second) => done(differs("the failure", second, "")));
      });
    },
  },
  {
    title: "a lost Wi-Fi is reported once",
    run(setup, done) {
      const lost: string[] = [];
      setup.machine.wifi.onLost((reason) => lost.push(reason));
      (globalThis as unknown as { air: { lose(): void } }).air.lose();
      setup.machine.timers.setTimeout(() => done(differs("losses", lost, ["ASSOC_LEAVE"])), 20);
    },
  },
  {
    title: "an active-low button is pressed when its pin reads low",
    run(setup, done) {
      const changes: boolean[] = [];
      setup.machine.pins.watchButton("D5", true, (pressed) => changes.push(pressed));
      const panel = (globalThis as unknown as { panel: { press(level: boolean): void } }).panel;
      panel.press(false);
      panel.press(true);
      done(differs("changes", changes, [true, false]));
    },
  },
  {
    title: "a region outside the flash or off its pages is refused in words",
    run(_setup, done) {
      done(
        firstProblem([
          differs("off the flash", typeof openRegion({ address: 0x20000000, bytes: 4096 }), "string"),
          differs("off a page", typeof openRegion({ address: 0x10038001, bytes: 4096 }), "string"),
          differs("a part of a page", typeof openRegion({ address: 0x10038000, bytes: 1000 }), "string"),
          differs("a good one", typeof openRegion({ address: 0x10038000, bytes: 4096 }), "object"),
        ]),
      );
    },
  },
];

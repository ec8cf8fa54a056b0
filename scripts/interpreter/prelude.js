// biome-ignore-all lint: Espruino's dialect, and its globals are made here on purpose.
// What an ESP32 has and the Linux build lacks, in Espruino's dialect. It runs before the bundle. The tests control it over the
// console: `air` is the Wi-Fi in reach, `panel` the button and the LED, `dog` the watchdog. None of it is part of the bundle.
/* global Modules, E, TIME_PORTS */
echo(false);

// The stock build's pool grows when it is full, so that only little seems to be free, and TLS finds no 16 kB in one piece (a
// board has them on the heap). Here the pool grows once, at the start.
(() => {
  if (process.memory(false).total % 1024) return;
  var filler = [];
  for (var i = 0; i < 14000; i++) filler.push(i);
})();

// Questions come as files: the Linux build reads its console in a separate thread, which sometimes corrupts the event queue
// (an assertion in jsdevices.c) when a lot is typed while timers run.
setInterval(() => {
  var fs = require("fs");
  if (!fs.statSync("question")) return;
  var code = fs.readFileSync("question");
  fs.unlinkSync("question");
  eval(code);
}, 10);

var air = {
  up: false,
  connected: false,
  joins: 0,
  // ESP32's word when no access point answers (wifiReasonToString).
  reason: "NO_AP_FOUND",
  listeners: {},
  emit: (event, details) => {
    if (air.listeners[event]) air.listeners[event](details);
  },
  lose: () => {
    air.up = false;
    if (!air.connected) return;
    air.connected = false;
    air.emit("disconnected", { ssid: "air", mac: "02:00:00:00:00:01", reason: "8", msg: "ASSOC_LEAVE" });
  },
};

Modules.addCached("Wifi", () => {
  exports.on = (event, listener) => {
    air.listeners[event] = listener;
  };
  exports.removeAllListeners = () => {
    air.listeners = {};
  };
  exports.connect = (ssid, options, done) => {
    air.joins++;
    setTimeout(() => {
      if (!air.up) {
        air.emit("disconnected", { ssid: ssid, mac: "", reason: "201", msg: air.reason });
        if (done) done(air.reason);
        return;
      }
      air.connected = true;
      if (done) done(null);
      air.emit("connected", { ip: "127.0.0.1", netmask: "255.0.0.0", gw: "127.0.0.1" });
    }, 30);
  };
  exports.disconnect = (done) => {
    air.connected = false;
    if (done) setTimeout(done, 1);
  };
  exports.stopAP = () => {};
  exports.setConfig = () => {};
  exports.getDetails = (done) => {
    var details = { status: air.connected ? "connected" : "off", rssi: -50, ssid: "air" };
    if (done) setTimeout(done, 1, details);
    return details;
  };
  exports.getIP = (done) => {
    var ip = { ip: air.connected ? "127.0.0.1" : "0.0.0.0", mac: "02:00:00:00:00:02" };
    if (done) setTimeout(done, 1, null, ip);
    return ip;
  };
});

// Port 123 needs root: a request to a known name goes to the test's own server for that name.
var nativeDgram = require("dgram");
Modules.addCached("dgram", () => {
  exports.createSocket = (type, callback) => {
    var socket = nativeDgram.createSocket(type, callback);
    var nativeSend = socket.send;
    socket.send = (buffer, offset, length, port, host) => {
      if (port === 123 && TIME_PORTS[host])
        nativeSend.call(socket, buffer, offset, length, TIME_PORTS[host], "127.0.0.1");
      else nativeSend.call(socket, buffer, offset, length, port, host);
    };
    return socket;
  };
});

var ESP32 = {
  getState: () => ({ freeHeap: 100000 }),
};
var BTN1 = D0;
var LED1 = D2;
var panel = {
  watches: [],
  led: false,
  blinks: 0,
  press: (pressed) => {
    panel.watches.forEach((watch) => {
      watch({ state: pressed, time: getTime(), lastTime: getTime() });
    });
  },
};
global.setWatch = (callback) => panel.watches.push(callback);
global.digitalWrite = (pin, value) => {
  if (value && !panel.led) panel.blinks++;
  panel.led = !!value;
};
global.digitalRead = () => 0;
global.pinMode = () => {};
global.analogRead = () => 0.5;

var dog = { timeoutS: 0, kicks: 0, kickedAt: getTime() };
E.enableWatchdog = (timeoutS) => {
  dog.timeoutS = timeoutS;
};
E.kickWatchdog = () => {
  dog.kicks++;
  dog.kickedAt = getTime();
};

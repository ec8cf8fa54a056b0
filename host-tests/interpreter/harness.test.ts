import { afterEach, expect, it } from "vitest";
import { type Interpreter, startInterpreter } from "../../scripts/interpreter/interpreter.ts";
import { provision, REGION, readRegion } from "../../scripts/interpreter/provision-flash.ts";
import { startTimeServer } from "../../scripts/interpreter/time-server.ts";
import { describeEspruino } from "./describe-espruino.ts";

let cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  cleanUp = [];
});

async function boot(program: string, timePorts = {}): Promise<{ folder: string; interpreter: Interpreter }> {
  const folder = await provision({ program, timePorts, files: { "backfill.json": { token: "t" } } });
  cleanUp.push(() => folder.remove());
  const interpreter = startInterpreter(folder.path);
  cleanUp.push(() => interpreter.kill());
  return { folder: folder.path, interpreter };
}

describeEspruino("the interpreter's harness", () => {
  it("boots the program from flash, with its settings in Storage", async () => {
    const { interpreter } = await boot('print("up", require("Storage").readJSON("backfill.json").token)');
    expect(await interpreter.line(/^up/)).toBe("up t");
    expect(await interpreter.evaluate("[1,typeof ESP32,typeof LED1]")).toEqual([1, "object", "number"]);
  });

  it("keeps the region after a kill and a second boot", async () => {
    const write = `require("Flash").write(new Uint8Array([1,2,3,4]),${REGION.address});print("written")`;
    const { folder, interpreter } = await boot(write);
    await interpreter.line(/^written/);
    await interpreter.kill();
    expect([...readRegion(folder).subarray(0, 5)]).toEqual([1, 2, 3, 4, 255]);
    const second = startInterpreter(folder);
    cleanUp.push(() => second.kill());
    await second.line(/^written/);
    expect(await second.evaluate(`require("Flash").read(4,${REGION.address}).join()`)).toBe("1,2,3,4");
  });

  it("reports what the program throws", async () => {
    const { interpreter } = await boot('throw new Error("no such luck")');
    expect(await interpreter.line(/no such luck/)).toContain("Uncaught");
  });

  it("gives the program Wi-Fi when the test turns it on", async () => {
    const { interpreter } = await boot(
      'require("Wifi").connect("s",{password:"p"},function(e){print("joined",e)});setInterval(function(){},1000)',
    );
    expect(await interpreter.line(/^joined/)).toBe("joined NO_AP_FOUND");
    await interpreter.evaluate("air.up=true");
    await interpreter.evaluate('require("Wifi").connect("s",{password:"p"},function(e){print("again",e)})');
    expect(await interpreter.line(/^again/)).toBe("again null");
  });

  it("gives the program a time server in place of port 123", async () => {
    const server = await startTimeServer();
    cleanUp.push(() => server.close());
    const program = `var s=require("dgram").createSocket("udp4");
s.on("message",function(m){print("answer",m.length,m.charCodeAt(0),m.charCodeAt(1))});
s.send(E.toString(new Uint8Array([0x23,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,3,4,5,6,7,8])),0,48,123,"time.test");`;
    const { interpreter } = await boot(program, { "time.test": server.port });
    expect(await interpreter.line(/^answer/)).toBe("answer 48 36 2");
  });
});

import { describe, expect, it } from "vitest";
import { Script } from "../../../scripts/build/ast/parsed-script.ts";
import { shortenProperties, shortNames } from "../../../scripts/build/passes/mangle.ts";

describe("short names for properties", () => {
  const names = (code: string, foreign: string[] = []) =>
    [...shortNames(new Script(code).program, foreign).keys()].sort();

  it("replace keys of the firmware's own that have more than four characters", () => {
    expect(names("x={rawestMs:1,four:2,inner:{}};x.rawestMs;x.unknownOne")).toEqual(["inner", "rawestMs"]);
  });

  it.each([
    ["Espruino's names", "x={enableWatchdog:1,readJSON:1,clsNow:1,repeat:1,debounce:1}"],
    ["the language's", "x={byteOffset:1,setUint32:1,forEach:1,prototype:1,toString:1,statusCode:1}"],
    ["the fields of a device file", "x={datastreams:1,intervalMs:1,syncEveryMs:1,connectEveryMs:1,activeLow:1}"],
    ["the fields of backfill.json", "x={networks:1,timeServers:1,consolePassword:1,token:1}"],
    ["quoted keys", 'x={"rawestMs":1}'],
    ["what a text names", 'x={rawestMs:1};x["raw"+"estMs"];x[k]="rawestMs"'],
  ])("leave alone %s", (_, code) => {
    expect(names(code)).toEqual([]);
  });

  it("leave alone every name that occurs anywhere in a device file", () => {
    expect(names("x={ownWord:1,otherWord:2}", ["const a = { ownWord: 1 }"])).toEqual(["otherWord"]);
    expect(names("x={ownWord:1}", ["a['ownWord']"])).toEqual([]);
  });

  it("are never names in use", () => {
    const given = shortNames(new Script("x={rawestMs:1,_0:2};x._1").program, ["_2"]);
    expect(Object.fromEntries(given)).toEqual({ rawestMs: "_3" });
  });

  it("replace members, keys and the shorthand of a variable", () => {
    const script = new Script('var rawestMs=1,x={rawestMs},y={rawestMs:2,"rawestMs":3};x.rawestMs');
    expect(shortenProperties(script, []).code).toBe('var rawestMs=1,x={_0:rawestMs},y={_0:2,"rawestMs":3};x._0');
  });
});

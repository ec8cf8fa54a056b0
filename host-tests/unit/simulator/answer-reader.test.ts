import { describe, expect, test } from "vitest";
import { createAnswerReader } from "../../../scripts/simulator/network/answer-reader.ts";

/** An answer that comes in pieces of this many characters. */
function read(text: string, pieceLength = text.length) {
  const reader = createAnswerReader((line) => (line.startsWith("Date:") ? "Date: changed" : line));
  let passed = "";
  let wholeAt = Number.NaN;
  for (let at = 0; at < text.length; at += pieceLength) {
    passed += reader.add(text.slice(at, at + pieceLength));
    if (reader.whole() && Number.isNaN(wholeAt)) wholeAt = Math.min(at + pieceLength, text.length);
  }
  const early = reader.whole();
  passed += reader.end();
  return { passed, early, wholeAt, whole: reader.whole(), ...reader.result() };
}

const HEAD = "HTTP/1.1 200 OK\r\nDate: today\r\n";

describe("the reader of a real server's answer", () => {
  test.each([1, 2, 7, 1000])("finds its end by Content-Length, in pieces of %i", (pieceLength) => {
    const text = `${HEAD}content-length: 2\r\n\r\nOK`;
    const found = read(text, pieceLength);
    expect(found).toMatchObject({ early: true, whole: true, status: 200, body: "OK" });
    expect(found.passed).toBe(text.replace("today", "changed"));
  });

  test.each([1, 2, 7, 1000])("finds its end by the last chunk, in pieces of %i", (pieceLength) => {
    const text = `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\nO\r\n1\r\nK\r\n0\r\n\r\n`;
    const found = read(text, pieceLength);
    expect(found).toMatchObject({ early: true, whole: true, status: 200, body: "OK" });
    expect(found.passed).toBe(text.replace("today", "changed"));
    expect(found.wholeAt).toBe(text.length);
  });

  test("takes one without a length as whole once the connection is closed", () => {
    expect(read(`${HEAD}\r\nOK`)).toMatchObject({ early: false, whole: true, status: 200, body: "OK" });
  });

  test("knows one that breaks off", () => {
    expect(read(`${HEAD}Content-Length: 100\r\n\r\nOK`)).toMatchObject({ whole: false, status: 200 });
    expect(read(`${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n`)).toMatchObject({ whole: false });
    expect(read(HEAD)).toMatchObject({ whole: false, passed: HEAD });
  });

  test("waits for the answer behind 100 Continue, and passes both on", () => {
    const text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
    expect(read(text, 5)).toMatchObject({ passed: text, whole: true, status: 200, body: "OK" });
    expect(read(text.slice(0, 30))).toMatchObject({ whole: false });
  });

  test("passes a long head on as it comes, and what is not HTTP when it ends", () => {
    const long = `${HEAD}${"X-Padding: x\r\n".repeat(1000)}Content-Length: 0\r\n\r\n`;
    expect(read(long, 500)).toMatchObject({ passed: long.replace("today", "changed"), whole: true });
    expect(read("garbage")).toMatchObject({ passed: "garbage", whole: false, status: Number.NaN });
  });
});

import { describe, expect, it } from "vitest";
import { EventStreamParser, readEvents } from "./sse";

const stream = 'event: delta\ndata: {"text":"Hé"}\n\n: keep-alive\n\nevent: ended\ndata: {}\n\n';

function streamOf(...pieces: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

describe("EventStreamParser", () => {
  it("gives each event once its blank line has come", () => {
    const parser = new EventStreamParser();
    expect(parser.push("event: delta\ndata: a\n")).toEqual([]);
    expect(parser.push("\n")).toEqual([{ event: "delta", data: "a" }]);
  });

  it("finds the same events wherever the pieces are cut", () => {
    const whole = new EventStreamParser().push(stream);
    for (let cut = 0; cut <= stream.length; cut++) {
      const parser = new EventStreamParser();
      expect([...parser.push(stream.slice(0, cut)), ...parser.push(stream.slice(cut))]).toEqual(whole);
    }
    expect(whole.map((event) => event.event)).toEqual(["delta", "ended"]);
  });

  it("takes all three line ends, also when a pair is cut in two", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const text = stream.replaceAll("\n", end) + (end === "\r" ? "\n" : "");
      const parser = new EventStreamParser();
      const events = [...text].flatMap((char) => parser.push(char));
      expect(events.map((event) => event.data)).toEqual(['{"text":"Hé"}', "{}"]);
    }
  });

  it("joins several data lines, defaults the name and ignores comments and unknown fields", () => {
    expect(new EventStreamParser().push("\uFEFF:hi\nid: 7\ndata: a\ndata:b\nnonsense\n\n")).toEqual([
      { event: "message", data: "a\nb" },
    ]);
  });

  it("drops an event without data", () => {
    expect(new EventStreamParser().push("event: ping\n\n")).toEqual([]);
  });
});

describe("readEvents", () => {
  it("decodes characters that are cut between pieces", async () => {
    const bytes = new TextEncoder().encode(stream);
    const pieces = Array.from(bytes, (_, i) => bytes.slice(i, i + 1));
    const events = [];
    for await (const event of readEvents(streamOf(...pieces))) events.push(event);
    expect(events[0]?.data).toBe('{"text":"Hé"}');
  });

  it("leaves out an event that the end of the stream cut off", async () => {
    const events = [];
    for await (const event of readEvents(streamOf(new TextEncoder().encode("data: a\n\ndata: b")))) events.push(event);
    expect(events).toEqual([{ event: "message", data: "a" }]);
  });
});

/** Server-sent events, as an HTTP answer carries them: lines `event: NAME` and `data: TEXT`, an empty line after each event. */

export interface StreamEvent {
  /** "message" where none is named. */
  readonly event: string;
  readonly text: string;
}

/** Characters of an event; longer ones are left out. */
const LONGEST_EVENT = 1_000_000;

/** The events of a body, as they come; it is let go of when nobody asks for more. */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<StreamEvent, void> {
  const decoder = new TextDecoder();
  let rest = "";
  let event = "message";
  let lines: string[] = [];
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const whole = rest.split(/\r\n|\n|\r/);
    rest = whole.pop() ?? "";
    if (rest.length > LONGEST_EVENT) rest = "";
    for (const line of whole) {
      if (line === "") {
        if (lines.length > 0) yield { event, text: lines.join("\n") };
        event = "message";
        lines = [];
      } else if (line.startsWith("event:")) event = line.slice(6).trim();
      else if (line.startsWith("data:")) lines.push(line.slice(5).replace(/^ /, ""));
    }
  }
}

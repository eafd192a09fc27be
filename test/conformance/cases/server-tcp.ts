/** ETS 1.2 group 100-199 for servers: registration over TCP. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { CONTENT, CREATED, DELETE, DELETED, GET, POST } from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT } from "../../../protocol/coap/content-formats.ts";
import { NO_BYTES } from "../../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  LOCATION_PATH,
  URI_PATH,
  uintOption,
} from "../../../protocol/coap/options.ts";
import type { StreamMessage } from "../../../protocol/coap/stream-framing.ts";
import { CSM, PONG, ping } from "../../../protocol/coap/stream-signals.ts";
import { pathOf, pathOptions, queryOptions } from "../../../protocol/coap/uri.ts";
import { formatBytes } from "../content.ts";
import {
  answerTo,
  cameInstead,
  hasCode,
  type ScriptedStream,
  type StreamEnd,
  streamToServer,
} from "../scripted-stream.ts";
import { SERVER_PROMPT, USUAL_LIST } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import { expectKnown, isUnlisted, SINCE_1_1, toldWords } from "./server-expectations.ts";

const REGISTER_TOKEN = Uint8Array.of(0x72);
const PING_TOKEN = Uint8Array.of(0x70);
const DEREGISTER_TOKEN = Uint8Array.of(0x64);
const MANUFACTURER = "Acme";

export const SERVER_TCP_BINDING: ServerCase = serverCase({
  id: "LightweightM2M-1.1-int-106",
  title: "Initial Registration using TCP Binding",
  versions: SINCE_1_1,
  clauses: ["LwM2M Transport 1.1.1 §6.2", "RFC 8323 §5.3", "LwM2M Core 1.1.1 §6.2.1"],
  isOverTcp: true,
  needs: ["list", "read"],
  criteria: {
    signals: "the server's first message on the connection is a CSM",
    created: "Register with b=T is answered by 2.01 with a Location-Path below /rd",
    listed: "the operator sees the client with the objects that it listed",
    pong: "a Ping is answered by a Pong with its token",
    read: "a Read that is ordered comes over the connection, and its answer is told",
    deregistered: "De-register over the connection is answered by 2.02, and the client is gone",
  },
  async procedure(bench) {
    bench.step("the client opens a TCP connection and sends its CSM");
    const stream = streamToServer(bench, await bench.connect());
    await stream.greet();
    const first = await stream.next(bench.now() + SERVER_PROMPT);
    bench.expect("signals", hasCode(first, CSM), `${cameInstead(first)} before a CSM`);

    bench.step("the client registers with b=T on that connection");
    const query = [`ep=${bench.endpointName}`, "lt=300", `lwm2m=${bench.version}`, "b=T"];
    await stream.send({
      code: POST,
      token: REGISTER_TOKEN,
      options: [
        ...pathOptions(URI_PATH, "/rd"),
        uintOption(CONTENT_FORMAT, LINK_FORMAT),
        ...queryOptions(query),
      ],
      payload: encodeUtf8(USUAL_LIST),
    });
    const created = await answered(stream, REGISTER_TOKEN, bench.now() + SERVER_PROMPT);
    bench.expect("created", hasCode(created, CREATED), cameInstead(created));
    const location = pathOf((created as StreamMessage).options, LOCATION_PATH);
    bench.expect("created", /^\/rd\/./.test(location), `Location-Path is ${location}`);
    await expectKnown(bench, "listed", ["/1/0", "/3/0"]);

    bench.step("the client sends a Ping");
    await stream.send(ping(PING_TOKEN, false));
    const pong = await answered(stream, PING_TOKEN, bench.now() + SERVER_PROMPT);
    bench.expect("pong", hasCode(pong, PONG), cameInstead(pong));

    const orderId = await bench.order({ kind: "read", path: "/3/0/0" });
    const asked = await stream.next(bench.now() + SERVER_PROMPT);
    const isRead = hasCode(asked, GET) && pathOf(asked.options, URI_PATH) === "/3/0/0";
    bench.expect("read", isRead, `${cameInstead(asked)}, no GET of /3/0/0`);
    const options = [uintOption(CONTENT_FORMAT, TEXT)];
    const payload = encodeUtf8(MANUFACTURER);
    await stream.send({ ...answerTo(asked as StreamMessage, CONTENT, options), payload });
    const outcome = await bench.ended(orderId);
    const isTold = outcome?.value === MANUFACTURER;
    bench.expect("read", isTold, `the operator was told ${toldWords(outcome, "/3/0/0")}`);

    bench.step("the client de-registers");
    await stream.send({
      code: DELETE,
      token: DEREGISTER_TOKEN,
      options: pathOptions(URI_PATH, location),
      payload: NO_BYTES,
    });
    const deleted = await answered(stream, DEREGISTER_TOKEN, bench.now() + SERVER_PROMPT);
    bench.expect("deregistered", hasCode(deleted, DELETED), cameInstead(deleted));
    const isGone = await isUnlisted(bench);
    bench.expect("deregistered", isGone, "the operator still sees the client");
  },
});

/** The next message with this token, or the connection's end: others may come in between. */
async function answered(
  stream: ScriptedStream,
  token: Uint8Array,
  until: number,
): Promise<StreamMessage | StreamEnd | undefined> {
  const wanted = formatBytes(token);
  for (;;) {
    const came = await stream.next(until);
    if (came === undefined || came === "end" || formatBytes(came.token) === wanted) return came;
  }
}

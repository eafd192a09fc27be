/** Servers that are wrong over TCP. */
import { CREATED, DELETED, GET, isResponse, NOT_FOUND } from "../../../../protocol/coap/codes.ts";
import { LOCATION_PATH, URI_PATH } from "../../../../protocol/coap/options.ts";
import type { StreamMessage } from "../../../../protocol/coap/stream-framing.ts";
import { CSM, PONG } from "../../../../protocol/coap/stream-signals.ts";
import { pathOptions } from "../../../../protocol/coap/uri.ts";
import { mutant, OMA, type ServerMutant } from "./mutant.ts";

type Change = (message: StreamMessage) => readonly StreamMessage[];

const saying = (change: Change) => () => ({ streamFromServer: change });
const when = (code: number, change: Change) =>
  saying((message) => (message.code === code ? change(message) : [message]));

export const STREAM_MUTANTS: readonly ServerMutant[] = [
  mutant(
    "says nothing over TCP",
    [`${OMA}106 signals`],
    saying(() => []),
  ),
  mutant(
    "begins its connections without a CSM",
    [`${OMA}106 signals`],
    when(CSM, () => []),
  ),
  mutant(
    "answers no Register over TCP",
    [`${OMA}106 created`],
    when(CREATED, () => []),
  ),
  mutant(
    "names no location over TCP",
    [`${OMA}106 created`],
    when(CREATED, (message) => [
      { ...message, options: message.options.filter(({ number }) => number !== LOCATION_PATH) },
    ]),
  ),
  mutant(
    "answers no Pings",
    [`${OMA}106 pong`],
    when(PONG, () => []),
  ),
  mutant(
    "answers Pings without their token",
    [`${OMA}106 pong`],
    when(PONG, (message) => [{ ...message, token: new Uint8Array(0) }]),
  ),
  mutant(
    "asks for something else over TCP",
    [`${OMA}106 read`],
    when(GET, (message) => [{ ...message, options: pathOptions(URI_PATH, "/3/0/1") }]),
  ),
  mutant(
    "asks nothing over TCP",
    [`${OMA}106 read`],
    saying((message) => (isResponse(message.code) || message.code >> 5 === 7 ? [message] : [])),
  ),
  mutant(
    "knows no location over TCP",
    [`${OMA}106 deregistered`],
    when(DELETED, (message) => [{ ...message, code: NOT_FOUND }]),
  ),
  mutant("does not tell its operator what comes over TCP", [`${OMA}106 listed`], () => {
    let isOverTcp = false;
    return {
      streamFromServer: (message) => {
        isOverTcp = true;
        return [message];
      },
      known: (client) => (isOverTcp ? undefined : client),
    };
  }),
];

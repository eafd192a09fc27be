/** Clients that register wrongly over TCP. */
import { decodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { EMPTY, POST, PUT } from "../../../../protocol/coap/codes.ts";
import { NO_BYTES, NO_OPTIONS } from "../../../../protocol/coap/message.ts";
import { CONTENT_FORMAT, textOption, URI_QUERY } from "../../../../protocol/coap/options.ts";
import type { StreamMessage } from "../../../../protocol/coap/stream-framing.ts";
import { CSM } from "../../../../protocol/coap/stream-signals.ts";
import type { Tamper } from "../tampered-client.ts";
import { type Mutant, mutant, OMA } from "./mutant.ts";

const EMPTY_MESSAGE: StreamMessage = {
  code: EMPTY,
  token: NO_BYTES,
  options: NO_OPTIONS,
  payload: NO_BYTES,
};

type Change = (message: StreamMessage) => readonly StreamMessage[];

const saying = (change: Change) => (): Tamper => ({ streamFromClient: change });

/** Register with one parameter said otherwise; undefined for not at all. */
function registering(name: string, value: string | undefined): () => Tamper {
  return saying((message) => {
    if (message.code !== POST) return [message];
    const options = message.options.filter(
      ({ number, value }) => number !== URI_QUERY || !decodeUtf8(value).startsWith(`${name}=`),
    );
    const said = value === undefined ? [] : [textOption(URI_QUERY, `${name}=${value}`)];
    return [{ ...message, options: [...options, ...said] }];
  });
}

export const TCP_MUTANTS: readonly Mutant[] = [
  mutant(
    "never connects over TCP",
    [`${OMA}106 tcp`],
    saying(() => []),
  ),
  mutant(
    "begins its connection with an empty message",
    [`${OMA}106 csm`],
    saying((message) => [message.code === CSM ? EMPTY_MESSAGE : message]),
  ),
  mutant(
    "says its CSM and nothing more",
    [`${OMA}106 register`],
    saying((message) => (message.code === CSM ? [message] : [])),
  ),
  mutant(
    "puts its registration over TCP",
    [`${OMA}106 register`],
    saying((message) => [message.code === POST ? { ...message, code: PUT } : message]),
  ),
  mutant(
    "does not say in which format it registers over TCP",
    [`${OMA}106 register`],
    saying((message) => [
      { ...message, options: message.options.filter(({ number }) => number !== CONTENT_FORMAT) },
    ]),
  ),
  mutant(
    "registers over TCP under another name",
    [`${OMA}106 endpoint`],
    registering("ep", "other"),
  ),
  mutant(
    "registers over TCP without a lifetime",
    [`${OMA}106 lifetime`],
    registering("lt", undefined),
  ),
  mutant(
    "registers over TCP without a version",
    [`${OMA}106 version`],
    registering("lwm2m", undefined),
  ),
  mutant("says binding U over TCP", [`${OMA}106 binding`], registering("b", "U")),
  mutant("does not say its binding over TCP", [`${OMA}106 binding`], registering("b", undefined)),
  mutant(
    "registers over TCP again though it was accepted",
    [`${OMA}106 accepted`],
    saying((message) => (message.code === POST ? [message, message] : [message])),
  ),
];

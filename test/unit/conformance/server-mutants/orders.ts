/** Servers that ask something else than was ordered, or tell their operator something else than was answered. */
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  DELETE,
  FETCH,
  GET,
  IPATCH,
  isRequest,
  POST,
  PUT,
} from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT } from "../../../../protocol/coap/content-formats.ts";
import { NON } from "../../../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  URI_QUERY,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import type { Order } from "../../../conformance/index.ts";
import {
  asks,
  COAP,
  instead,
  isObserve,
  mutant,
  OMA,
  OMA_1_2,
  OWN,
  observeIn,
  pathIn,
  type ServerMutant,
  saying,
  withCode,
  withOption,
  withoutOption,
} from "./mutant.ts";

const isDeep = (depth: number) => (message: Parameters<typeof pathIn>[0]) =>
  isRequest(message.code) && pathIn(message).split("/").length - 1 === depth;
const isExecute = (message: Parameters<typeof pathIn>[0]) =>
  message.code === POST && isDeep(3)(message);
const sending = (kind: Order["kind"]) => () => ({
  order: (order: Order) => (order.kind === kind ? undefined : order),
});

export const ORDER_MUTANTS: readonly ServerMutant[] = [
  mutant(
    "sends no Write",
    [`${OMA}102 write`, `${OMA}107 write`, `${OMA}205 request`, `${OMA}227 request`],
    sending("write"),
  ),
  mutant(
    "writes by POST",
    [`${OMA}205 request`, `${OMA}227 request`, `${OMA}256 request`, `${COAP}OBS_09 write`],
    saying(instead((message) => message.code === PUT, withCode(POST))),
  ),
  mutant(
    "replaces what it should update",
    [`${OMA}215 request`, `${OMA}226 request`, `${OMA}233 request`],
    saying(instead((message) => message.code === POST && isDeep(2)(message), withCode(PUT))),
  ),
  mutant(
    "writes in link format",
    [`${OMA}227 format`, `${OMA}215 format`, `${OMA}230 format`],
    saying(
      instead(
        ({ code, payload }) => [PUT, POST, IPATCH].includes(code) && payload.length > 0,
        (message) => withOption(message, uintOption(CONTENT_FORMAT, LINK_FORMAT)),
      ),
    ),
  ),
  mutant(
    "writes another value",
    [`${OMA}205 values`, `${OMA}227 values`, `${OMA}756 reset`],
    saying(
      instead(asks(PUT), (message) => ({
        ...withOption(message, uintOption(CONTENT_FORMAT, TEXT)),
        payload: encodeUtf8("1"),
      })),
    ),
  ),
  mutant("writes nothing", [`${OMA}226 values`, `${OMA}230 values`], () =>
    saying((message) =>
      message.code === IPATCH || (message.code === POST && isDeep(2)(message))
        ? { ...message, payload: message.payload.subarray(0, 1) }
        : message,
    )(),
  ),
  mutant(
    "sends no Execute",
    [`${OMA}103 execute`, `${OMA}104 execute`, `${OMA}241 request`],
    sending("execute"),
  ),
  mutant(
    "executes with a payload in link format",
    [`${OMA}241 empty`, `${OWN}execute-arguments format`],
    saying(
      instead(isExecute, (message) => ({
        ...withOption(message, uintOption(CONTENT_FORMAT, LINK_FORMAT)),
        payload: encodeUtf8("</1>"),
      })),
    ),
  ),
  mutant(
    "executes without arguments",
    [`${OWN}execute-arguments arguments`],
    saying(instead(isExecute, (message) => ({ ...message, payload: new Uint8Array(0) }))),
  ),
  mutant(
    "sends no Read",
    [
      `${OMA}201 request`,
      `${OMA}211 request`,
      `${OMA}231 request`,
      `${OMA}232 request`,
      `${OMA}237 request`,
    ],
    sending("read"),
  ),
  mutant(
    "asks for text whatever was ordered",
    [`${OMA}203 accept`, `${OMA}232 accept`, `${OMA}260 discover`],
    saying(
      instead(asks(GET), (message) =>
        observeIn(message) >= 0 ? message : withOption(message, uintOption(ACCEPT, TEXT)),
      ),
    ),
  ),
  mutant(
    "reads instances where resources were ordered",
    [`${OMA}201 request`, `${OMA}224 request`],
    () => ({
      order: (order) =>
        order.kind === "read" && order.path.split("/").length === 4
          ? { kind: "read", path: order.path.slice(0, order.path.lastIndexOf("/")) }
          : order,
    }),
  ),
  mutant(
    "tells its operator no values",
    [
      `${OMA}109 told`,
      `${OMA}201 told`,
      `${OMA}211 told`,
      `${OMA}231 told`,
      `${OMA}232 told`,
      `${OMA}237 told`,
      `${OMA}260 links`,
      `${OMA}280 told`,
      `${OMA}751 told`,
      `${COAP}CORE_09 told`,
      `${COAP}BLOCK_01 told`,
      `${OWN}address-change follows`,
    ],
    () => ({
      outcome: (outcome) =>
        outcome && { ...outcome, value: undefined, values: undefined, links: undefined },
    }),
  ),
  mutant(
    "tells its operator of failures only",
    [
      `${OMA}227 told`,
      `${OMA}241 told`,
      `${OMA}1630 told`,
      `${OMA}1635 told`,
      `${OWN}empty-values read`,
      `${OWN}nstart all`,
    ],
    () => ({ outcome: (outcome) => outcome && { ...outcome, isSuccess: false } }),
  ),
  mutant(
    "tells its operator of successes only",
    [
      `${OMA}256 told`,
      `${OMA}680 told`,
      `${OMA}685 told`,
      `${OMA}772 refused`,
      `${OWN}refusals told`,
      `${OWN}refused-operations told`,
      `${OWN}retransmission told`,
      `${OWN}unknown-codes told`,
      `${OWN}request-reset told`,
      `${OWN}deregister-pending told`,
    ],
    () => ({ outcome: (outcome) => outcome && { ...outcome, isSuccess: true } }),
  ),
  mutant(
    "never ends what it has begun",
    [`${OWN}malformed-answers ended`, `${OWN}wrong-success ended`],
    () => ({
      outcome: () => undefined,
    }),
  ),
  mutant("believes a failure only once", [`${OWN}deregister-pending after`], () => {
    const orders = new Set<Order>();
    return {
      outcome: (outcome, order) => {
        if (outcome !== undefined) orders.add(order);
        return outcome && { ...outcome, isSuccess: orders.size > 1 };
      },
    };
  }),
  mutant("reads what it can of broken payloads", [`${OWN}malformed-answers untold`], () => ({
    outcome: (outcome) =>
      outcome?.isSuccess === false
        ? { ...outcome, isSuccess: true, values: new Map([["/3/0/0", "Bad"]]) }
        : outcome,
  })),
  mutant(
    "deletes by POST",
    [`${OMA}685 request`, `${OMA}1635 request`],
    saying(instead(asks(DELETE), withCode(POST))),
  ),
  mutant(
    "creates by PUT",
    [`${OMA}680 request`, `${OMA}1630 request`, `${OMA}1250 create`],
    saying(instead((message) => message.code === POST && isDeep(1)(message), withCode(PUT))),
  ),
  mutant(
    "creates instances without values",
    [`${OMA}1630 values`],
    saying(
      instead(
        (message) => message.code === POST && isDeep(1)(message),
        (message) => ({ ...message, payload: new Uint8Array(0) }),
      ),
    ),
  ),
  mutant(
    "writes attributes as a payload",
    [`${OMA}260 attributes`, `${OMA}261 attributes`, `${OMA}310 attributes`],
    saying(
      instead(
        ({ code, options, payload }) =>
          code === PUT &&
          payload.length === 0 &&
          options.some(({ number }) => number === URI_QUERY),
        (message) => ({ ...withoutOption(URI_QUERY)(message), payload: encodeUtf8("pmin=10") }),
      ),
    ),
  ),
  mutant(
    "discovers without depth",
    [`${OMA_1_2}264 discover`, `${OMA_1_2}266 discover`],
    saying(instead(asks(GET), withoutOption(URI_QUERY))),
  ),
  mutant(
    "observes without parameters",
    [`${OMA_1_2}312 parameters`, `${OMA_1_2}313 parameters`],
    saying(instead(isObserve, withoutOption(URI_QUERY))),
  ),
  mutant(
    "reads several paths one by one",
    [`${OMA}229 request`, `${OMA}280 request`, `${OMA}304 request`, `${COAP}BLOCK_05 request`],
    saying(instead(asks(FETCH), withCode(GET))),
  ),
  mutant(
    "names no paths in a composite",
    [`${OMA}235 paths`, `${OMA}281 paths`, `${OMA}304 paths`],
    saying(instead(asks(FETCH), (message) => ({ ...message, payload: Uint8Array.of(0x80) }))),
  ),
  mutant(
    "reads in Non-confirmable messages",
    [`${OMA}223 legal-request`],
    saying(instead(asks(GET), (message) => ({ ...message, type: NON }))),
  ),
  mutant(
    "writes nothing without a Content-Format",
    [`${OWN}empty-values write`],
    saying(
      instead(
        ({ code, payload }) => code === PUT && payload.length === 0,
        withoutOption(CONTENT_FORMAT),
      ),
    ),
  ),
];

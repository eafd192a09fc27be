/** Bootstrap-Servers that deal wrongly with Bootstrap-Requests and Bootstrap-Pack-Requests. */
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  FORBIDDEN,
  GET,
  isRequest,
  isSuccess,
  METHOD_NOT_ALLOWED,
  POST,
  SERVICE_UNAVAILABLE,
  UNAUTHORIZED,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../../protocol/coap/codes.ts";
import { SENML_CBOR, SENML_JSON } from "../../../../protocol/coap/content-formats.ts";
import { ECHO } from "../../../../protocol/coap/echo.ts";
import {
  ACK,
  decodeMessage,
  encodeMessage,
  type Message,
  NO_BYTES,
  NO_OPTIONS,
} from "../../../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  URI_QUERY,
  uintOption,
} from "../../../../protocol/coap/options.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import type { BootstrapTamper } from "../in-process-bootstrap-server.ts";
import {
  another,
  answering,
  asks,
  type BootstrapServerMutant,
  heard,
  hearing,
  instead,
  isOnBs,
  mutant,
  OMA,
  OWN,
  queryOf,
  said,
  saying,
  withCode,
  withoutOption,
} from "./mutant.ts";

const isPack = asks(GET, "/bspack");
const hasPct = (message: Message) => queryOf(message).some((one) => one.startsWith("pct="));
const withoutPct = (message: Message) => ({
  ...message,
  options: message.options.filter(
    ({ number, value }) => number !== URI_QUERY || value[0] !== "p".charCodeAt(0),
  ),
});
const isRefusal = (message: Message) => !isSuccess(message.code);

export const REQUEST_MUTANTS: readonly BootstrapServerMutant[] = [
  mutant(
    "refuses every client",
    [`${OMA}0 request`, `${OMA}5 request`, `${OWN}pct request`],
    answering(isOnBs, withCode(FORBIDDEN)),
  ),
  mutant(
    "takes every Bootstrap-Request",
    [`${OWN}unknown refused`, `${OWN}nameless refused`, `${OWN}bad-pct unsupported`],
    answering(isOnBs, withCode(CHANGED)),
  ),
  mutant(
    "asks even whom it refuses",
    [`${OWN}unknown silent`, `${OWN}nameless silent`, `${OWN}bad-pct silent`],
    answering(isOnBs, (message) => (isRefusal(message) ? [message, another(GET, "/1")] : message)),
  ),
  mutant(
    "refuses every wish for a format",
    [`${OWN}pct request`],
    answering(
      (message) => isOnBs(message) && hasPct(message),
      withCode(UNSUPPORTED_CONTENT_FORMAT),
    ),
  ),
  mutant(
    "does not know pct",
    [`${OWN}pct format`, `${OWN}bad-pct unsupported`],
    hearing(instead(isOnBs, withoutPct)),
  ),
  mutant(
    "takes a format that is no number for none",
    [`${OWN}bad-pct malformed`],
    hearing(
      instead((message) => isOnBs(message) && queryOf(message).includes("pct=tlv"), withoutPct),
    ),
  ),
  mutant("never forgets that it refused somebody", [`${OWN}bad-pct again`], () => {
    let hasRefused = false;
    return answering(isOnBs, (message) => {
      if (hasRefused && message.code === CHANGED) return { ...message, code: BAD_REQUEST };
      if (message.code === BAD_REQUEST) hasRefused = true;
      return message;
    })();
  }),
  mutant("answers a second copy with an error", [`${OWN}duplicate same`], () => {
    const seen = new Set<number>();
    return answering(isOnBs, (message) => {
      const isSecond = seen.has(message.messageId);
      seen.add(message.messageId);
      return isSecond ? { ...message, code: SERVICE_UNAVAILABLE } : message;
    })();
  }),
  mutant("takes a second copy for another request", [`${OWN}duplicate once`], () => {
    let next = 0x7000;
    const ids = new Map<number, number>();
    return {
      toServer: (arriving) =>
        heard(arriving, (message) => {
          if (!isRequest(message.code)) return message;
          ids.set(++next, message.messageId);
          return { ...message, messageId: next };
        }),
      fromServer: (sent) =>
        said(sent, (message) => ({
          ...message,
          messageId: ids.get(message.messageId) ?? message.messageId,
        })),
    };
  }),
  mutant(
    "bootstraps a client once and never again",
    [
      `${OWN}again request`,
      `${OWN}restart request`,
      `${OWN}refused-write again`,
      `${OWN}refused-delete again`,
      `${OWN}refused-finish again`,
      `${OWN}silence again`,
    ],
    () => {
      const known = new Set<number>();
      return answering(isOnBs, (message) => {
        if (message.code !== CHANGED) return message;
        known.add(message.messageId);
        return known.size > 1 && !isFirst(known, message)
          ? { ...message, code: FORBIDDEN }
          : message;
      })();
    },
  ),
  mutant("has one bootstrap for each name", [`${OWN}impostor unharmed`], () => {
    let isTaken = false;
    return {
      fromServer: (sent) =>
        said(sent, (message, client) => {
          if (client > 0 && message.code === CHANGED) isTaken = true;
          return isTaken && client === 0 ? undefined : message;
        }),
    };
  }),
  mutant(
    "refuses packs",
    [`LightweightM2M-1.2-int-12 pack`],
    answering(isPack, withCode(METHOD_NOT_ALLOWED)),
  ),
  mutant(
    "says that a pack is in another format",
    [`LightweightM2M-1.2-int-12 format`],
    answering(isPack, (message) =>
      message.code === CONTENT
        ? {
            ...withoutOption(CONTENT_FORMAT)(message),
            options: [uintOption(CONTENT_FORMAT, SENML_JSON + 1)],
          }
        : message,
    ),
  ),
  mutant(
    "finishes after a pack",
    [`LightweightM2M-1.2-int-12 alone`],
    answering(isPack, (message) =>
      message.code === CONTENT ? [message, another(POST, "/bs")] : message,
    ),
  ),
  mutant(
    "sends packs to everybody",
    [`${OWN}pack-stranger small`],
    answering(isPack, (message) =>
      message.code === UNAUTHORIZED
        ? {
            ...message,
            code: CONTENT,
            options: [uintOption(CONTENT_FORMAT, SENML_CBOR)],
            payload: new Uint8Array(600).fill(0x80),
          }
        : message,
    ),
  ),
  mutant(
    "believes no Echo",
    [`${OWN}pack-stranger fresh`, `LightweightM2M-1.2-int-12 pack`],
    hearing(withoutOption(ECHO)),
  ),
  mutant(
    "answers wrong requests for packs with something",
    [`${OWN}pack-refusals name`],
    answering(isPack, (message) => (isRefusal(message) ? withCode(CONTENT)(message) : message)),
  ),
  mutant(
    "has a pack for endpoints that it does not know",
    [`${OWN}pack-refusals unknown`],
    answering(
      (message) => isPack(message) && queryOf(message).some((one) => one.endsWith("-unknown")),
      withCode(CONTENT),
    ),
  ),
  mutant(
    "sends packs in its own format",
    [`${OWN}pack-refusals accept`],
    hearing(
      instead(isPack, (message) => ({
        ...message,
        options: message.options.map((option) =>
          option.number === ACCEPT ? uintOption(ACCEPT, SENML_CBOR) : option,
        ),
      })),
    ),
  ),
  mutant("answers rubbish politely", [`${OWN}malformed rejected`], rubbish(8, CONTENT)),
  mutant("answers rubbish at length", [`${OWN}malformed small`], rubbish(200, BAD_REQUEST)),
  mutant("falls silent after rubbish", [`${OWN}malformed unharmed`], () => {
    let isDead = false;
    return {
      toServer: (arriving) => {
        if (isMalformed(decodeMessage(arriving.datagram))) isDead = true;
        return isDead ? undefined : arriving;
      },
    };
  }),
  mutant(
    "repeats to strangers what they have not answered, again and again",
    [`${OWN}stranger small`],
    saying((message, client) =>
      client > 0 && isRequest(message.code) ? [message, message, message, message] : message,
    ),
  ),
];

/** Whether a message repeats the first answer. */
function isFirst(known: ReadonlySet<number>, { messageId }: Message): boolean {
  return [...known][0] === messageId;
}

/** Malformed datagrams are answered: by so many bytes of payload. */
function rubbish(length: number, code: number): () => BootstrapTamper {
  return () => ({
    toServer: (arriving, say) => {
      const { client, datagram } = arriving;
      if (!isMalformed(decodeMessage(datagram))) return arriving;
      const payload = encodeUtf8("a".repeat(length));
      const answer = {
        type: ACK,
        code,
        messageId: 1,
        token: NO_BYTES,
        options: NO_OPTIONS,
        payload,
      };
      say({ client, datagram: encodeMessage(answer) });
      return undefined;
    },
  });
}

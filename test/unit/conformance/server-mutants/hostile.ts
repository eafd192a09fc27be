/** Servers that take malformed datagrams and strangers' requests in bad part, or send malformed datagrams themselves. */
import { GET } from "../../../../protocol/coap/codes.ts";
import { ACK, CON, decodeMessage, encodeMessage } from "../../../../protocol/coap/message.ts";
import { URI_PATH } from "../../../../protocol/coap/options.ts";
import { pathOptions } from "../../../../protocol/coap/uri.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import type { ServerTamper } from "../in-process-server.ts";
import { asks, mutant, OMA, OWN, type ServerMutant, saying, tampering } from "./mutant.ts";

export const HOSTILE_MUTANTS: readonly ServerMutant[] = [
  mutant("answers rubbish politely", [`${OWN}malformed rejected`], rubbish(16)),
  mutant("answers rubbish at length", [`${OWN}malformed small`], rubbish(200, 0x80)),
  mutant("falls silent after rubbish", [`${OWN}malformed unharmed`], () => {
    let isDead = false;
    return {
      toServer: (datagram) => {
        if (isMalformed(decodeMessage(datagram))) isDead = true;
        return isDead ? undefined : datagram;
      },
    };
  }),
  mutant("sends rubbish", [`${OMA}201 well-formed`], () => ({
    fromServer: (datagram) => {
      const message = decodeMessage(datagram);
      const isRead = !isMalformed(message) && asks(GET, "/3/0/0")(message);
      return isRead ? datagram.subarray(0, 3) : datagram;
    },
  })),
  mutant("explains its refusals at length", [`${OWN}amplification small`], () =>
    saying((message) =>
      message.code >> 5 === 4 ? { ...message, payload: new Uint8Array(300).fill(0x61) } : message,
    )(),
  ),
  mutant("answers strangers twice", [`${OWN}amplification once`], () =>
    tampering({
      fromServer: (message, client, say) => {
        if (client > 0) say(message, client);
        return message;
      },
    }),
  ),
];

/** Malformed datagrams are answered: by a message of so many bytes. */
function rubbish(length: number, code = 0x45): () => ServerTamper {
  return () => {
    let answer: Uint8Array | undefined;
    return {
      toServer: (datagram) => {
        const message = decodeMessage(datagram);
        if (!isMalformed(message)) return datagram;
        // A stranger's well-formed request takes its place, whose answer is then replaced.
        const payload = new Uint8Array(length).fill(0x61);
        const token = new Uint8Array(0);
        answer = encodeMessage({ type: ACK, code, messageId: 1, token, options: [], payload });
        return encodeMessage({
          type: CON,
          code: GET,
          messageId: 0x4001 + length,
          token,
          options: pathOptions(URI_PATH, "/.well-known/core"),
          payload: new Uint8Array(0),
        });
      },
      fromServer: (datagram) => {
        const sent = answer ?? datagram;
        answer = undefined;
        return sent;
      },
    };
  };
}

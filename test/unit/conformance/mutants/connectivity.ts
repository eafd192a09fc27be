/** Clients that do not do what a server says about their network, or what their smartcard says. */
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import { CREATED, POST } from "../../../../protocol/coap/codes.ts";
import { decodeMessage, NO_BYTES } from "../../../../protocol/coap/message.ts";
import { URI_QUERY } from "../../../../protocol/coap/options.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import type { ClientAdapter, ClientSetup, ClientUnderTest } from "../../../conformance/index.ts";
import { capableAdapter } from "../capable-client.ts";
import {
  answering,
  dropping,
  hearing,
  instead,
  isUpdate,
  type Mutant,
  mutant,
  OMA,
  pathIn,
  pretending,
  saying,
  without,
  withPayload,
} from "./mutant.ts";

/** A sound client of which some members are others. */
function changed(members: (client: ClientUnderTest) => Partial<ClientUnderTest>): ClientAdapter {
  const base = capableAdapter();
  return {
    ...base,
    prepare: async (setup: ClientSetup) => {
      const client = await base.prepare(setup);
      const own = members(client);
      return new Proxy(client, {
        get: (target, name) => {
          const value = Reflect.get(name in own ? own : target, name);
          return typeof value === "function" && !(name in own) ? value.bind(target) : value;
        },
      });
    },
  };
}

export const CONNECTIVITY_MUTANTS: readonly Mutant[] = [
  mutant(
    "pretends to create APN profiles",
    [`${OMA}1250 update`],
    pretending((m) => m.code === POST && pathIn(m) === "/11", CREATED),
  ),
  mutant(
    "never lists new APN profiles",
    [`${OMA}1250 update`],
    saying(instead(isUpdate, (m) => withPayload(m, (list) => list.replace(",</11/1>", "")))),
  ),
  mutant(
    "does not name the profile that was switched on",
    [`${OMA}1250 named`],
    answering(
      (m) => pathIn(m) === "/10/0/11",
      (m) => ({ ...m, payload: NO_BYTES }),
    ),
  ),
  {
    name: "does not tell that it is on another bearer",
    caughtBy: [`${OMA}1350 updated`],
    adapter: changed((client) => ({
      receive: async (until) => {
        for (;;) {
          const arrival = await client.receive(until);
          const isElsewhere = arrival?.from !== undefined && arrival.from !== "device:1";
          const message = isElsewhere ? decodeMessage(arrival.datagram) : undefined;
          if (message === undefined || isMalformed(message) || !isUpdate(message)) return arrival;
        }
      },
    })),
  },
  {
    name: "stays on its bearer",
    caughtBy: [`${OMA}1350 address`],
    adapter: changed((client) => ({
      receive: async (until) => {
        const arrival = await client.receive(until);
        return arrival === undefined ? undefined : { ...arrival, from: "device:1" };
      },
    })),
  },
  {
    name: "is deaf on its new bearer",
    caughtBy: [`${OMA}1350 reachable`],
    adapter: changed((client) => {
      let hasMoved = false;
      return {
        receive: async (until) => {
          const arrival = await client.receive(until);
          hasMoved ||= arrival?.from !== undefined && arrival.from !== "device:1";
          return arrival;
        },
        send: async (server, datagram) => {
          // It hears what acknowledges its own messages.
          if (!hasMoved || datagram[0] >> 4 === 6) await client.send(server, datagram);
        },
      };
    }),
  },
  {
    name: "ignores its smartcard",
    caughtBy: [`${OMA}3 card`],
    adapter: changed((client) => ({ insertCard: async () => client.powerCycle?.() })),
  },
  {
    name: "takes only the address from its smartcard",
    caughtBy: [`${OMA}3 card-lifetime`],
    adapter: changed((client) => ({
      insertCard: async (card) => client.insertCard?.({ ...card, lifetime: 86400 }),
    })),
  },
  mutant(
    "has another lifetime from the factory",
    [`${OMA}3 factory-lifetime`],
    answering(
      (m) => pathIn(m) === "/1/0/1",
      (m) => ({ ...without(m, URI_QUERY), payload: encodeUtf8("7") }),
    ),
  ),
  mutant(
    "does not hear Creates",
    [`${OMA}1250 create`, `${OMA}1350 create`],
    hearing(dropping((m) => m.code === POST && ["/11", "/13"].includes(pathIn(m)))),
  ),
];

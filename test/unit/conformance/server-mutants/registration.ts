/** Servers that are wrong about who is registered, with what, and for how long. */
import { encodeUtf8 } from "../../../../protocol/bytes/utf8.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONFLICT,
  CREATED,
  DELETED,
  FORBIDDEN,
  NOT_FOUND,
  POST,
} from "../../../../protocol/coap/codes.ts";
import {
  LOCATION_PATH,
  type Option,
  textOption,
  URI_QUERY,
} from "../../../../protocol/coap/options.ts";
import { pathOptions } from "../../../../protocol/coap/uri.ts";
import {
  answering,
  asks,
  COAP,
  hearing,
  instead,
  isDeregister,
  isRegister,
  isUpdate,
  mutant,
  OMA,
  OMA_1_2,
  OWN,
  pathIn,
  queryIn,
  type ServerMutant,
  tampering,
  withCode,
  withoutOption,
  withoutQuery,
} from "./mutant.ts";

const locationOf = (segments: string) => (message: { readonly options: readonly Option[] }) => [
  ...message.options.filter(({ number }) => number !== LOCATION_PATH),
  ...pathOptions(LOCATION_PATH, segments),
];
const payloadIncludes = (message: { readonly payload: Uint8Array }, text: string) =>
  Buffer.from(message.payload).includes(text);

export const REGISTRATION_MUTANTS: readonly ServerMutant[] = [
  mutant(
    "refuses every client",
    [`${OMA}101 created`, `${OMA}108 created`, `${OMA}950 created`, `${OWN}bindings binding`],
    answering(isRegister, withCode(FORBIDDEN)),
  ),
  mutant(
    "names no location",
    [`${OMA}101 location`, `${COAP}CORE_18 options`],
    answering(isRegister, withoutOption(LOCATION_PATH)),
  ),
  mutant(
    "names a location elsewhere",
    [`${OMA}101 location`, `${COAP}CORE_18 valid`],
    answering(isRegister, (message) => ({
      ...message,
      options: locationOf("/devices/7")(message),
    })),
  ),
  mutant(
    "gives everybody the same location",
    [`${OWN}location-secret different`],
    answering(isRegister, (message) => ({ ...message, options: locationOf("/rd/x")(message) })),
  ),
  mutant("numbers its locations", [`${OWN}location-secret unguessable`], () => {
    let number = 6;
    return answering(isRegister, (message) => ({
      ...message,
      options: locationOf(`/rd/${++number}`)(message),
    }))();
  }),
  mutant(
    "shows no client to its operator",
    [
      `${OMA}101 listed`,
      `${OMA}102 kept`,
      `${OMA}104 kept`,
      `${OMA}107 kept`,
      `${OMA}241 again`,
      `${OMA_1_2}110 listed`,
      `${OWN}unknown-location unharmed`,
      `${OWN}expiry kept`,
    ],
    () => ({ known: () => undefined }),
  ),
  mutant(
    "shows clients without their objects",
    [
      `${OMA}101 listed`,
      `${OMA}950 listed`,
      `${OMA}1630 listed`,
      `${OMA_1_2}111 merged`,
      `${OWN}blockwise-register whole`,
      `${OWN}register-again replaced`,
      `${OWN}list-attributes listed`,
    ],
    () => ({ known: (client) => client && { ...client, paths: [] } }),
  ),
  mutant(
    "shows clients for ever",
    [`${OMA}102 dropped`, `${OMA}103 gone`, `${OWN}expiry dropped`, `${OWN}late-register gone`],
    () => ({ known: (client) => client ?? { queueMode: undefined, paths: undefined } }),
  ),
  mutant(
    "shows what clients once had",
    [`${OMA}1635 unlisted`, `${OWN}update-changes list`, `${OWN}register-again replaced`],
    () => {
      const heard = new Set<string>();
      return tampering({
        toServer: (message) => {
          const lists = Buffer.from(message.payload)
            .toString()
            .matchAll(/<([^>]*)>/g);
          if (isRegister(message) || isUpdate(message)) for (const [, uri] of lists) heard.add(uri);
          return message;
        },
        known: (client) => client && { ...client, paths: [...heard] },
      });
    },
  ),
  mutant(
    "takes no list but the first",
    [`${OWN}update-changes list`, `${OMA}1250 listed`],
    hearing(instead(isUpdate, (message) => ({ ...message, payload: new Uint8Array(0) }))),
  ),
  mutant(
    "forgets the list when an Update says nothing of it",
    [`${OWN}update-changes kept`],
    () => {
      let isForgotten = false;
      return tampering({
        toServer: (message) => {
          if (isUpdate(message)) isForgotten = message.payload.length === 0;
          return message;
        },
        known: (client) => client && { ...client, paths: isForgotten ? [] : client.paths },
      });
    },
  ),
  mutant("knows no queue mode", [`${OMA}108 shown`, `${OWN}update-changes queue mode`], () => ({
    known: (client) => client && { ...client, queueMode: false },
  })),
  mutant(
    "leaves queue mode with every Update",
    [`${OWN}update-changes untouched`],
    hearing(
      instead(
        (message) => isUpdate(message) && queryIn(message).length === 0,
        (message) => ({ ...message, options: [...message.options, textOption(URI_QUERY, "b=U")] }),
      ),
    ),
  ),
  mutant(
    "refuses Updates",
    [
      `${OMA}102 update`,
      `${OMA}104 update`,
      `${OMA}107 update`,
      `${OMA}226 update`,
      `${OMA}230 update`,
      `${OWN}duplicate valid`,
      `${OWN}register-again location`,
      `${COAP}CORE_04 code`,
    ],
    answering(isUpdate, withCode(NOT_FOUND)),
  ),
  mutant(
    "answers every Update with 2.04",
    [
      `${OMA}103 unknown`,
      `${OMA}105 refused`,
      `${OWN}unknown-location update`,
      `${OWN}bad-update refused`,
      `${OWN}expiry unknown`,
      `${COAP}CORE_13 whole`,
    ],
    answering((message) => message.code === POST && pathIn(message) !== "/rd", withCode(CHANGED)),
  ),
  mutant(
    "hears no Content-Formats",
    [`${OMA}306 changed`, `${OWN}bad-update refused`],
    hearing(instead((message) => message.code === POST, withoutOption(12))),
  ),
  mutant(
    "answers De-register with 2.04",
    [`${OMA}103 deleted`, `${COAP}CORE_02 code`],
    answering(isDeregister, withCode(CHANGED)),
  ),
  mutant(
    "answers every De-register with 2.02",
    [`${OWN}unknown-location deregister`],
    answering(isDeregister, withCode(DELETED)),
  ),
  mutant(
    "takes no new lifetime",
    [`${OMA}107 update`, `${OMA}226 update`],
    hearing(instead(isUpdate, withoutQuery(/^lt=/))),
  ),
  mutant(
    "takes any Register",
    [`${OWN}bad-register refused`, `${OWN}list-malformed refused`],
    answering(isRegister, withCode(CREATED)),
  ),
  mutant(
    "takes what is no list for an empty one",
    [`${OWN}list-malformed refused`, `${OWN}bad-update refused`],
    hearing((message) =>
      payloadIncludes(message, "</1/0>,</3") && !payloadIncludes(message, "</3/0>")
        ? { ...message, payload: encodeUtf8("</1/0>") }
        : message,
    ),
  ),
  mutant(
    "refuses who registers again",
    [
      `${OMA}105 again`,
      `${OMA}241 again`,
      `${OMA}770 registered`,
      `${OWN}register-again created`,
      `${OWN}expiry again`,
      `${OWN}forged again`,
    ],
    () => {
      const seen = new Set<string>();
      return answering((message) => {
        if (!isRegister(message)) return false;
        const name = queryIn(message).find((one) => one.startsWith("ep=")) ?? "";
        const isAgain = seen.has(name);
        seen.add(name);
        return isAgain;
      }, withCode(FORBIDDEN))();
    },
  ),
  mutant(
    "knows no Profile IDs, and takes no list beside one",
    [`${OMA_1_2}110 again`, `${OMA_1_2}111 again`],
    answering(
      (message) =>
        isRegister(message) &&
        (payloadIncludes(message, "</4/0>") || queryIn(message).includes("pid=6:27354b9a")),
      withCode(CONFLICT),
    ),
  ),
  mutant(
    "takes every Profile ID",
    [`${OWN}unknown-profile conflict`],
    answering((message) => isRegister(message) && message.payload.length === 0, withCode(CREATED)),
  ),
  mutant(
    "splits parameters at &",
    [`${COAP}CORE_14 whole`],
    hearing(
      instead(isRegister, (message) => ({
        ...message,
        options: message.options.flatMap((option) =>
          option.number === URI_QUERY
            ? Buffer.from(option.value)
                .toString()
                .split("&")
                .map((one) => textOption(URI_QUERY, one))
            : [option],
        ),
      })),
    ),
  ),
  mutant("drops everybody when a stranger knocks", [`${OWN}unknown-location unharmed`], () => {
    let wasKnocked = false;
    return tampering({
      toServer: (message) => {
        if (pathIn(message) === "/rd/doesnotexist") wasKnocked = true;
        return message;
      },
      known: (client) => (wasKnocked ? undefined : client),
    });
  }),
  mutant(
    "answers every wrong path by 4.00",
    [`${OWN}wrong-paths refused`, `${OWN}unknown-location deregister`],
    answering(
      (message) => !["/rd", "/dp"].includes(pathIn(message)) && !isUpdate(message),
      (message) => (message.code >> 5 === 4 ? { ...message, code: BAD_REQUEST } : message),
    ),
  ),
  mutant(
    "takes a lifetime of 0 for over",
    [`${OWN}endless-lifetime kept`],
    hearing(
      instead(asks(POST, "/rd"), (message) => ({
        ...message,
        options: message.options.map((option) =>
          Buffer.from(option.value).toString() === "lt=0" ? textOption(URI_QUERY, "lt=1") : option,
        ),
      })),
    ),
  ),
];

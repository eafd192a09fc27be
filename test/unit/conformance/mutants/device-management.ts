import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  CREATED,
  DELETE,
  DELETED,
  GET,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PUT,
  UNAUTHORIZED,
} from "../../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT, TLV } from "../../../../protocol/coap/content-formats.ts";
import { ACK, NO_BYTES } from "../../../../protocol/coap/message.ts";
import {
  ACCEPT,
  CONTENT_FORMAT,
  LOCATION_PATH,
  type Option,
  textOption,
  URI_PATH,
  uintOf,
} from "../../../../protocol/coap/options.ts";

import {
  acknowledged,
  answering,
  formatIn,
  hearing,
  instead,
  isExecute,
  isWrite,
  isWriteAttributes,
  type Mutant,
  mutant,
  OMA,
  pathIn,
  pretending,
  saying,
  without,
  withoutQuery,
  withPath,
  withPayload,
} from "./mutant.ts";

export const DEVICE_MANAGEMENT_MUTANTS: readonly Mutant[] = [
  mutant(
    "answers in the format it likes",
    [`${OMA}211 integer`, `${OMA}231 object`, `${OMA}232 object`, "dormouse-answer-codes format"],
    hearing(
      instead(
        (m) => uintOf(m.options, ACCEPT, -1) !== LINK_FORMAT,
        (m) => without(m, ACCEPT),
      ),
    ),
  ),
  mutant(
    "answers Reads with Changed",
    [`${OMA}201 legal-code`],
    saying(
      instead(
        (m) => m.type === ACK && m.code === CONTENT && formatIn(m) === TEXT,
        (m) => ({ ...m, code: CHANGED }),
      ),
    ),
  ),
  mutant(
    "does not name the format of its answers",
    [`${OMA}201 manufacturer`, `${OMA}203 read`, `${OMA}237 format`],
    saying(
      instead(
        (m) => m.code === CONTENT,
        (m) => without(m, CONTENT_FORMAT),
      ),
    ),
  ),
  mutant(
    "reads wrong values",
    [
      `${OMA}201 manufacturer`,
      `${OMA}203 read`,
      `${OMA}222 server`,
      `${OMA}652 read`,
      `${OMA}801 read`,
    ],
    saying(
      instead(
        (m) => m.code === CONTENT && formatIn(m) !== LINK_FORMAT && m.payload.length > 0,
        (m) => ({
          ...m,
          payload: Uint8Array.from(m.payload, (b, i) => (i === m.payload.length - 1 ? b ^ 1 : b)),
        }),
      ),
    ),
  ),
  mutant(
    "reads the instance where the object was asked for",
    [`${OMA}222 server`],
    hearing(
      instead(
        (m) => m.code === GET && /^\/\d+$/.test(pathIn(m)) && uintOf(m.options, ACCEPT, -1) === -1,
        (m) => ({ ...m, options: [...m.options, textOption(URI_PATH, "0")] }),
      ),
    ),
  ),
  mutant(
    "reads the resource where its instance was asked for",
    [`${OMA}225 read`],
    hearing(
      instead(
        (m) => m.code === GET && pathIn(m) === "/3/0/11/0",
        (m) => withPath(m, "/3/0/16"),
      ),
    ),
  ),
  mutant(
    "pretends to write",
    [
      `${OMA}205 changed`,
      `${OMA}212 changed`,
      `${OMA}215 changed`,
      `${OMA}226 update`,
      `${OMA}228 changed`,
      `${OMA}651 changed`,
    ],
    pretending(isWrite, CHANGED),
  ),
  mutant(
    "writes once and never again",
    [`${OMA}205 restored`, `${OMA}215 restored`, `${OMA}651 restored`],
    () => {
      const written: string[] = [];
      return {
        toClient: (m, answer) => {
          if (!isWrite(m)) return m;
          if (!written.includes(pathIn(m))) {
            written.push(pathIn(m));
            return m;
          }
          answer(acknowledged(m, CHANGED));
          return undefined;
        },
      };
    },
  ),
  mutant(
    "replaces where it should add",
    ["dormouse-write-replace partial"],
    hearing(
      instead(
        (m) => m.code === POST && isWrite(m),
        (m) => ({ ...m, code: PUT }),
      ),
    ),
  ),
  mutant(
    "adds where it should replace",
    ["dormouse-write-replace replace"],
    hearing(
      instead(
        (m) => m.code === PUT && formatIn(m) === TLV && isWrite(m),
        (m) => ({ ...m, code: POST }),
      ),
    ),
  ),
  mutant(
    "applies what it can of a Write that it refuses",
    ["dormouse-write-atomic unchanged"],
    () => {
      let refused = -1;
      return {
        toClient: (m) => {
          const isMixed = m.code === POST && pathIn(m) === "/1/0" && m.payload[2] === 7;
          if (!isMixed) return m;
          refused = m.messageId;
          // The first value is that of the read-only Short Server ID.
          return { ...m, payload: m.payload.subarray(3) };
        },
        fromClient: (m) =>
          m.type === ACK && m.messageId === refused ? { ...m, code: METHOD_NOT_ALLOWED } : m,
      };
    },
  ),
  mutant(
    "shows its Security object as not there",
    [`${OMA}221 read`],
    saying(
      instead(
        (m) => m.code === UNAUTHORIZED,
        (m) => ({ ...m, code: NOT_FOUND }),
      ),
    ),
  ),
  mutant(
    "lets read-only resources be written, as it says",
    [`${OMA}256 refused`, `${OMA}685 refused`, "dormouse-answer-codes not-allowed"],
    saying(
      instead(
        (m) => m.code === METHOD_NOT_ALLOWED,
        (m) => ({ ...m, code: BAD_REQUEST }),
      ),
    ),
  ),
  mutant(
    "creates a second Device",
    [`${OMA}680 refused`],
    pretending((m) => m.code === POST && pathIn(m) === "/3", CREATED),
  ),
  mutant(
    "deletes its Device",
    [`${OMA}685 refused`],
    pretending((m) => m.code === DELETE && pathIn(m) === "/3/0", DELETED),
  ),
  mutant(
    "answers Reboot and goes on",
    [`${OMA}241 register`],
    pretending((m) => pathIn(m) === "/3/0/4" && isExecute(m), CHANGED),
  ),
  mutant(
    "executes whatever the arguments are",
    ["dormouse-execute-arguments refused"],
    hearing(instead(isExecute, (m) => ({ ...m, payload: NO_BYTES }))),
  ),
  mutant(
    "discovers without dimensions",
    [`${OMA}260 dimension`, `${OMA}1630 before`],
    saying(
      instead(
        (m) => m.code === CONTENT && formatIn(m) === LINK_FORMAT,
        (m) => withPayload(m, (list) => list.replaceAll(/;dim=\d+/g, "")),
      ),
    ),
  ),
  mutant(
    "discovers without attributes",
    [
      "dormouse-write-attributes-rules set",
      `${OMA}951 own`,
      "LightweightM2M-1.2-int-264 attributes",
    ],
    saying(
      instead(
        (m) => m.code === CONTENT && formatIn(m) === LINK_FORMAT,
        (m) => withPayload(m, (list) => list.replaceAll(/;(pmin|pmax|gt|lt|st)=[\d.]+/g, "")),
      ),
    ),
  ),
  mutant(
    "discovers the same whatever the depth",
    ["LightweightM2M-1.2-int-264 depth", "LightweightM2M-1.2-int-266 depth-3"],
    hearing((m) => withoutQuery(m, /^depth=/)),
  ),
  mutant("shares the attributes of its servers", [`${OMA}951 own`], () => {
    let first: readonly Option[] | undefined;
    return {
      toClient: (m) => {
        if (m.code !== PUT || m.payload.length > 0) return m;
        first ??= m.options;
        return { ...m, options: pathIn(m) === "/3/0" ? first : m.options };
      },
    };
  }),
  mutant(
    "says Changed when it creates",
    [`${OMA}1630 legal-code`],
    saying(
      instead(
        (m) => m.type === ACK && m.code === CREATED,
        (m) => ({ ...m, code: CHANGED }),
      ),
    ),
  ),
  mutant(
    "does not say where it created",
    ["dormouse-create-rules chosen"],
    saying(
      instead(
        (m) => m.code === CREATED,
        (m) => without(m, LOCATION_PATH),
      ),
    ),
  ),
  mutant(
    "creates over what is there, as it says",
    ["dormouse-create-rules taken"],
    pretending(
      (m) => m.code === POST && pathIn(m) === "/16" && m.payload[0] === 5 && m.payload[1] === 0,
      CREATED,
    ),
  ),
  mutant(
    "pretends to delete",
    [`${OMA}1635 gone`],
    pretending((m) => m.code === DELETE && pathIn(m).startsWith("/16/"), DELETED),
  ),
  mutant(
    "takes attributes that contradict each other",
    ["dormouse-write-attributes-rules inconsistent"],
    answering(isWriteAttributes, (m) => ({ ...m, code: CHANGED })),
  ),
  mutant(
    "cannot unset attributes",
    ["dormouse-write-attributes-rules unset"],
    hearing(
      instead(
        (m) => m.code === PUT,
        (m) => withoutQuery(m, /^[a-z]+$/),
      ),
    ),
  ),
];

/**
 * What a device answered, as the Leshan demo server tells it: HTTP's status is 200 whatever the device said, and its code stands in the
 * body.
 *
 *   {"status":"CONTENT(205)","valid":true,"success":true,"failure":false,"content":{...}}
 */
import { readUtf8 } from "../../../protocol/bytes/utf8.ts";
import * as coap from "../../../protocol/coap/codes.ts";
import { decodeLinks, type Link } from "../../../protocol/coap/link-format.ts";
import {
  CREATE,
  DISCOVER,
  isLegalAnswer,
  READ,
  START_OBSERVE,
} from "../../../protocol/lwm2m/operations.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { ResponseEvent } from "../../contract.ts";
import { definitionsOf } from "../../registry/definitions.ts";
import type { Json } from "../../shadow/json.ts";
import { entriesIn } from "./formats.ts";
import { type NodeJson, nodeJson } from "./node-json.ts";
import type { Target } from "./target.ts";

/** What was asked of a device. */
export interface Asked {
  readonly target: Target;
  /** Of protocol/lwm2m/operations.ts. */
  readonly operation: number;
}

export type AnswerJson = { readonly [member: string]: Json };

/** A device's answer that cannot be shown. */
export const UNREADABLE = "unreadable";

const CODE_NAMES: ReadonlyMap<number, string> = new Map([
  [coap.CREATED, "CREATED"],
  [coap.DELETED, "DELETED"],
  [coap.CHANGED, "CHANGED"],
  [coap.CONTENT, "CONTENT"],
  [coap.BAD_REQUEST, "BAD_REQUEST"],
  [coap.UNAUTHORIZED, "UNAUTHORIZED"],
  [coap.FORBIDDEN, "FORBIDDEN"],
  [coap.NOT_FOUND, "NOT_FOUND"],
  [coap.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"],
  [coap.NOT_ACCEPTABLE, "NOT_ACCEPTABLE"],
  [coap.REQUEST_ENTITY_INCOMPLETE, "REQUEST_ENTITY_INCOMPLETE"],
  [coap.PRECONDITION_FAILED, "PRECONDITION_FAILED"],
  [coap.REQUEST_ENTITY_TOO_LARGE, "REQUEST_ENTITY_TOO_LARGE"],
  [coap.UNSUPPORTED_CONTENT_FORMAT, "UNSUPPORTED_CONTENT_FORMAT"],
  [coap.INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR"],
]);

/** The answer of a device that did answer. */
export function answerJson(
  { target, operation }: Asked,
  event: ResponseEvent,
  code: number,
): AnswerJson | typeof UNREADABLE {
  const success = coap.isSuccess(code);
  const answer = {
    status: `${CODE_NAMES.get(code) ?? "UNKNOWN"}(${(code >> 5) * 100 + (code & 31)})`,
    valid: isLegalAnswer(operation, code),
    success,
    failure: !success,
  };
  if (!success) return { ...answer, errormessage: event.error ?? "" };
  switch (operation) {
    case READ:
    case START_OBSERVE: {
      const content = contentJson(target, event);
      return content === undefined ? UNREADABLE : { ...answer, content };
    }
    case DISCOVER: {
      const text = readUtf8(event.payload, 0, event.payload.length);
      const links = text === undefined ? undefined : decodeLinks(text);
      if (links === undefined || isMalformed(links)) return UNREADABLE;
      return { ...answer, objectLinks: linksJson(links) };
    }
    case CREATE:
      return event.location === undefined ? answer : { ...answer, location: event.location };
    default:
      return answer;
  }
}

/** What a device has at a place, as a node; undefined when what it sent cannot be read. */
export function contentJson(
  { registration, path }: Pick<Target, "registration" | "path">,
  { payload, contentFormat }: Pick<ResponseEvent, "payload" | "contentFormat">,
): NodeJson | undefined {
  const definitionOf = definitionsOf(registration);
  const entries = entriesIn(path, payload, contentFormat, definitionOf, registration.rootPath);
  return entries && nodeJson(path, entries, definitionOf);
}

/** Links with their attributes; one without a value is null. */
export function linksJson(links: readonly Link[]): Json[] {
  return links.map(({ uri, attributes }) => ({
    url: uri,
    attributes: Object.fromEntries(attributes.map(({ name, value }) => [name, value ?? null])),
  }));
}

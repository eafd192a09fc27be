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
  COMPOSITE_NAMES,
  OBSERVE_COMPOSITE,
  READ_COMPOSITE,
} from "../../../protocol/lwm2m/composite-operations.ts";
import { mayAnswer, operationRow } from "../../../protocol/lwm2m/operation-table.ts";
import {
  CREATE,
  DISCOVER,
  isLegalAnswer,
  READ,
  START_OBSERVE,
} from "../../../protocol/lwm2m/operations.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { ResponseEvent } from "../../contract.ts";
import type { Json } from "../../shadow/json.ts";
import { type CompositeContext, compositeJson } from "./composite-json.ts";
import { entriesIn } from "./formats.ts";
import { type NodeJson, nodeJson } from "./node-json.ts";
import type { Place } from "./place.ts";
import type { CompositeTarget, Target } from "./target.ts";

/** What was asked of a device. */
export interface Asked {
  readonly target: Target | CompositeTarget;
  /** Of protocol/lwm2m/operations.ts, or composite-operations.ts. */
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
  context: CompositeContext,
  { target, operation }: Asked,
  event: ResponseEvent,
  code: number,
): AnswerJson | typeof UNREADABLE {
  const success = coap.isSuccess(code);
  const answer = {
    status: `${CODE_NAMES.get(code) ?? "UNKNOWN"}(${(code >> 5) * 100 + (code & 31)})`,
    valid: isLegal(operation, code),
    success,
    failure: !success,
  };
  if (!success) return { ...answer, errormessage: event.error ?? "" };
  switch (operation) {
    case READ:
    case START_OBSERVE:
    case READ_COMPOSITE:
    case OBSERVE_COMPOSITE: {
      const content =
        "places" in target ? compositeJson(context, target, event) : contentJson(target, event);
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

function isLegal(operation: number, code: number): boolean {
  const row = operationRow(COMPOSITE_NAMES[operation - READ_COMPOSITE] ?? "");
  return row === undefined ? isLegalAnswer(operation, code) : mayAnswer(row, code);
}

/** What a device has at a place, as a node; undefined when what it sent cannot be read. */
export function contentJson(
  { path, prefix, definitionOf }: Place,
  { payload, contentFormat }: Pick<ResponseEvent, "payload" | "contentFormat">,
): NodeJson | undefined {
  const entries = entriesIn(path, payload, contentFormat, definitionOf, prefix);
  return entries && nodeJson(path, entries, definitionOf);
}

/** Links with their attributes; one without a value is null. */
export function linksJson(links: readonly Link[]): Json[] {
  return links.map(({ uri, attributes }) => ({
    url: uri,
    attributes: Object.fromEntries(attributes.map(({ name, value }) => [name, value ?? null])),
  }));
}

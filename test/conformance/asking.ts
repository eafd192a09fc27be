import {
  DELETE,
  EMPTY,
  FETCH,
  formatCode,
  GET,
  IPATCH,
  PATCH,
  POST,
  PUT,
} from "../../protocol/coap/codes.ts";
import { type Message, NO_BYTES, NO_OPTIONS, RST } from "../../protocol/coap/message.ts";
import { CONTENT_FORMAT, type Option, uintOf } from "../../protocol/coap/options.ts";
import { mayAnswer, operationRow } from "../../protocol/lwm2m/operation-table.ts";
import { isLegalAnswer, NO_OPERATION, operationOf } from "../../protocol/lwm2m/operations.ts";
import { parsePath } from "../../protocol/model/path.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { formatBytes } from "./content.ts";
import { targetOf } from "./ladder.ts";

const ABSENT = -1;
/** What a server asks of the client. */
export interface Question {
  readonly method: number;
  readonly path: string;
  readonly query?: readonly string[];
  readonly accept?: number;
  readonly format?: number;
  readonly payload?: Uint8Array;
  readonly observe?: number;
  /** More of them. */
  readonly options?: readonly Option[];
  /** A fresh one unless given. */
  readonly token?: Uint8Array;
}

/** What the client answered. */
export interface Answer {
  /** What was asked, for sentences: `Read /3/0`. */
  readonly asked: string;
  readonly path: string;
  /** 0 when there was no usable answer. */
  readonly code: number;
  /** `2.05`, or what there was instead. */
  readonly outcome: string;
  readonly options: readonly Option[];
  readonly format: number | undefined;
  readonly payload: Uint8Array;
  readonly at: Milliseconds;
}

export interface ObservedPath {
  readonly path: string;
  /** Hexadecimal, as in `Uplink`. */
  readonly token: string;
  readonly tokenBytes: Uint8Array;
  readonly answer: Answer;
}

const METHOD_NAMES: Readonly<Record<number, string>> = {
  [GET]: "GET",
  [POST]: "POST",
  [PUT]: "PUT",
  [DELETE]: "DELETE",
  [FETCH]: "FETCH",
  [PATCH]: "PATCH",
  [IPATCH]: "iPATCH",
};
/** `Read /3/0 was answered by 4.04`. */
export function was(answer: Answer): string {
  return `${answer.asked} was answered by ${answer.outcome}`;
}

/** @param came what answered: a response, a Reset, or nothing */
export function answerOf(
  question: Question,
  sent: Message,
  came: Message | undefined,
  at: Milliseconds,
): Answer {
  const { path } = question;
  const isUsable = came !== undefined && came.type !== RST && hasSameToken(sent, came);
  const options = isUsable ? came.options : NO_OPTIONS;
  const format = uintOf(options, CONTENT_FORMAT, ABSENT);
  return {
    asked: `${METHOD_NAMES[sent.code] ?? formatCode(sent.code)} ${targetOf(sent)}`,
    path,
    code: isUsable ? came.code : EMPTY,
    outcome: isUsable ? formatCode(came.code) : excuse(came),
    options,
    format: format === ABSENT ? undefined : format,
    payload: isUsable ? came.payload : NO_BYTES,
    at,
  };
}

function hasSameToken(left: Message, right: Message): boolean {
  return formatBytes(left.token) === formatBytes(right.token);
}

function excuse(came: Message | undefined): string {
  if (came === undefined) return "nothing";
  if (came.type === RST) return "a Reset";
  return `a response with the token ${formatBytes(came.token)}`;
}

/** Why this is no answer to that question, in any case; undefined when it is one. */
export function faultOfAnswer(
  question: Question,
  message: Message,
  answer: Answer,
): string | undefined {
  const depth = parsePath(question.path)?.length ?? 0;
  const operation = operationOf(message.code, depth, message.options, message.payload);
  if (answer.code === EMPTY || isLegal(question.method, operation, answer.code)) return undefined;
  return `${was(answer)}, which is no answer to that`;
}

/** What no operation is has no answers of its own. */
function isLegal(method: number, operation: number, code: number): boolean {
  if (operation !== NO_OPERATION) return isLegalAnswer(operation, code);
  const name = method === FETCH ? "Read-Composite" : method === IPATCH ? "Write-Composite" : "";
  const row = operationRow(name);
  return row === undefined || mayAnswer(row, code);
}

/**
 * Packages that a server writes piece by piece (protocol/coap/pieces.ts), on their way to the objects that take some: a firmware image
 * never lies in memory. The resources are claimed in the CoAP settings:
 *
 *     const settings = { ...usual, inPieces: PACKAGE_CLAIMS };
 *
 * A package may come as it is, as TLV or as CBOR: in these formats a header stands before it, and no byte of it is written otherwise.
 */
import {
  BAD_REQUEST,
  CHANGED,
  CONTINUE,
  isSuccess,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  PUT,
  REQUEST_ENTITY_INCOMPLETE,
  REQUEST_ENTITY_TOO_LARGE,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import { CBOR, OCTET_STREAM, TLV } from "../../../protocol/coap/content-formats.ts";
import type { IncomingRequest, PieceClaim, Response } from "../../../protocol/coap/exchange.ts";
import { CONTENT_FORMAT, URI_PATH, uintOf } from "../../../protocol/coap/options.ts";
import type { Piece } from "../../../protocol/coap/pieces.ts";
import { pieceOf } from "../../../protocol/coap/pieces.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import { OPERATION_NAMES, WRITE_REPLACE } from "../../../protocol/lwm2m/operations.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { parsePath } from "../../../protocol/model/path.ts";
import type { LwM2mObject, PackageReceiver } from "../../objects/lwm2m-object.ts";
import { NO_FAULT, NO_MEMORY, NO_STORAGE } from "../../update/ports.ts";
import type { BasicAgent } from "../basic-agent.ts";
import type { ServerLink } from "../server-link.ts";
import { plain } from "./device-management.ts";
import { locate } from "./object-tree.ts";

/** A server that is silent for longer within a package has gone: MAX_TRANSMIT_WAIT. */
const SILENCE = 93000;

/** Package of /5, and of the first instances of /9. */
export const PACKAGE_CLAIMS: readonly PieceClaim[] = [
  { code: PUT, path: "/5/0/0", silence: SILENCE },
  { code: PUT, path: "/9/0/2", silence: SILENCE },
  { code: PUT, path: "/9/1/2", silence: SILENCE },
  { code: PUT, path: "/9/2/2", silence: SILENCE },
  { code: PUT, path: "/9/3/2", silence: SILENCE },
];

/** A link that notices when the rest of a package does not come. */
interface UploadingLink extends ServerLink {
  uploads?: PackageUploads;
}

interface Upload {
  readonly path: string;
  readonly receiver: PackageReceiver;
  /** Of the receiver, when this one began. */
  readonly begun: number;
  /** Bytes that are to come, where a header said it. */
  left: number | undefined;
}

/** Answers a request that is a piece of a package; undefined for any other. */
export function answerPiece(
  agent: BasicAgent,
  link: ServerLink,
  request: IncomingRequest,
): Response | undefined {
  const piece = pieceOf(request);
  const path = piece === undefined ? "" : pathOf(request.options, URI_PATH);
  if (piece === undefined || !isClaimed(agent, request.code, path)) return undefined;
  const at = link as UploadingLink;
  if (at.uploads === undefined) at.uploads = new PackageUploads();
  const code = at.uploads.take(link, path, request, piece);
  if (code !== CONTINUE) {
    const operation = OPERATION_NAMES[WRITE_REPLACE];
    agent.emit({ kind: "request", link, operation, path, code, error: undefined });
  }
  return plain(code);
}

/** True for a request that comes in pieces. */
function isClaimed(agent: BasicAgent, code: number, path: string): boolean {
  const claims = agent.configuration.settings.inPieces;
  for (let i = 0; claims !== undefined && i < claims.length; i++) {
    if (claims[i].code === code && claims[i].path === path) return true;
  }
  return false;
}

/** The packages that one server is writing. */
export class PackageUploads {
  private list: Upload[] = [];

  /** Takes a piece. Returns 2.31 for more, 2.04 after the last, or why there is to be no more. */
  take(link: ServerLink, path: string, request: IncomingRequest, piece: Piece): number {
    const isFirst = piece.offset === 0;
    const code = isFirst ? this.begin(link, path, request, piece) : CONTINUE;
    if (code !== CONTINUE) return code;
    const upload = this.find(path);
    if (upload === undefined || upload.begun !== upload.receiver.begun) {
      this.forget(path);
      return REQUEST_ENTITY_INCOMPLETE;
    }
    const bytes = isFirst ? request.payload.subarray(headerOf(request)) : request.payload;
    const refusal = append(upload, bytes);
    if (refusal === CONTINUE && !piece.isLast) return CONTINUE;
    this.forget(path);
    if (refusal !== CONTINUE) return refusal;
    if (upload.left !== undefined && upload.left !== 0) {
      upload.receiver.breakPackage();
      return BAD_REQUEST;
    }
    upload.receiver.endPackage();
    return CHANGED;
  }

  /** The rest of a package does not come. */
  handleLost(path: string): void {
    const upload = this.find(path);
    this.forget(path);
    if (upload !== undefined && upload.begun === upload.receiver.begun) {
      upload.receiver.breakPackage();
    }
  }

  /** CONTINUE when the package may come. */
  private begin(link: ServerLink, path: string, request: IncomingRequest, piece: Piece): number {
    // The same server begins again: what had come before is not what is to be.
    this.handleLost(path);
    const ids = parsePath(path) as Path;
    const object = link.agent.object(ids[0]);
    if (object === undefined) return NOT_FOUND;
    const rules = link.agent.features.management;
    const found =
      rules === undefined ? locate(object, ids) : rules.admit(link, WRITE_REPLACE, object, ids);
    if (!isSuccess(found)) return found;
    const receiver = receiverOf(object, ids[1]);
    if (receiver === undefined) return METHOD_NOT_ALLOWED;
    const header = headerOf(request);
    if (header < 0) return UNSUPPORTED_CONTENT_FORMAT;
    const said = lengthIn(request, ids[2]);
    if (said !== undefined && said < 0) return BAD_REQUEST;
    const length = said === undefined && piece.size > 0 ? piece.size : said;
    const code = receiver.beginPackage(length);
    if (code !== CHANGED) return code;
    this.list.push({ path: path, receiver: receiver, begun: receiver.begun, left: said });
    return CONTINUE;
  }

  private find(path: string): Upload | undefined {
    for (let i = 0; i < this.list.length; i++) {
      if (this.list[i].path === path) return this.list[i];
    }
    return undefined;
  }

  private forget(path: string): void {
    this.list = this.list.filter(function (upload) {
      return upload.path !== path;
    });
  }
}

function receiverOf(object: LwM2mObject, instanceId: number): PackageReceiver | undefined {
  return object.packages === undefined ? undefined : object.packages(object, instanceId);
}

/** CONTINUE when the bytes were taken. */
function append(upload: Upload, bytes: Uint8Array): number {
  if (upload.left !== undefined) {
    if (bytes.length > upload.left) {
      upload.receiver.breakPackage();
      return BAD_REQUEST;
    }
    upload.left -= bytes.length;
  }
  const fault = upload.receiver.appendPackage(bytes);
  if (fault === NO_FAULT) return CONTINUE;
  return fault === NO_STORAGE || fault === NO_MEMORY ? REQUEST_ENTITY_TOO_LARGE : BAD_REQUEST;
}

/** Bytes before the package in the first piece, which is 16 bytes at least; -1 for a format that cannot be taken apart in pieces. */
function headerOf(request: IncomingRequest): number {
  const first = request.payload[0];
  switch (uintOf(request.options, CONTENT_FORMAT, OCTET_STREAM)) {
    case OCTET_STREAM:
      return 0;
    case TLV:
      return 1 + ((first & 32) === 0 ? 1 : 2) + ((first >> 3) & 3);
    case CBOR:
      return 1 + cborLengthBytes(first);
    default:
      return -1;
  }
}

/** Bytes of the length of a CBOR byte string (RFC 8949 §3.1). */
function cborLengthBytes(first: number): number {
  const more = (first & 31) - 24;
  return more < 0 ? 0 : 1 << more;
}

/** The package's length as its header says; -1 for a header that is not one of this resource; undefined where there is none. */
function lengthIn(request: IncomingRequest, resourceId: number): number | undefined {
  const bytes = request.payload;
  const format = uintOf(request.options, CONTENT_FORMAT, OCTET_STREAM);
  if (format === OCTET_STREAM) return undefined;
  const header = headerOf(request);
  if (format === CBOR) {
    // Of a length in pieces of its own, or of 64 bits, no board makes use.
    if (bytes[0] >> 5 !== 2 || cborLengthBytes(bytes[0]) > 4) return -1;
    return header === 1 ? bytes[0] & 31 : bigEndian(bytes, 1, header);
  }
  const lengthAt = 1 + ((bytes[0] & 32) === 0 ? 1 : 2);
  // A resource with a value (LwM2M Core 1.1.1 §7.4.3).
  if (bytes[0] >> 6 !== 3 || bigEndian(bytes, 1, lengthAt) !== resourceId) return -1;
  return lengthAt === header ? bytes[0] & 7 : bigEndian(bytes, lengthAt, header);
}

function bigEndian(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 256 + bytes[i];
  return value;
}

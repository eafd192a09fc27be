/**
 * Room for signed packages alone, in front of the room that a board has: the envelope is judged as soon as it is there, before a byte
 * of an image is stored, the image when it is whole.
 *
 *   fault                 when
 *   UNSUPPORTED_TYPE      it is no signed package; or of another vendor or class, or older than what runs
 *   INTEGRITY_FAILED      no key of ours signed it; more or fewer bytes than it says; another digest
 *   NO_STORAGE            the board has no room for it
 *   NO_MEMORY             the board cannot compute the digest of so much
 *
 * It is the verification of an update too: hand it over as both.
 */
import { equalBytes } from "../../protocol/bytes/equal.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { Envelope, Manifest } from "./package-envelope.ts";
import { decodeEnvelope, LONGEST_ENVELOPE } from "./package-envelope.ts";
import type { PackageKey } from "./package-keys.ts";
import { isSigned } from "./package-keys.ts";
import type { Staging, Verdict, Verification } from "./ports.ts";
import { INTEGRITY_FAILED, NO_FAULT, UNSUPPORTED_TYPE } from "./ports.ts";
import { isOlder } from "./version-order.ts";

/** Room for packages that can tell what it holds. */
export interface HashedStaging extends Staging {
  /** SHA-256 of some of its bytes; undefined while it is not done, asked again soon then; or a fault. */
  digest(offset: number, length: number): Uint8Array | number | undefined;
}

/** Where the image of a package lies in it, and what it is. */
export interface StagedImage {
  readonly offset: number;
  readonly manifest: Manifest;
}

/** What a device takes. */
export interface PackagePolicy {
  /** One of them has to have signed a package. */
  readonly keys: readonly PackageKey[];
  readonly vendor: string;
  readonly deviceClass: string;
  /** What runs: nothing older is taken. Undefined: any version is. */
  readonly version: string | undefined;
}

export class SignedStaging implements Staging, Verification {
  private readonly beneath: HashedStaging;
  private readonly policy: PackagePolicy;
  /** The beginning of a package whose envelope is not whole. */
  private head: Uint8Array = NO_BYTES;
  /** What is staged, which was judged. Not its envelope, whose signature would lie in memory for nothing. */
  private staged: StagedImage | undefined = undefined;
  private announced: number | undefined = undefined;

  constructor(beneath: HashedStaging, policy: PackagePolicy) {
    this.beneath = beneath;
    this.policy = policy;
  }

  begin(length: number | undefined): number {
    this.forget();
    this.announced = length;
    return this.beneath.begin(length);
  }

  append(bytes: Uint8Array): number {
    const staged = this.image();
    if (staged === undefined) {
      // What is there already, and was none of ours after all, has no use for more.
      return this.beneath.length() > 0 ? INTEGRITY_FAILED : this.appendHead(bytes);
    }
    const isTooLong = this.beneath.length() + bytes.length > lengthOf(staged);
    return isTooLong ? INTEGRITY_FAILED : this.beneath.append(bytes);
  }

  discard(): void {
    this.forget();
    this.beneath.discard();
  }

  length(): number {
    return this.beneath.length() + this.head.length;
  }

  read(offset: number, length: number): Uint8Array {
    return this.beneath.read(offset, length);
  }

  check(): Verdict | undefined {
    const staged = this.image();
    if (staged === undefined || this.beneath.length() !== lengthOf(staged)) return BROKEN;
    const { offset, manifest } = staged;
    const digest = this.beneath.digest(offset, manifest.size);
    if (digest === undefined) return undefined;
    if (typeof digest === "number") return { fault: digest };
    if (!equalBytes(digest, manifest.digest)) return BROKEN;
    return { fault: NO_FAULT, name: manifest.deviceClass, version: manifest.version };
  }

  /** What is staged, read and judged again after a restart; undefined when there is none, or none of ours. */
  image(): StagedImage | undefined {
    if (this.staged === undefined && this.beneath.length() > 0) {
      const length = Math.min(this.beneath.length(), LONGEST_ENVELOPE);
      const envelope = decodeEnvelope(this.beneath.read(0, length));
      const isThere = envelope !== undefined && !isMalformed(envelope);
      if (isThere && this.judge(envelope) === NO_FAULT) this.staged = imageOf(envelope);
    }
    return this.staged;
  }

  private appendHead(bytes: Uint8Array): number {
    const head = new Uint8Array(this.head.length + bytes.length);
    head.set(this.head, 0);
    head.set(bytes, this.head.length);
    this.head = head;
    const envelope = decodeEnvelope(head);
    if (envelope === undefined) return head.length > LONGEST_ENVELOPE ? INTEGRITY_FAILED : NO_FAULT;
    if (isMalformed(envelope)) {
      return envelope.fault === "package/other" ? UNSUPPORTED_TYPE : INTEGRITY_FAILED;
    }
    const staged = imageOf(envelope);
    const length = lengthOf(staged);
    const isSame = this.announced === undefined || this.announced === length;
    const fault = isSame && head.length <= length ? this.judge(envelope) : INTEGRITY_FAILED;
    if (fault !== NO_FAULT) return fault;
    const room = this.announced === undefined ? this.beneath.begin(length) : NO_FAULT;
    if (room !== NO_FAULT) return room;
    this.staged = staged;
    this.head = NO_BYTES;
    return this.beneath.append(head);
  }

  private judge(envelope: Envelope): number {
    const { manifest, algorithm, signed, signature } = envelope;
    const { keys, vendor, deviceClass, version } = this.policy;
    if (!isSigned(keys, algorithm, signed, signature)) return INTEGRITY_FAILED;
    const isOurs = manifest.vendor === vendor && manifest.deviceClass === deviceClass;
    const isNew = version === undefined || !isOlder(manifest.version, version);
    return isOurs && isNew ? NO_FAULT : UNSUPPORTED_TYPE;
  }

  private forget(): void {
    this.head = NO_BYTES;
    this.staged = undefined;
    this.announced = undefined;
  }
}

function imageOf(envelope: Envelope): StagedImage {
  return { offset: envelope.length, manifest: envelope.manifest };
}

/** Bytes of a package. */
function lengthOf(image: StagedImage): number {
  return image.offset + image.manifest.size;
}

const BROKEN: Verdict = { fault: INTEGRITY_FAILED };

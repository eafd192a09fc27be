/** What a connector may be told, and what it does untold. */
import type { CoapSettings } from "../protocol/coap/coap-endpoint.ts";
import {
  DEFAULT_TRANSMISSION,
  maxTransmitSpan,
  maxTransmitWait,
} from "../protocol/coap/parameters.ts";
import type { Random } from "../protocol/ports.ts";
import type { BootstrapSettings } from "./bootstrap/bootstrap-server.ts";
import type { RegistrySettings } from "./registry/registry.ts";
import type { SessionSettings } from "./session/sessions.ts";

export interface ConnectorSettings {
  readonly coap: CoapSettings;
  readonly registry: RegistrySettings;
  readonly session: SessionSettings;
  /** Absent: the connector is no Bootstrap-Server, and its paths are 4.04. */
  readonly bootstrap?: BootstrapSettings | undefined;
  /** Transport addresses conversed with at once. */
  readonly maxPeers: number;
}

/** Settings for 100,000 devices. */
export function defaultSettings(random: Random): ConnectorSettings {
  const transmission = DEFAULT_TRANSMISSION;
  return {
    coap: {
      random,
      transmission,
      blockSize: 1024,
      maxBody: 65536,
      rememberedMessages: 16,
      maxRequests: 16,
      longestToken: 128,
      // Eight blocks of 1024 bytes at once, with room for options.
      longestMessage: 8704,
    },
    registry: {
      random,
      maxRegistrations: 100_000,
      maxLinkText: 128 << 20,
      expiryGrace: maxTransmitSpan(transmission),
      maxProfiles: 1000,
      maxProfileText: 4 << 20,
    },
    session: {
      maxQueued: 20,
      maxObservations: 100,
      maxQueuedBytes: 64 << 20,
      awakeFor: maxTransmitWait(transmission),
      wakesBy: "any-message",
      takesSendOf: "any-version",
      followsBy: "notification",
    },
    maxPeers: 120_000,
  };
}

/**
 * Audio Clip (3339), version 1.0 of the OMA registry.
 */
import { EXECUTE, FLOAT, MANDATORY, NONE, OPAQUE, READ, STRING, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import { APPLICATION_TYPE, CLIP, DURATION, LEVEL, TRIGGER } from "./ipso-resources.ts";

export const AUDIO_CLIP: ObjectDefinition = {
  id: 3339,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    CLIP, OPAQUE | READ | WRITE | MANDATORY,
    TRIGGER, NONE | EXECUTE,
    DURATION, FLOAT | READ | WRITE,
    LEVEL, FLOAT | READ | WRITE,
    APPLICATION_TYPE, STRING | READ | WRITE,
  ]),
};

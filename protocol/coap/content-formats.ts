/** Content-Format numbers (IANA CoRE registry) that LwM2M uses. */

export const TEXT = 0;
export const LINK_FORMAT = 40;
export const OCTET_STREAM = 42;
export const JSON_FORMAT = 50;
export const CBOR = 60;
export const SENML_JSON = 110;
export const SENML_CBOR = 112;
export const SENML_ETCH_JSON = 320;
export const SENML_ETCH_CBOR = 322;
/** Number of LWM2M_JSON before it was registered. */
export const OLD_LWM2M_JSON = 1543;
export const TLV = 11542;
export const LWM2M_JSON = 11543;
export const LWM2M_CBOR = 11544;

/** JSON as a type. */
export type JsonScalar = string | number | boolean | null;
export type Json = JsonScalar | readonly Json[] | { readonly [name: string]: Json };

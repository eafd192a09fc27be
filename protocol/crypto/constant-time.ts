/** Whether two secrets are the same, in a time that does not tell where they differ; only their lengths are no secret. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let differences = 0;
  for (let i = 0; i < a.length; i++) differences |= a[i] ^ b[i];
  return differences === 0;
}

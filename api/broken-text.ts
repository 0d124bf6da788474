/**
 * Finds a text, or the name of a property, that Postgres and UTF-8 cannot hold: JSON can spell U+0000 and halves of surrogate
 * pairs.
 *
 * @param where what the value is called
 * @returns where it is, as a path; of a property with such a name, its parent's
 */
export function findBrokenText(value: unknown, where: string): string | undefined {
  if (typeof value === 'string') return isBroken(value) ? where : undefined;
  // Bytes are no text.
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = isBroken(key) ? where : findBrokenText(inner, `${where}/${key}`);
    if (found) return found;
  }
  return undefined;
}

const isBroken = (text: string): boolean => text.includes('\0') || !text.isWellFormed();

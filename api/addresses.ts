/** What of a text is an address, however people separate them: they paste from mail programs, spreadsheets and lists. */

/** Longer than any address: the rest only says that it is none. */
const longest = 300;

/**
 * The addresses in a text, in their order. Lines, commas, semicolons and tabs separate entries; of an entry with names in it
 * only what has an @ counts (`Ada Lovelace <ada@example.com>`). An entry without any is kept as it is: somebody meant it
 * to be one, and should be told.
 */
export function addressesIn(text: string): string[] {
  return text.split(/[\n\r,;\t]+/).flatMap((entry) => {
    const words = entry.split(/[\s<>()[\]"|]+/).filter((word) => word !== '');
    const addresses = words.filter((word) => word.includes('@'));
    const found = addresses.length > 0 ? addresses : words.length > 0 ? [entry.trim()] : [];
    return found.map((word) =>
      word
        .replace(/^mailto:/i, '')
        .replace(/[.:]+$/, '')
        .slice(0, longest),
    );
  });
}

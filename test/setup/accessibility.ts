import axe, { type AxeResults, type RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * The rules that ask for colours: they do for a page that all rules have seen in the same width, when only the colour
 * scheme is another, by which style sheets change nothing but colours.
 */
export const rulesOfColours = ['color-contrast', 'link-in-text-block'];

/**
 * What axe finds wrong with a page as it is shown now, and what it cannot decide.
 *
 * @param runOnly ids of rules, or tags of them; all by default
 */
export async function accessibilityFaults(page: Page, runOnly?: string[]): Promise<string[]> {
  // Once a page: to load it costs more than to run it.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe.source);
  const options: RunOptions = {
    resultTypes: ['violations', 'incomplete'],
    // A frame without rights lets nobody look into it; what it shows is looked at by itself.
    iframes: false,
    rules: { 'frame-tested': { enabled: false } },
    ...(runOnly ? { runOnly } : {}),
  };
  const { violations, incomplete } = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
  return [...violations, ...incomplete].flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
  );
}

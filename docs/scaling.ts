import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { goalsTable, type Results } from '../bench/goals.ts';
import { capacity, costs, validation } from '../bench/model/model.ts';
import { markdown, picture, type Scenario, scenarioMarkdown } from '../bench/report.ts';
import { resultsOf } from '../bench/results.ts';

/** The page whose figures come from results: each part stands between two comments. */
export const page = path.join(import.meta.dirname, 'scaling.md');
/** What was measured, as `npm run bench` keeps it. */
export const results = path.join(import.meta.dirname, '../bench/results');

const scenario = (of: Scenario | undefined) => of && scenarioMarkdown(of);
const figures: Record<string, (results: Results) => string | undefined> = {
  goals: goalsTable,
  compare: ({ compare }) => compare && markdown(compare),
  lists: ({ lists }) => scenario(lists),
  pages: ({ pages }) => scenario(pages),
  growth: ({ growth }) => scenario(growth),
  burst: ({ burst }) => scenario(burst),
  wake: ({ wake }) => scenario(wake),
  soak: ({ soak }) => scenario(soak),
  batch: ({ batch }) => scenario(batch),
  profile: ({ profile }) => scenario(profile),
  csv: ({ csv }) => scenario(csv),
  costs,
  capacity,
  validation,
};

/** The page with the figures of these results; of what has none it says so. @throws Error for a part that is not known */
export const withFigures = (text: string, of: Results): string =>
  text.replace(/(<!-- figures: (\w+) -->\n)[\s\S]*?(<!-- end of figures -->)/g, (_, before, name, after) => {
    const show = figures[name];
    if (!show) throw new Error(`There are no figures of the name ${name}.`);
    return `${before}\n${show(of)?.trim() ?? 'Not measured yet.'}\n\n${after}`;
  });

if (import.meta.main) {
  const found = await resultsOf(results);
  await writeFile(page, withFigures(await readFile(page, 'utf8'), found));
  if (found.compare)
    await writeFile(path.join(import.meta.dirname, 'images/compare.svg'), await picture(found.compare));
}

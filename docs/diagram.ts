import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { invitationChart } from '../statecharts/invitation.ts';
import { mermaidOf } from '../statecharts/mermaid.ts';

/** Where the drawn chart stands: between two comments of this page. */
export const page = path.join(import.meta.dirname, 'how-it-works.md');
const markers = /(<!-- chart: npm run docs:diagram -->\n)[\s\S]*?(<!-- end of chart -->)/;

/** A page with the chart as it is now. @throws Error when the page has no place for it */
export function withDiagram(text: string): string {
  if (!markers.test(text)) throw new Error(`${page} has lost the comments between which the chart stands.`);
  return text.replace(markers, `$1\n\`\`\`mermaid\n${mermaidOf(invitationChart)}\`\`\`\n\n$2`);
}

if (import.meta.main) await writeFile(page, withDiagram(await readFile(page, 'utf8')));

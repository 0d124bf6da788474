import { english, type Words } from '../languages/words.ts';
import { type Problem, type ProblemCode, problems } from './problem.ts';

/** Those that people meet on the pages of invitees, who are told in their language; all others are of the console. */
const told = [
  'form_expired',
  'not_found',
  'invalid_request',
  'too_large',
  'too_slow',
  'engine_unreachable',
  'database_unreachable',
  'internal',
] as const satisfies ProblemCode[];

/** What a page says of a problem, which programs read in English. */
export function problemWords(words: Words, problem: Problem): { title: string; detail: string } {
  const { code, detail = '', status, headers } = problem;
  if (code === 'rate_limited') {
    const when = words.inMinutes(Math.ceil(Number(headers['retry-after'] ?? 60) / 60));
    return {
      title: words.text('problem.rate_limited.title'),
      detail: words.text('problem.rate_limited.detail', { when }),
    };
  }
  const isEnglish = words.language === english.language;
  const known = told.find((one) => one === code) ?? (status >= 500 ? 'internal' : 'invalid_request');
  if (isEnglish && known !== code) return { title: problems[code].title, detail };
  return { title: words.text(`problem.${known}.title`), detail: words.text(`problem.${known}.detail`) };
}

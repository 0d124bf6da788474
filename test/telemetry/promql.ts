/** What is read of PromQL, strictly: what is not known here is refused, so that nothing is passed over. */

const token =
  /\s+|("(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?(?:ms|[smhdwy])?|[a-zA-Z_:][\w:]*|=~|!~|[!=<>]=|[-+*/%^<>=(){}[\],])/y;
const groupings = ['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'];
const operators = ['and', 'or', 'unless', 'bool', 'offset'];
const functions = ['rate', 'increase', 'histogram_quantile', 'absent', 'min_over_time', 'max_over_time'];
const aggregations = ['sum', 'min', 'max', 'avg', 'count', 'topk', 'quantile'];

export interface Query {
  /** Every metric that it reads, with the labels that it asks for. */
  metrics: { name: string; labels: string[] }[];
  /** Labels that it groups by. */
  groups: string[];
}

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < expression.length) {
    const at = token.lastIndex;
    const found = token.exec(expression);
    if (!found) throw new Error(`cannot be read from here: ${expression.slice(at)}`);
    if (found[1] !== undefined) tokens.push(found[1]);
  }
  return tokens;
}

const isName = (text: string | undefined): text is string => text !== undefined && /^[a-zA-Z_:]/.test(text);

/** Reads an expression. @throws for what it does not know */
export function readQuery(expression: string): Query {
  const tokens = tokensOf(expression);
  const query: Query = { metrics: [], groups: [] };
  const open: string[] = [];
  const take = (wanted?: string): string => {
    const next = tokens.shift();
    if (next === undefined || (wanted !== undefined && next !== wanted))
      throw new Error(`${wanted ?? 'more'} expected, not ${next}, in ${expression}`);
    return next;
  };
  /** Takes a list in brackets, its first taken already. */
  const list = (end: string, each: () => void) => {
    while (tokens[0] !== end) {
      each();
      if (tokens[0] !== end) take(',');
    }
    take(end);
  };
  while (tokens.length > 0) {
    const next = take();
    if (!isName(next)) {
      const closing = { '(': ')', '[': ']' }[next];
      if (closing) open.push(closing);
      if ((next === ')' || next === ']') && open.pop() !== next) throw new Error(`brackets of ${expression}`);
      if (next === '{' || next === '}') throw new Error(`a selector without a metric in ${expression}`);
    } else if (groupings.includes(next)) {
      take('(');
      list(')', () => query.groups.push(take()));
    } else if (tokens[0] === '(' || (aggregations.includes(next) && groupings.includes(tokens[0]!))) {
      if (![...functions, ...aggregations].includes(next)) throw new Error(`no function known as ${next}`);
    } else if (!operators.includes(next)) {
      const metric = { name: next, labels: [] as string[] };
      query.metrics.push(metric);
      if (tokens[0] !== '{') continue;
      take('{');
      list('}', () => {
        metric.labels.push(take());
        if (!['=', '!=', '=~', '!~'].includes(take())) throw new Error(`a label without a comparison in ${expression}`);
        if (!take().startsWith('"')) throw new Error(`a label without a value in ${expression}`);
      });
    }
  }
  if (open.length > 0) throw new Error(`brackets of ${expression}`);
  return query;
}

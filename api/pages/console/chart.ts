import { html } from 'hono/html';
import type { OutlinedState } from '../../../statecharts/outline.ts';
import type { Html } from '../layout.ts';

/** How the chart's names read. */
const words = (name: string) => name.replace(/^after /, '').replaceAll('_', ' ');

const arrow = (back?: 'back') =>
  html`<svg class="arrow${back ? ' back' : ''}" viewBox="0 0 32 12" width="32" height="12" aria-hidden="true" focusable="false"><path d="M0 6h29m-6-5 6 5-6 5"/></svg>`;

const stateName = ({ name, isPresent }: OutlinedState): Html =>
  html`<span class="state-name">${words(name)}</span>${isPresent ? html`<span class="visually-hidden"> (it is here)</span>` : null}`;

/** Where the events lead to which a state inside takes itself. */
const leadsOf = ({ leads }: OutlinedState): Html | null => {
  const targets = [...new Set(leads.map(({ to }) => to))];
  return leads.length === 0
    ? null
    : html`<ul class="leads plain">${targets.map(
        (to) =>
          html`<li>${[...new Set(leads.flatMap((lead) => (lead.to === to ? [words(lead.on)] : [])))].join(', ')} ${arrow()}<span class="visually-hidden"> leads to </span> ${words(to)}</li>`,
      )}</ul>`;
};

/**
 * An invitation's chart, from its own definition, with where it stands marked: the state in which everything happens with those
 * inside it, and an arrow to each of those it can end in, by the event that leads there, and back where one does.
 */
export function chartDrawing(outline: readonly OutlinedState[]): Html {
  const roots = outline.filter(({ depth }) => depth === 0);
  const from = roots[0]!;
  const inside = outline.filter(
    ({ depth }, i) => depth > 0 && outline.findLastIndex((s, j) => j < i && s.depth === 0) === outline.indexOf(from),
  );
  const ends = roots.slice(1);
  const ways = new Map(ends.map((end) => [end.name, from.leads.filter(({ to }) => to === end.name)]));
  const own = { ...from, leads: from.leads.filter(({ to }) => !ways.has(to)) };
  const present = (state: OutlinedState) => (state.isPresent ? ' is-present' : '');
  return html`
        <div class="chart">
          <div class="state whole${present(from)}">${stateName(from)}
            <ul class="plain substates">${inside.map(
              (state) => html`<li class="state${present(state)}">${stateName(state)}${leadsOf(state)}</li>`,
            )}</ul>${leadsOf(own)}
          </div>
          <ul class="plain ends">${ends.map(
            (end) => html`
            <li><span class="way">${ways
              .get(end.name)!
              .map(({ on }) => words(on))
              .join(
                ', ',
              )}${arrow()}<span class="visually-hidden"> leads to </span></span><span class="state${present(end)}">${stateName(end)}</span>${end.leads.map(
              ({ on, to }) =>
                html`<span class="way">${arrow('back')}${words(on)}<span class="visually-hidden"> leads back to ${words(to)}</span></span>`,
            )}</li>`,
          )}
          </ul>
        </div>`;
}

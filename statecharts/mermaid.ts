import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/**
 * Draws a chart as Mermaid text (stateDiagram-v2), from its own definition: every state with the actors it runs, every
 * transition with its event, delay and guard. A state that only routes is drawn as a choice. Transitions of a compound
 * state that stay inside it stand in a note beside it: as arrows Mermaid would draw them across its children.
 *
 * @see https://mermaid.js.org/syntax/stateDiagram.html
 */
export function mermaidOf(machine: AnyStateMachine): string {
  return ['stateDiagram-v2', ...inside(machine.root), ''].join('\n');
}

/** A name that is one word for Mermaid, and unlike any other state's. */
const nameOf = (node: AnyStateNode) => node.path.join('_');
export const childrenOf = (node: AnyStateNode) => Object.values(node.states) as AnyStateNode[];
export const transitionsOf = (node: AnyStateNode) => [...node.transitions.values(), node.always ?? []].flat();
/** Whether nothing ever stays in a state. */
export const onlyRoutes = (node: AnyStateNode): boolean => {
  const transitions = transitionsOf(node);
  return transitions.length > 0 && transitions.every((t) => t.eventType === '');
};
const indented = (lines: string[]) => lines.map((line) => `  ${line}`);

function inside(parent: AnyStateNode): string[] {
  const initial = parent.initial?.target[0];
  // Declared before the first arrow names it: else Mermaid takes a choice for a plain state.
  return indented([...childrenOf(parent).flatMap(drawn), ...(initial ? [`[*] --> ${nameOf(initial)}`] : [])]);
}

function drawn(node: AnyStateNode): string[] {
  const name = nameOf(node);
  const children = childrenOf(node);
  const transitions = transitionsOf(node);
  const staying = children.length > 0 ? transitions.filter((t) => !leaves(node, t)) : [];
  const runs = node.invoke.map((invoke) => `<br/>runs ${String(invoke.src)}`).join('');
  return [
    onlyRoutes(node) ? `state ${name} <<choice>>` : `state "${node.key}${runs}" as ${name}`,
    ...(children.length > 0 ? [`state ${name} {`, ...inside(node), '}'] : []),
    ...(staying.length > 0
      ? [`note left of ${name}`, ...indented(staying.map((t) => `${labelOf(t)} → ${outcomeOf(node, t)}`)), 'end note']
      : []),
    ...transitions
      .filter((t) => !staying.includes(t))
      .map((t) => [`${name} --> ${nameOf(targetOf(node, t))}`, labelOf(t)].filter(Boolean).join(': ')),
    ...(node.type === 'final' ? [`${name} --> [*]`] : []),
  ];
}

const targetOf = (from: AnyStateNode, { target }: AnyTransitionDefinition): AnyStateNode => target?.[0] ?? from;

function leaves(node: AnyStateNode, transition: AnyTransitionDefinition): boolean {
  const { path } = targetOf(node, transition);
  return !node.path.every((key, i) => path[i] === key);
}

/** Where a transition leads, in a word. */
export const outcomeOf = (node: AnyStateNode, transition: AnyTransitionDefinition): string => {
  const target = targetOf(node, transition);
  if (target !== node) return target.key;
  return transition.reenter ? 'anew' : 'stays';
};

const labelOf = ({ eventType, guard }: AnyTransitionDefinition): string =>
  [eventName(String(eventType)), guard ? `[${guardName(guard)}]` : ''].filter(Boolean).join(' ');

/** `xstate.after.expiry.invitation.pending` reads `after expiry`; a done actor `delivery done`; none for `always`. */
export const eventName = (type: string): string =>
  type
    .replace(/^xstate\.after\.([^.]+)\..*/, 'after $1')
    .replace(/^xstate\.done\.actor\.(.*)/, '$1 done')
    .replace(/^xstate\.error\.actor\.(.*)/, '$1 failed');

function guardName(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  const { type, params } = guard as { type: string; params?: unknown };
  return typeof params === 'string' ? `${type} ${params}` : type;
}

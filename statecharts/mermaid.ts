import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/**
 * Draws a chart as Mermaid text (stateDiagram-v2), from its own definition: every state, every transition with its event,
 * guard and actions, invoked actors as notes.
 *
 * @see https://mermaid.js.org/syntax/stateDiagram.html
 */
export function mermaidOf(machine: AnyStateMachine): string {
  return ['stateDiagram-v2', ...inside(machine.root, 1), ''].join('\n');
}

const indent = (depth: number) => '  '.repeat(depth);
/** A name that is one word for Mermaid, and unlike any other state's. */
const nameOf = (node: AnyStateNode) => node.path.join('_');

function inside(parent: AnyStateNode, depth: number): string[] {
  const children = Object.values(parent.states) as AnyStateNode[];
  const pad = indent(depth);
  return children.flatMap((node) => {
    const isInitial = parent.initial?.target[0] === node;
    return [
      ...(isInitial ? [`${pad}[*] --> ${nameOf(node)}`] : []),
      `${pad}state "${node.key}" as ${nameOf(node)}`,
      ...(Object.keys(node.states).length > 0
        ? [`${pad}state ${nameOf(node)} {`, ...inside(node, depth + 1), `${pad}}`]
        : []),
      ...node.invoke.map((invoke) => `${pad}note right of ${nameOf(node)}: runs ${String(invoke.src)}`),
      ...[...node.transitions.values()].flat().map((t) => arrow(node, t, pad)),
      ...(node.always ?? []).map((t) => arrow(node, t, pad)),
      ...(node.type === 'final' ? [`${pad}${nameOf(node)} --> [*]`] : []),
    ];
  });
}

function arrow(
  from: AnyStateNode,
  { target, guard, actions, eventType, reenter }: AnyTransitionDefinition,
  pad: string,
) {
  const to = (target?.[0] as AnyStateNode | undefined) ?? from;
  const names = actions.map((action) =>
    typeof action === 'string' ? action : String((action as { type: string }).type),
  );
  const label = [
    eventName(String(eventType)),
    guard ? `[${guardName(guard)}]` : '',
    names.length > 0 ? `/ ${names.join(', ')}` : '',
    reenter && to === from ? '(re-entering)' : '',
  ];
  const text = label.filter(Boolean).join(' ');
  return `${pad}${nameOf(from)} --> ${nameOf(to)}${text ? `: ${text}` : ''}`;
}

/** `xstate.after.expiry.invitation.pending` reads `after expiry`; a done actor `delivery done`; none for `always`. */
const eventName = (type: string): string =>
  type
    .replace(/^xstate\.after\.([^.]+)\..*/, 'after $1')
    .replace(/^xstate\.done\.actor\.(.*)/, '$1 done')
    .replace(/^xstate\.error\.actor\.(.*)/, '$1 failed');

function guardName(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  const { type, params } = guard as { type: string; params?: unknown };
  return typeof params === 'string' ? `${type} ${params}` : type;
}

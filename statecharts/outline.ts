import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from 'xstate';
import { childrenOf, eventName, onlyRoutes, outcomeOf, transitionsOf } from './mermaid.ts';

/** A state as a line of an outline. */
export interface OutlinedState {
  name: string;
  /** How many states it is in. */
  depth: number;
  isPresent: boolean;
  /** Each event it takes by itself, with where that leads. */
  leads: { on: string; to: string }[];
}

/** A chart's states, each below the one it is in, from its own definition. Those that only route are left out. */
export function outlineOf(machine: AnyStateMachine, present?: AnyMachineSnapshot): OutlinedState[] {
  const isPresent = new Set<AnyStateNode>(present?._nodes ?? []);
  const outlined = (node: AnyStateNode, depth: number): OutlinedState[] => {
    if (onlyRoutes(node)) return [];
    const leads = transitionsOf(node).map((t) => ({ on: eventName(String(t.eventType)), to: outcomeOf(node, t) }));
    const once = [...new Map(leads.map((lead) => [`${lead.on} ${lead.to}`, lead])).values()];
    return [
      { name: node.key, depth, isPresent: isPresent.has(node), leads: once },
      ...childrenOf(node).flatMap((child) => outlined(child, depth + 1)),
    ];
  };
  return childrenOf(machine.root).flatMap((node) => outlined(node, 0));
}

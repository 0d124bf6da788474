import { ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';

/**
 * Reduces what an activity throws to a code before Temporal stores it: the text of a database's or a provider's error
 * can quote addresses.
 */
export const reducedFailures = (): ActivityInterceptors => ({
  inbound: {
    async execute(input, next) {
      try {
        return await next(input);
      } catch (error) {
        if (error instanceof TemporalFailure || error instanceof CancelledFailure) throw error;
        const { code, name } = error as { code?: unknown; name?: unknown };
        const type = typeof code === 'string' && /^\w{1,40}$/.test(code) ? code : String(name ?? 'Error');
        throw ApplicationFailure.create({ type, message: `an activity failed: ${type}` });
      }
    },
  },
});

import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/**
 * Ends a local activity whose `scheduleToCloseTimeout` has passed. The SDK (1.24) does so only while an attempt runs: a
 * time-out between two attempts is forgotten, and one that fails fast would be repeated for ever, its workflow task held.
 */
export const localDeadline: ActivityInterceptorsFactory = ({ info }) => ({
  inbound: {
    async execute(input, next) {
      const { isLocal, scheduledTimestampMs, scheduleToCloseTimeoutMs } = info;
      if (isLocal && scheduleToCloseTimeoutMs > 0 && Date.now() - scheduledTimestampMs > scheduleToCloseTimeoutMs)
        throw ApplicationFailure.nonRetryable('the time for local attempts is over', 'local_attempts_over');
      return next(input);
    },
  },
});

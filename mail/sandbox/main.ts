import { pino } from 'pino';
import { ConfigError } from '../../config.ts';
import { type SandboxOptions, startSandbox } from './sandbox.ts';

/**
 * Reads what the sandbox needs to run as a process of its own.
 *
 * @throws ConfigError naming the first bad variable and what it should be
 */
function readSandboxConfig(env: Record<string, string | undefined>): SandboxOptions {
  const port = Number(env.USHER_SANDBOX_PORT || '8025');
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new ConfigError('USHER_SANDBOX_PORT is not a port (0 to 65535).');
  const dir = env.USHER_SANDBOX_DIR;
  if (!dir) throw new ConfigError('USHER_SANDBOX_DIR is not set: give it a folder in which to keep messages.');
  const webhookUrl = env.USHER_SANDBOX_WEBHOOK_URL || null;
  if (webhookUrl !== null && !/^https?:\/\//.test(webhookUrl)) {
    throw new ConfigError("USHER_SANDBOX_WEBHOOK_URL is not the http(s) URL of Usher's /webhooks/postmark.");
  }
  return { host: env.USHER_SANDBOX_HOST || '127.0.0.1', port, dir, settings: { webhookUrl } };
}

const logger = pino();
try {
  const sandbox = await startSandbox({ ...readSandboxConfig(process.env), logger });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => sandbox.close());
} catch (error) {
  logger.fatal((error as Error).message);
  process.exitCode = 1;
}

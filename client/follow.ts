import { EventSourceParserStream } from 'eventsource-parser/stream';

/** How soon a lost connection is made anew, ms. */
const againMs = 2_000;

/**
 * What something is now, and whenever it has changed: by server-sent events, or, where something on the way does not let them
 * pass, by asking now and then. A connection that is lost is made anew.
 *
 * @param ask makes the request that such an answer comes to
 * @param isLast whether no more will come
 * @param silenceMs how long a connection may be without a word: Usher says something more often
 * @throws what `ask` throws, and the reason of an aborted signal
 */
export async function* follow<T>(
  ask: () => Promise<Response>,
  isLast: (body: T) => boolean,
  signal: AbortSignal | undefined,
  silenceMs = 45_000,
): AsyncGenerator<T> {
  for (;;) {
    const response = await ask();
    const bodies = response.headers.get('content-type')?.startsWith('text/event-stream')
      ? eventsOf<T>(response.body!, signal, silenceMs)
      : [(await response.json()) as T];
    for await (const body of bodies) {
      yield body;
      if (isLast(body)) return;
    }
    await pause(signal);
  }
}

/** The events of an answer, until it ends or breaks off, or nothing has come for a while: not every end is told to both sides. */
async function* eventsOf<T>(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
  silenceMs: number,
): AsyncGenerator<T> {
  let silence: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  // A connection that has broken off cannot be ended, and says so.
  const end = () => reader.cancel().catch(() => undefined);
  const heard = () => {
    clearTimeout(silence);
    // While it is ended, some more may come.
    if (!isOver) silence = setTimeout(end, silenceMs);
  };
  const reader = stream
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(
      new TransformStream<string, string>({
        transform(chunk, controller) {
          heard();
          controller.enqueue(chunk);
        },
      }),
    )
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  heard();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield JSON.parse(value.data) as T;
    }
  } catch (error) {
    if (signal?.aborted || error instanceof SyntaxError) throw error;
  } finally {
    isOver = true;
    clearTimeout(silence);
    await end();
  }
}

const pause = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const give = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', give);
      resolve();
    }, againMs);
    if (signal?.aborted) give();
    else signal?.addEventListener('abort', give, { once: true });
  });

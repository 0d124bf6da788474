import { EventSourceParserStream } from 'eventsource-parser/stream';

/** How long a connection may be without a word, ms: Usher says something more often. */
const silenceMs = 45_000;
/** How soon a lost connection is made anew, ms. */
const againMs = 2_000;

/**
 * What something is now, and whenever it has changed: by server-sent events, or, where something on the way does not let them
 * pass, by asking now and then. A connection that is lost is made anew.
 *
 * @param ask makes the request that such an answer comes to
 * @param isLast whether no more will come
 * @throws what `ask` throws, and the reason of an aborted signal
 */
export async function* follow<T>(
  ask: () => Promise<Response>,
  isLast: (body: T) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  for (;;) {
    const response = await ask();
    const bodies = response.headers.get('content-type')?.startsWith('text/event-stream')
      ? eventsOf<T>(response.body!, signal)
      : [(await response.json()) as T];
    for await (const body of bodies) {
      yield body;
      if (isLast(body)) return;
    }
    await pause(signal);
  }
}

/** The events of an answer, until it ends or breaks off, or nothing has come for a while: not every end is told to both sides. */
async function* eventsOf<T>(stream: ReadableStream<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  let silence: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => void reader.cancel(), silenceMs);
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
    clearTimeout(silence);
    await reader.cancel().catch(() => undefined);
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

import createClient from 'openapi-fetch';
import type {
  FilterKeys,
  HttpMethod,
  IsOperationRequestBodyOptional,
  OperationRequestBodyContent,
  PathsWithMethod,
  RequiredKeysOf,
  SuccessResponse,
} from 'openapi-typescript-helpers';
import { UsherUnreachable } from './errors.ts';
import { follow } from './follow.ts';
import type { paths } from './openapi.ts';
import { createRepeatingFetch, type Patience } from './repeating-fetch.ts';

export { UsherProblem, UsherUnreachable } from './errors.ts';
export type * from './openapi.ts';

export interface UsherOptions extends Patience {
  /** Where Usher is, such as `https://usher.example.com`. */
  url: string;
  /** An API key (`usher_sk_…`), or a person's bearer token. */
  apiKey: string;
}

export interface CallOptions {
  /** What all repeats of the request are known by. @default a new one for each call */
  idempotencyKey?: string;
  /** Gives the call up. What it asked for may still take effect. */
  signal?: AbortSignal;
}

type Operation<Path extends keyof paths, Method extends HttpMethod> = FilterKeys<paths[Path], Method>;

/** A part of the request, required if something in it is. */
type Part<T, Name extends string> = T extends { parameters: { [K in Name]?: infer P } }
  ? [NonNullable<P>] extends [never]
    ? { [K in Name]?: never }
    : RequiredKeysOf<NonNullable<P>> extends never
      ? { [K in Name]?: NonNullable<P> }
      : { [K in Name]: NonNullable<P> }
  : object;
type Body<T> = [NonNullable<OperationRequestBodyContent<T>>] extends [never]
  ? { body?: never }
  : IsOperationRequestBodyOptional<T> extends true
    ? { body?: OperationRequestBodyContent<T> }
    : { body: OperationRequestBodyContent<T> };
type Input<T> = Part<T, 'path'> & Part<T, 'query'> & Body<T> & CallOptions;
type Rest<T> = RequiredKeysOf<Input<T>> extends never ? [input?: Input<T>] : [input: Input<T>];
type Output<T> = T extends { responses: infer R extends Record<number, unknown> } ? SuccessResponse<R> : never;

type Call<Method extends HttpMethod> = <Path extends PathsWithMethod<paths, Method>>(
  path: Path,
  ...rest: Rest<Operation<Path, Method>>
) => Promise<Output<Operation<Path, Method>>>;

/** Paths of lists that have a cursor. */
type ListPath = {
  [Path in PathsWithMethod<paths, 'get'>]: Output<Operation<Path, 'get'>> extends { cursor: string | null }
    ? Path
    : never;
}[PathsWithMethod<paths, 'get'>];
type Item<Path extends ListPath> = Output<Operation<Path, 'get'>> extends { items: (infer TItem)[] } ? TItem : never;

/** Paths of what tells by server-sent events how it comes along. */
type FollowPath = '/v1/invitation-batches/{id}';

/**
 * Usher's API, by the paths of its documentation: each call resolves to the body of the answer.
 *
 * @throws UsherProblem when Usher refuses; UsherUnreachable when it does not answer, however often it is asked
 */
export interface Usher {
  get: Call<'get'>;
  post: Call<'post'>;
  patch: Call<'patch'>;
  delete: Call<'delete'>;
  /**
   * What a batch is now, and again whenever it has come further, until it is finished. A connection that is lost is made anew.
   */
  follow<Path extends FollowPath>(
    path: Path,
    ...rest: Rest<Operation<Path, 'get'>>
  ): AsyncIterable<Output<Operation<Path, 'get'>>>;
  /** Every item of a list, asked for page by page as they are taken. `query.limit` is the length of a page. */
  list<Path extends ListPath>(path: Path, ...rest: Rest<Operation<Path, 'get'>>): AsyncIterable<Item<Path>>;
}

/** What `Rest` holds, as the functions below see it. */
type AnyInput = CallOptions & { path?: object; query?: object; body?: unknown };

/** How a request is made, whatever the path. */
type Ask = (method: HttpMethod, path: string, init: object) => Promise<{ response: Response }>;

/** @throws TypeError for an address that is none */
export function createUsher({ url, apiKey, ...patience }: UsherOptions): Usher {
  if (!/^https?:$/.test(new URL(url).protocol)) throw new TypeError(`${url} is not the address of an Usher: https://…`);
  const client = createClient<paths>({
    baseUrl: url.replace(/\/+$/, ''),
    headers: { authorization: `Bearer ${apiKey}` },
    // Elsewhere than at the address given, the key has no business.
    redirect: 'error',
    fetch: createRepeatingFetch(patience),
  });

  // The types are those of `Usher`: here they would only be said once more, and are too many.
  const request = client.request as unknown as Ask;

  const ask = async (method: HttpMethod, path: string, input: AnyInput, accept?: string): Promise<Response> => {
    const { path: inPath, query, body, idempotencyKey = crypto.randomUUID(), signal } = input;
    const { response } = await request(method, path, {
      params: { path: inPath, query },
      parseAs: 'stream',
      headers: {
        ...(method === 'get' ? {} : { 'idempotency-key': idempotencyKey }),
        ...(typeof body === 'string' ? { 'content-type': 'text/csv' } : {}),
        ...(accept ? { accept } : {}),
      },
      ...(body === undefined ? {} : { body, bodySerializer: typeof body === 'string' ? String : JSON.stringify }),
      ...(signal ? { signal } : {}),
    });
    const type = response.headers.get('content-type') ?? '';
    if (['application/json', 'text/csv', 'text/event-stream'].some((ours) => type.startsWith(ours))) return response;
    throw new UsherUnreachable(`What answers at ${url} is not Usher`);
  };

  const call = async (method: HttpMethod, path: string, input: AnyInput = {}): Promise<unknown> => {
    const response = await ask(method, path, input);
    return response.headers.get('content-type')!.startsWith('application/json') ? response.json() : response.text();
  };

  const usher = {
    get: (path: string, input?: AnyInput) => call('get', path, input),
    post: (path: string, input?: AnyInput) => call('post', path, input),
    patch: (path: string, input?: AnyInput) => call('patch', path, input),
    delete: (path: string, input?: AnyInput) => call('delete', path, input),
    follow: (path: string, input: AnyInput) =>
      follow(
        () => ask('get', path, input, 'text/event-stream, application/json;q=0.5'),
        ({ finishedAt }: { finishedAt: string | null }) => finishedAt !== null,
        input.signal,
      ),
    async *list(path: string, input: AnyInput = {}) {
      const { query, ...rest } = input;
      let cursor: string | null | undefined;
      do {
        const paged = { ...rest, query: { ...query, ...(cursor ? { cursor } : {}) } };
        const page = (await call('get', path, paged)) as { items: never[]; cursor: string | null };
        yield* page.items;
        cursor = page.cursor;
      } while (cursor);
    },
  };
  return usher as unknown as Usher;
}

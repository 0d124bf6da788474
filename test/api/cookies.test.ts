import cookie from '@fastify/cookie';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { createCookies } from '../../api/cookies.ts';
import { newId } from '../../db/ids.ts';

const id = newId('inv');
const login = { state: 'a-state-of-more-than-16', nonce: 'n', codeVerifier: 'v', invitation: id };

/** An app that sets every cookie at `/`, and tells at `/login` what it remembers of a sign-in. */
async function app(publicUrl: string) {
  const cookies = createCookies(publicUrl);
  const server = Fastify();
  await server.register(cookie, { secret: 'secret'.repeat(6) });
  server.get('/', (request, reply) => {
    cookies.setSession(reply, 'session', new Date(Date.now() + 60_000));
    cookies.setLink(request, reply, id, 'token');
    cookies.setLogin(request, reply, login);
    cookies.setProvider(reply, 'main');
    return reply.send('');
  });
  server.get('/login', (request) => cookies.login(request, (request.query as { state: string }).state) ?? {});
  const set = async () => [(await server.inject('/')).headers['set-cookie'] ?? []].flat();
  return { server, set };
}

test('over https every cookie is of this host alone and travels encrypted only', async () => {
  const { set } = await app('https://usher.example');
  const lines = await set();
  expect(lines).toHaveLength(4);
  for (const line of lines) {
    expect(line).toMatch(/^__Host-usher_[\w-]+=[^;]+; .*Path=\/;.* HttpOnly; Secure; SameSite=Lax$/);
    expect(line).not.toContain('Domain');
  }
});

test('over http, which is for local use, its name carries the port instead', async () => {
  const { set } = await app('http://localhost:4400');
  for (const line of await set()) {
    expect(line).toMatch(/^usher_4400_/);
    expect(line).not.toContain('Secure');
  }
});

test('what is remembered for a sign-in is read for its own state alone, and not when somebody has changed it', async () => {
  const { server, set } = await app('https://usher.example');
  const [pair] = (await set()).find((line) => line.includes('_login_'))!.split(';');
  const read = async (state: string, header = pair!) =>
    (await server.inject({ url: `/login?state=${state}`, headers: { cookie: header } })).json();
  expect(await read(login.state)).toEqual(login);
  expect(await read(`${login.state.slice(0, 16)}-another`)).toEqual({});
  expect(
    await read(
      login.state,
      pair!.replace(/=(.)/, (_, first) => `=${first === 'a' ? 'b' : 'a'}`),
    ),
  ).toEqual({});
});

import { describe, expect, it } from 'vitest';
import { ask, message, postmark, sandbox, sentTo } from './with-sandbox.ts';

const attack = '<script>alert(1)</script><img src="http://127.0.0.1:9/pixel">';
const page = async (url: string) => {
  const response = await fetch(url);
  return {
    status: response.status,
    policy: response.headers.get('content-security-policy')!,
    text: await response.text(),
  };
};

describe('the inbox page', () => {
  it('says so when there is nothing yet', async () => {
    const { url } = await sandbox();
    expect((await page(url)).text).toContain('No messages yet');
  });

  it('shows the newest messages first, fifty at a time, and those of one recipient', async () => {
    const { url } = await sandbox();
    const letters = Array.from({ length: 60 }, (_, i) => ({
      From: 'a@usher.example',
      To: i < 55 ? 'grace@navy.example' : 'alan@bletchley.example',
      Subject: `No. ${i}.`,
      TextBody: 'Hello',
    }));
    await ask('POST', `${url}/email/batch`, letters);
    const subjects = (text: string) => [...text.matchAll(/No\. (\d+)\./g)].map((match) => Number(match[1]));
    const first = (await page(url)).text;
    expect(subjects(first)).toEqual(Array.from({ length: 50 }, (_, i) => 59 - i));
    const older = /href="(\/\?before=\d+)"/.exec(first)![1];
    expect(subjects((await page(url + older)).text)).toEqual(Array.from({ length: 10 }, (_, i) => 9 - i));
    expect(subjects((await page(`${url}/?recipient=BLETCHLEY`)).text)).toEqual([59, 58, 57, 56, 55]);
    expect((await page(`${url}/?recipient=nobody`)).text).toContain('Nothing found');
  });

  it('shows what came in an email as text', async () => {
    const { url } = await sandbox();
    await postmark({ url }).send(message({ subject: attack, html: attack, text: attack, kind: '<b>' }));
    const [{ MessageID }] = (await sentTo(url, 'grace@navy.example')).Messages;
    for (const path of ['/', `/?recipient=${encodeURIComponent('"><script>')}`, `/inbox/${MessageID}`]) {
      const { text, policy } = await page(url + path);
      expect(text).not.toMatch(/<script|<img|<b>/);
      expect(policy).toMatch(/^default-src 'none';/);
      expect(policy).not.toContain('unsafe');
    }
  });

  it('knows no message that is not there', async () => {
    const { url } = await sandbox();
    for (const path of ['/inbox/none', '/inbox/none/html']) expect((await page(url + path)).status).toBe(404);
  });
});

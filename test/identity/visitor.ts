interface Page {
  url: URL;
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the app answers is for the test to check
  json: any;
}

/** The text of an attribute. */
const textOf = (escaped: string) =>
  escaped.replace(
    /&(quot|#39|lt|gt|amp);/g,
    (_, name) => ({ quot: '"', '#39': "'", lt: '<', gt: '>', amp: '&' })[name as 'lt'],
  );

interface Cookie {
  name: string;
  value: string;
  host: string;
  path: string;
}

/**
 * A person with a browser that runs no script: keeps cookies by host and path (not by port, as cookies do), follows
 * redirects, fills in forms.
 */
export class Visitor {
  #cookies: Cookie[] = [];
  page!: Page;
  /** A redirect to a URL that begins like this is not followed: the test takes it from there. */
  stopAt: string | undefined;

  async visit(to: string | URL, form?: Record<string, string> | [name: string, value: string][]): Promise<Page> {
    let url = new URL(to, this.page?.url);
    let body = form && new URLSearchParams(form);
    for (let hop = 0; hop < 20; hop++) {
      const response = await fetch(url, {
        method: body ? 'POST' : 'GET',
        body: body ?? null,
        redirect: 'manual',
        headers: { cookie: this.#cookiesFor(url), accept: 'text/html' },
      });
      for (const line of response.headers.getSetCookie()) this.#store(line, url);
      const next =
        response.headers.get('location') ?? /^0;url=(.*)/.exec(response.headers.get('refresh') ?? '')?.[1] ?? null;
      if (next === null) {
        const text = await response.text();
        const json = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined;
        this.page = { url, status: response.status, headers: response.headers, text, json };
        return this.page;
      }
      await response.body?.cancel();
      url = new URL(next, url);
      body = undefined;
      if (this.stopAt && url.href.startsWith(this.stopAt)) {
        this.page = { url, status: response.status, headers: response.headers, text: '', json: undefined };
        return this.page;
      }
    }
    throw new Error(`too many redirects, at ${url.pathname}`);
  }

  /** Sends the form of the page whose action ends in `action`, with its hidden fields. @param more of which names may repeat */
  submit(
    action: string,
    fields: Record<string, string> = {},
    more: [name: string, value: string][] = [],
  ): Promise<Page> {
    for (const [, attributes, content] of this.page.text.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)) {
      const target = attributes?.match(/action="([^"]*)"/)?.[1];
      if (!target?.endsWith(action)) continue;
      const hidden = [...content!.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
        ([, name, value]) => [name!, textOf(value!)],
      );
      const named: Record<string, string> = Object.fromEntries(hidden);
      for (const [name] of more) delete named[name];
      return this.visit(target, [...Object.entries({ ...named, ...fields }), ...more]);
    }
    throw new Error(`${this.page.url.pathname} has no form for ${action}`);
  }

  /** Follows the link whose text is `text`. */
  follow(text: string): Promise<Page> {
    const href = this.page.text.match(new RegExp(`<a(?: class="[^"]*")? href="([^"]*)">${text}</a>`))?.[1];
    if (!href) throw new Error(`${this.page.url.pathname} has no link "${text}"`);
    return this.visit(textOf(href));
  }

  /** What a field of the page is filled with. */
  value(field: string): string | undefined {
    return this.page.text.match(new RegExp(`id="${field}"[^>]*?value="([^"]*)"`))?.[1];
  }

  get title(): string | undefined {
    return this.page.text.match(/<h1>([^<]*)<\/h1>/)?.[1];
  }

  /** Puts a cookie in, as who sits at the browser, or next to it on the network, could. */
  plant(name: string, value: string): void {
    this.#store(`${name}=${value}; Path=/`, new URL('http://localhost'));
  }

  /** The value of a cookie whose name ends so. */
  cookie(ending: string): string | undefined {
    return this.#cookies.find(({ name }) => name.endsWith(ending))?.value;
  }

  cookieNames(): string[] {
    return this.#cookies.map(({ name }) => name);
  }

  #cookiesFor({ hostname, pathname }: URL): string {
    return this.#cookies
      .filter(({ host, path }) => host === hostname && `${pathname}/`.startsWith(path.replace(/\/?$/, '/')))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  #store(line: string, { hostname: host }: URL) {
    const [pair = '', ...attributes] = line.split(/;\s*/);
    const name = pair.slice(0, pair.indexOf('='));
    const value = pair.slice(pair.indexOf('=') + 1);
    const path = attributes.find((a) => /^path=/i.test(a))?.slice(5) ?? '/';
    this.#cookies = this.#cookies.filter((c) => c.name !== name || c.host !== host || c.path !== path);
    if (!attributes.some((a) => /^expires=Thu, 01 Jan 1970/i.test(a))) this.#cookies.push({ name, value, host, path });
  }
}

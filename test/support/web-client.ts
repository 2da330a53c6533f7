/** A browser without a display: it follows redirects, and keeps cookies by host and port. */
export function createWebClient() {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string) => {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };

  async function request(url: string, init: RequestInit = {}): Promise<Response> {
    const jar = jarOf(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'text/html', ...(cookie ? { cookie } : {}), ...(init.headers ?? {}) },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /max-age=0/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  }

  /** Follows redirects, until the URL matches. Returns the last answer, and the URL it redirects to. */
  async function follow(url: string, until?: RegExp): Promise<{ answer: Response; url: string }> {
    let at = url;
    for (let hops = 0; hops < 20; hops++) {
      if (until?.test(at)) return { answer: new Response(), url: at };
      const answer = await request(at);
      const to = answer.headers.get('location');
      if (!to) return { answer, url: at };
      at = new URL(to, at).href;
    }
    throw new Error(`too many redirects: ${at}`);
  }

  /** Fills in the forms of oidc-provider's pages until it redirects to a URL that matches. */
  async function signIn(url: string, login: string, until: RegExp): Promise<string> {
    let at = await follow(url, until);
    for (let forms = 0; forms < 3 && !until.test(at.url); forms++) {
      const page = await at.answer.text();
      const action = /action="([^"]+)"/.exec(page)?.[1];
      if (!action) throw new Error(`no form at ${at.url}: ${page.slice(0, 300)}`);
      const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1] ?? '';
      const answer = await request(new URL(action, at.url).href, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ prompt, login, password: 'any' }).toString(),
      });
      at = await follow(new URL(answer.headers.get('location') ?? '', at.url).href, until);
    }
    return at.url;
  }

  return { request, follow, signIn, jarOf };
}
export type WebClient = ReturnType<typeof createWebClient>;

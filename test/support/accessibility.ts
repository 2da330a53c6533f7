import type { Page } from 'playwright-core';

/** What axe finds on a page, with the first element of each kind. The page's context must bypass its CSP. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
  return page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: axe adds itself to the page's window
    const found = await (globalThis as any).axe.run();
    return found.violations.map(
      (v: { id: string; nodes: { html: string }[] }) => `${v.id}: ${v.nodes[0]?.html.slice(0, 300)}`,
    );
  });
}

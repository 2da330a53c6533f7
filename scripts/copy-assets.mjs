// Copies the style sheets and scripts of the console and the demo next to the compiled code: the last step of
// `npm run build`.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (root, name) => fileURLToPath(new URL(`../${root}/chat/${name}/assets`, import.meta.url));
for (const name of ['console', 'demo']) cpSync(path('src', name), path('dist', name), { recursive: true });

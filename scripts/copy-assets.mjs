// Copies the console's style sheets and scripts next to the compiled code: the last step of `npm run build`.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}/chat/console/assets`, import.meta.url));
cpSync(path('src'), path('dist'), { recursive: true });

import { tokenOf } from '../../azure/connection/credential';
import { surfaceDefinitions } from '../../chat/surfaces';
import type { Config } from '../../config/config';
import type { Report } from '../../config/doctor-check';
import { createStore } from '../../store/store';

/** Runs the checks of every surface. */
export async function checkSurfaces(
  { surfaces, redisUrl }: Config,
  redisAnswers: boolean,
  report: Report,
): Promise<void> {
  const store = redisUrl && redisAnswers ? createStore({ url: redisUrl }, []) : null;
  try {
    for (const { name, doctor } of surfaceDefinitions())
      await doctor(surfaces[name] ?? null, { state: store?.surfaceState(name) ?? null, tokenOf, report });
  } finally {
    await store?.close();
  }
}

import { readText } from '../query-text';

export interface ActivityQuery {
  by: 'caller' | 'machine';
  /** Counted from 1. */
  page: number;
}

const maxPage = 100;

export function activityQueryOf(given: Record<string, unknown>): ActivityQuery {
  const page = Number(readText(given, 'page', 10));
  return {
    by: readText(given, 'by', 20) === 'machine' ? 'machine' : 'caller',
    page: Number.isInteger(page) && page >= 1 && page <= maxPage ? page : 1,
  };
}

export function activityHref({ by, page }: ActivityQuery): string {
  const parameters = new URLSearchParams({
    ...(by === 'caller' ? {} : { by }),
    ...(page === 1 ? {} : { page: String(page) }),
  });
  return `/console/activity${parameters.size > 0 ? `?${parameters}` : ''}`;
}

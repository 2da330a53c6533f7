import { readText } from '../query-text';

/** The tabs: saved filters. */
export const exceptionViews = ['all', 'expiring', 'unused', 'mine'] as const;
export type ExceptionView = (typeof exceptionViews)[number];

export interface ExceptionQuery {
  view: ExceptionView;
  /** Counted from 1. */
  page: number;
}

const maxPage = 10_000;

export function exceptionQueryOf(given: Record<string, unknown>): ExceptionQuery {
  const view = readText(given, 'view', 20);
  const page = Number(readText(given, 'page', 10));
  return {
    view: exceptionViews.find((one) => one === view) ?? 'all',
    page: Number.isInteger(page) && page >= 1 && page <= maxPage ? page : 1,
  };
}

/** What follows the path: "?view=mine&page=2", or nothing. */
export function searchOf({ view, page }: ExceptionQuery): string {
  const parameters = new URLSearchParams({
    ...(view === 'all' ? {} : { view }),
    ...(page === 1 ? {} : { page: String(page) }),
  });
  return parameters.size > 0 ? `?${parameters}` : '';
}

export const exceptionsHref = (query: ExceptionQuery): string => `/console/exceptions${searchOf(query)}`;

/** Where readers without a clone find a page, since the image has none: `page` is its path in docs/, with a section. */
export const docsUrl = (page: string): string =>
  `https://github.com/runwatch/runwatch/blob/main/docs/${page}`;

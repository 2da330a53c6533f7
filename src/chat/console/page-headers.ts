import type { Request, Response } from 'express';
import helmet from 'helmet';

const self = ["'self'"];
const none = ["'none'"];
const directives = {
  defaultSrc: none,
  scriptSrc: self,
  styleSrc: self,
  connectSrc: self,
  imgSrc: self,
  formAction: self,
  baseUri: none,
  frameAncestors: none,
};
const protectWith = (more: Partial<Record<keyof typeof directives, string[]>>) =>
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { ...directives, ...more } },
    xFrameOptions: { action: 'deny' },
    // It would bind every port of the host name; the proxy that ends TLS decides that.
    strictTransportSecurity: false,
  });
const protectPage = protectWith({});
const protectBoard = protectWith({ baseUri: self, styleSrc: ["'self'", "'unsafe-inline'"] });

/** Sets the security headers of a page of ours, which nobody may cache. */
export function setPageHeaders(request: Request, response: Response): void {
  protectPage(request, response, () => response.set('cache-control', 'no-store'));
}

/** The same for the queue board, which has a base element and styles in its elements. */
export function setBoardHeaders(request: Request, response: Response): void {
  protectBoard(request, response, () => response.set('cache-control', 'no-store'));
}

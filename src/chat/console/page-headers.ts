import type { Request, Response } from 'express';
import helmet from 'helmet';

const self = ["'self'"];
const none = ["'none'"];
const protect = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: none,
      scriptSrc: self,
      styleSrc: self,
      connectSrc: self,
      imgSrc: self,
      formAction: self,
      baseUri: none,
      frameAncestors: none,
    },
  },
  xFrameOptions: { action: 'deny' },
  // It would bind every port of the host name; the proxy that ends TLS decides that.
  strictTransportSecurity: false,
});

/** Sets the security headers of a page of ours, which nobody may cache. */
export function setPageHeaders(request: Request, response: Response): void {
  protect(request, response, () => response.set('cache-control', 'no-store'));
}

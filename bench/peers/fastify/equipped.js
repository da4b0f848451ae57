// What Stoa does for every request, by the packages that a Node.js team would take for it: security headers, CORS, a
// request id, metrics, timeouts and a limit of bodies. Limits, headers and names are Stoa's.

import { randomUUID } from 'node:crypto';

import cors from '@fastify/cors';
import helmet from '@fastify/helmet';

import { measure } from './metrics.js';

const REQUEST_ID = 'x-request-id';
// What is harmless in a log.
const SANE_ID = /^[\w-]{1,64}$/;
const REQUEST_MS_MAX = 35_000;
const BODY_BYTES_MAX = 2_097_152;

const nobody = ["'none'"];
const securityHeaders = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: nobody, frameAncestors: nobody, baseUri: nobody, objectSrc: nobody },
  },
  frameguard: { action: 'deny' },
  // Only where clients arrive by https.
  strictTransportSecurity: false,
  // What Stoa does not send.
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
};
// What helmet knows nothing of.
const PERMISSIONS_POLICY = 'camera=(), geolocation=(), microphone=(), payment=()';

/** What Fastify has to know from the beginning. */
export const options = {
  requestTimeout: REQUEST_MS_MAX,
  handlerTimeout: REQUEST_MS_MAX,
  bodyLimit: BODY_BYTES_MAX,
  genReqId: ({ headers: { [REQUEST_ID]: sent = '' } }) => (SANE_ID.test(sent) ? sent : randomUUID()),
};

/** Equips an app that has no routes yet. */
export function equip(app) {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header(REQUEST_ID, request.id);
    reply.header('permissions-policy', PERMISSIONS_POLICY);
    reply.header('cache-control', 'no-store');
    done();
  });
  app.register(helmet, securityHeaders);
  // None, as in Stoa by default.
  app.register(cors, { origin: false });
  measure(app);
}

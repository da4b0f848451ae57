// The shop's hot paths as a Node.js team would write them: Fastify, PostgreSQL for what must last, Redis for 60
// seconds of what is read often.

import cluster from 'node:cluster';

import { build } from './app.js';
import { seed } from './seed.js';

const config = {
  host: '127.0.0.1',
  port: Number(required('PORT')),
  postgres: { host: '127.0.0.1', port: Number(required('POSTGRES_PORT')), user: 'postgres', database: 'postgres' },
  redis: { host: '127.0.0.1', port: Number(required('REDIS_PORT')) },
  jwtSecret: required('JWT_SECRET'),
  // Whether it also does what Stoa does for every request beside the request itself.
  equipped: process.env.EQUIPPED === 'true',
};

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

if (cluster.isPrimary) {
  await seed(config.postgres, required('PRODUCTS'));
  if (config.equipped) (await import('./metrics.js')).collect();
  for (let worker = 0; worker < Number(required('WORKERS')); worker += 1) cluster.fork();
  // A worker that fails would only make the peer look slow.
  cluster.on('exit', (worker, code) => {
    console.error(`worker ${worker.id} ended with ${code}`);
    process.exit(1);
  });
  process.on('SIGTERM', () => process.exit(0));
} else {
  const app = await build(config);
  process.on('disconnect', () => process.exit(0));
  await app.listen({ host: config.host, port: config.port });
}

// Requests by method, route and status for Prometheus, those of all workers together.

import cluster from 'node:cluster';
import { EventEmitter, once } from 'node:events';

import { AggregatorRegistry, Counter, Histogram, prometheusContentType } from 'prom-client';

// What a worker asks the primary.
const QUESTION = { ask: 'metrics' };
// Upper bounds in seconds, as Stoa's.
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];

/** In a worker: counts the app's requests and shows what all workers counted. */
export function measure(app) {
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests by method, route pattern and status.',
    labelNames: ['method', 'route', 'status'],
  });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: "Seconds from a request's head to its answer.",
    labelNames: ['method', 'route'],
    buckets: BUCKETS,
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request;
    const route = routeOptions.url ?? 'unmatched';
    requests.inc({ method, route, status: reply.statusCode });
    duration.observe({ method, route }, reply.elapsedTime / 1000);
    done();
  });

  // Answers the primary when it collects.
  new AggregatorRegistry();
  const answers = new EventEmitter();
  process.on('message', ({ metrics }) => {
    if (metrics !== undefined) answers.emit('metrics', metrics);
  });
  app.get('/metrics', async (request, reply) => {
    const answer = once(answers, 'metrics');
    process.send(QUESTION);
    const [metrics] = await answer;
    return reply.type(prometheusContentType).send(metrics);
  });
}

/** In the primary: adds up what the workers counted whenever one of them asks. */
export function collect() {
  const registry = new AggregatorRegistry();
  cluster.on('message', async (worker, { ask }) => {
    if (ask === QUESTION.ask) worker.send({ metrics: await registry.clusterMetrics() });
  });
}

// The routes.

import jwt from '@fastify/jwt';
import Fastify from 'fastify';
import Redis from 'ioredis';
import pg from 'pg';

import { addItem } from './cart.js';
import { Refusal, placeOrder } from './orders.js';
import { findProduct, listProducts } from './products.js';

// Together with the other workers' well below PostgreSQL's 100.
const CONNECTIONS_PER_WORKER = 10;
const TOKEN_LIFETIME = '1d';

const listQuery = {
  type: 'object',
  properties: {
    category: { type: 'string' },
    minPrice: { type: 'number', minimum: 0 },
    maxPrice: { type: 'number', minimum: 0 },
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 20 },
    offset: { type: 'integer', minimum: 0, maximum: 10000, default: 0 },
  },
};

const newItem = {
  type: 'object',
  required: ['productId'],
  additionalProperties: false,
  properties: {
    productId: { type: 'string' },
    quantity: { type: 'integer', minimum: 1, maximum: 999, default: 1 },
  },
};

const line = { type: 'string', minLength: 1, maxLength: 200 };
const address = {
  type: 'object',
  required: ['name', 'line1', 'city', 'country'],
  additionalProperties: false,
  properties: {
    name: line,
    email: { type: 'string', maxLength: 254 },
    phone: { type: 'string', maxLength: 32 },
    line1: line,
    line2: line,
    city: line,
    region: line,
    postalCode: { type: 'string', maxLength: 16, pattern: '^[A-Za-z0-9 -]*$' },
    country: { type: 'string', pattern: '^[A-Z]{2}$' },
  },
};

const newOrder = {
  type: 'object',
  additionalProperties: false,
  properties: {
    shippingAddress: address,
    paymentMethod: { enum: ['stripe', 'razorpay'] },
    notes: { type: 'string', maxLength: 1000 },
  },
};

const helloAnswer = { 200: { type: 'object', properties: { hello: { type: 'string' } } } };

export async function build({ postgres, redis: redisConfig, jwtSecret, equipped }) {
  // Loaded only then, so that the bare app does not hold it in memory.
  const equipment = equipped ? await import('./equipped.js') : null;
  const app = Fastify({ logger: false, ...equipment?.options });
  const pool = new pg.Pool({ ...postgres, max: CONNECTIONS_PER_WORKER });
  const redis = new Redis(redisConfig);
  const signedIn = { onRequest: (request) => request.jwtVerify() };
  equipment?.equip(app);
  app.register(jwt, { secret: jwtSecret, sign: { expiresIn: TOKEN_LIFETIME } });

  app.after(() => {
    app.get('/health', () => ({ status: 'ok' }));
    app.get('/hello', { schema: { response: helloAnswer } }, () => ({ hello: 'world' }));

    app.post('/auth/token', (request) => {
      const { userId, email } = request.body;
      return { token: app.jwt.sign({ sub: userId, email }) };
    });

    app.get('/api/marketplace/products', { schema: { querystring: listQuery } }, (request) =>
      listProducts(pool, request.query),
    );

    app.get('/api/marketplace/products/:id', async (request, reply) => {
      const text = await findProduct(pool, redis, request.params.id);
      if (text === null) return reply.code(404).send({ code: 'not-found' });
      return reply.type('application/json').send(text);
    });

    app.post('/api/cart/items', { ...signedIn, schema: { body: newItem } }, async (request, reply) => {
      const cart = await addItem(pool, request.user.sub, request.body);
      return cart ?? reply.code(404).send({ code: 'not-found' });
    });

    app.post('/api/orders', { ...signedIn, schema: { body: newOrder } }, async (request, reply) => {
      try {
        return reply.code(201).send(await placeOrder(pool, request.user, request.body));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return reply.code(409).send({ code: error.code, field: error.field });
      }
    });
  });
  return app;
}

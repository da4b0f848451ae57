// The schema, and the same products that the other side has.

import { readFile } from 'node:fs/promises';

import pg from 'pg';

const SCHEMA = `
  CREATE TABLE products (
    id text PRIMARY KEY,
    status text NOT NULL,
    category text NOT NULL,
    price_minor bigint NOT NULL,
    currency text NOT NULL,
    created_at timestamptz NOT NULL,
    doc jsonb NOT NULL
  );
  CREATE INDEX products_category ON products (status, category, created_at DESC);
  CREATE INDEX products_price ON products (status, price_minor);
  CREATE TABLE cart_items (
    user_id text NOT NULL,
    product_id text NOT NULL REFERENCES products (id),
    quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    PRIMARY KEY (user_id, product_id)
  );
`;

const INSERT = `
  INSERT INTO products (id, status, category, price_minor, currency, created_at, doc)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
`;

export async function seed(connection, file) {
  const products = JSON.parse(await readFile(file, 'utf8'));
  const client = new pg.Client(connection);
  await client.connect();
  await client.query('BEGIN');
  await client.query(SCHEMA);
  for (const product of products) {
    const minor = Math.round(product.price * 100);
    const { id, status, category, currency, createdAt } = product;
    await client.query(INSERT, [id, status, category, minor, currency, createdAt, product]);
  }
  await client.query('COMMIT');
  await client.query('ANALYZE');
  await client.end();
}

// The schema, and the same products that the other side has.

import { readFile } from 'node:fs/promises';

import pg from 'pg';

const SCHEMA = `
  CREATE TABLE products (
    id text PRIMARY KEY,
    vendor_id text NOT NULL,
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
  -- Apart from the products, whose rows are wide and have indexes: a sale changes four bytes.
  CREATE TABLE stock (
    product_id text PRIMARY KEY REFERENCES products (id),
    pieces integer NOT NULL CHECK (pieces >= 0)
  ) WITH (fillfactor = 50);
  CREATE TABLE orders (
    id text PRIMARY KEY,
    number text NOT NULL UNIQUE,
    buyer_id text NOT NULL,
    buyer_email text,
    status text NOT NULL,
    payment_status text NOT NULL,
    payment_method text,
    currency text NOT NULL,
    subtotal_minor bigint NOT NULL,
    discount_minor bigint NOT NULL,
    shipping_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    shipping_address jsonb,
    notes text,
    history jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    expires_at timestamptz
  );
  CREATE INDEX orders_buyer ON orders (buyer_id, created_at);
  CREATE INDEX orders_buyer_status ON orders (buyer_id, status, created_at);
  CREATE INDEX orders_status ON orders (status, created_at);
  CREATE INDEX orders_created ON orders (created_at);
  CREATE TABLE order_lines (
    order_id text NOT NULL REFERENCES orders (id),
    position integer NOT NULL,
    product_id text NOT NULL,
    vendor_id text NOT NULL,
    name text NOT NULL,
    thumbnail text,
    quantity integer NOT NULL,
    unit_price_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    PRIMARY KEY (order_id, position)
  );
  CREATE TABLE sales (
    order_id text NOT NULL REFERENCES orders (id),
    vendor_id text NOT NULL,
    status text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, vendor_id)
  );
  CREATE INDEX sales_vendor ON sales (vendor_id, created_at);
  CREATE INDEX sales_vendor_status ON sales (vendor_id, status, created_at);
  CREATE TABLE outbox (
    id bigserial PRIMARY KEY,
    name text NOT NULL,
    key text NOT NULL,
    payload jsonb NOT NULL,
    due_at timestamptz NOT NULL
  );
`;

const INSERT = `
  INSERT INTO products (id, vendor_id, status, category, price_minor, currency, created_at, doc)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
`;
const STOCK = 'INSERT INTO stock (product_id, pieces) VALUES ($1, $2)';

export async function seed(connection, file) {
  const products = JSON.parse(await readFile(file, 'utf8'));
  const client = new pg.Client(connection);
  await client.connect();
  await client.query('BEGIN');
  await client.query(SCHEMA);
  for (const product of products) {
    const minor = Math.round(product.price * 100);
    const { id, vendorId, status, category, currency, createdAt, stock } = product;
    await client.query(INSERT, [id, vendorId ?? '', status, category, minor, currency, createdAt, product]);
    if (stock !== undefined) await client.query(STOCK, [id, stock]);
  }
  await client.query('COMMIT');
  await client.query('ANALYZE');
  await client.end();
}

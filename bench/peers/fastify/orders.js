// Placing orders.

import { randomBytes, randomUUID } from 'node:crypto';

const UNPAID_MS = 60 * 60 * 1000;
// Crockford's base 32, six digits of it.
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

// Locked in the order of their ids, so that two orders never wait for each other.
const CART = {
  name: 'cart',
  text: `
    SELECT p.id, p.doc->>'name' AS name, p.doc->>'thumbnail' AS thumbnail, p.status, p.vendor_id AS vendor,
      p.price_minor::int AS price, p.currency, s.pieces, c.quantity
    FROM cart_items c JOIN products p ON p.id = c.product_id LEFT JOIN stock s ON s.product_id = p.id
    WHERE c.user_id = $1 ORDER BY p.id
  `,
};

const LOCK = {
  name: 'lock',
  text: 'SELECT product_id FROM stock WHERE product_id = ANY($1::text[]) ORDER BY product_id FOR UPDATE',
};

const TAKE = {
  name: 'take',
  text: `
    UPDATE stock SET pieces = stock.pieces - wanted.quantity
    FROM unnest($1::text[], $2::int[]) AS wanted (product_id, quantity)
    WHERE stock.product_id = wanted.product_id AND stock.pieces >= wanted.quantity
  `,
};

const ORDER = {
  name: 'order',
  text: `
    INSERT INTO orders (id, number, buyer_id, buyer_email, status, payment_status, payment_method, currency, subtotal_minor,
      discount_minor, shipping_minor, tax_minor, total_minor, shipping_address, notes, history, created_at, updated_at, expires_at)
    VALUES ($1, $2, $3, $4, 'pending', 'pending', $5, $6, $7, 0, 0, 0, $7, $8, $9, $10, $11, $11, $12)
  `,
};

const LINES = {
  name: 'lines',
  text: `
    INSERT INTO order_lines (order_id, position, product_id, vendor_id, name, thumbnail, quantity, unit_price_minor, net_minor)
    SELECT $1, line.position, line.product_id, line.vendor_id, line.name, line.thumbnail, line.quantity, line.price,
      line.price * line.quantity
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[]) WITH ORDINALITY
      AS line (product_id, vendor_id, name, thumbnail, quantity, price, position)
  `,
};

const SALES = {
  name: 'sales',
  text: `
    INSERT INTO sales (order_id, vendor_id, status, created_at)
    SELECT $1, vendor_id, 'pending', $3 FROM unnest($2::text[]) AS vendor_id
  `,
};

const RAISE = {
  name: 'raise',
  text: `
    INSERT INTO outbox (name, key, payload, due_at)
    VALUES ('order.created', $1, $2, $3), ('order.expiry', $1, $4, $5)
  `,
};

const EMPTY = { name: 'empty', text: 'DELETE FROM cart_items WHERE user_id = $1' };

/** Why nothing was ordered: what the client is told. */
export class Refusal extends Error {
  constructor(code, field) {
    super(code);
    this.code = code;
    this.field = field;
  }
}

/** Orders what is in the user's cart, in one transaction. */
export async function placeOrder(pool, user, body) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query({ ...CART, values: [user.sub] });
    check(rows);
    await takeStock(client, rows);
    const order = priced(user, body, rows);
    await keep(client, order, rows);
    await client.query({ ...EMPTY, values: [user.sub] });
    await client.query('COMMIT');
    return view(order, rows);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

function check(rows) {
  if (rows.length === 0) throw new Refusal('empty-order', 'items');
  rows.forEach((row, at) => {
    if (row.status !== 'active') throw new Refusal('unavailable', `items.${at}.productId`);
    if (row.pieces !== null && row.pieces < row.quantity) throw new Refusal('out-of-stock', `items.${at}.quantity`);
    if (row.currency !== rows[0].currency) throw new Refusal('mixed-currencies', `items.${at}.productId`);
  });
}

async function takeStock(client, rows) {
  const counted = rows.filter((row) => row.pieces !== null);
  const ids = counted.map((row) => row.id);
  await client.query({ ...LOCK, values: [ids] });
  const taken = await client.query({ ...TAKE, values: [ids, counted.map((row) => row.quantity)] });
  if (taken.rowCount < counted.length) throw new Refusal('out-of-stock', 'items');
}

function priced(user, body, rows) {
  const now = new Date();
  return {
    id: randomUUID(),
    number: number(now),
    buyer: user.sub,
    email: user.email,
    paymentMethod: body.paymentMethod ?? null,
    currency: rows[0].currency,
    subtotal: rows.reduce((sum, { price, quantity }) => sum + price * quantity, 0),
    shippingAddress: body.shippingAddress ?? null,
    notes: body.notes?.trim() || null,
    history: [{ status: 'pending', by: 'buyer', at: now }],
    createdAt: now,
    expiresAt: new Date(now.getTime() + UNPAID_MS),
  };
}

function number(now) {
  const drawn = Array.from(randomBytes(6), (byte) => DIGITS[byte % 32]).join('');
  return `ORD-${now.toISOString().slice(0, 10).replaceAll('-', '')}-${drawn}`;
}

async function keep(client, order, rows) {
  const address = order.shippingAddress && JSON.stringify(order.shippingAddress);
  await client.query({
    ...ORDER,
    values: [
      order.id, order.number, order.buyer, order.email, order.paymentMethod, order.currency, order.subtotal, address,
      order.notes, JSON.stringify(order.history), order.createdAt, order.expiresAt,
    ],
  });
  const column = (name) => rows.map((row) => row[name]);
  await client.query({
    ...LINES,
    values: [
      order.id, column('id'), column('vendor'), column('name'), column('thumbnail'), column('quantity'), column('price'),
    ],
  });
  await client.query({ ...SALES, values: [order.id, [...new Set(column('vendor'))], order.createdAt] });
  const expiry = JSON.stringify({ orderId: order.id });
  await client.query({
    ...RAISE,
    values: [order.id, JSON.stringify(fact(order, rows)), order.createdAt, expiry, order.expiresAt],
  });
}

function fact(order, rows) {
  return {
    orderId: order.id,
    number: order.number,
    buyerId: order.buyer,
    buyerEmail: order.email,
    currency: order.currency,
    totalMinor: order.subtotal,
    lines: rows.map(({ id, vendor, name, quantity, price }) => ({
      productId: id,
      vendorId: vendor,
      name,
      quantity,
      unitPriceMinor: price,
      netMinor: price * quantity,
    })),
  };
}

function view(order, rows) {
  const major = (minor) => minor / 100;
  return {
    id: order.id,
    orderNumber: order.number,
    userId: order.buyer,
    email: order.email,
    items: rows.map(({ id, name, thumbnail, vendor, price, quantity }) => ({
      productId: id,
      name,
      productName: name,
      thumbnail: thumbnail ?? undefined,
      vendorId: vendor,
      price: major(price),
      quantity,
      subtotal: major(price * quantity),
      discount: 0,
      total: major(price * quantity),
    })),
    subtotal: major(order.subtotal),
    discount: 0,
    shipping: 0,
    tax: 0,
    total: major(order.subtotal),
    currency: order.currency,
    status: 'pending',
    paymentStatus: 'pending',
    paymentMethod: order.paymentMethod ?? undefined,
    shippingAddress: order.shippingAddress ?? undefined,
    notes: order.notes ?? undefined,
    history: order.history,
    createdAt: order.createdAt,
    updatedAt: order.createdAt,
    expiresAt: order.expiresAt,
  };
}

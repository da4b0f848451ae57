// Reading products.

const CACHE_SECONDS = 60;
// Prices that name no currency are in the shop's own.
const SHOP_CURRENCY = 'USD';

const ONE = {
  name: 'product',
  text: "SELECT doc::text FROM products WHERE id = $1 AND status = 'active'",
};

const MATCHES = `
  FROM products
  WHERE status = 'active'
    AND ($1::text IS NULL OR category = $1)
    AND ($2::bigint IS NULL OR price_minor >= $2)
    AND ($3::bigint IS NULL OR price_minor <= $3)
    AND ($4::text IS NULL OR currency = $4)
`;

const PAGE = { name: 'page', text: `SELECT doc ${MATCHES} ORDER BY created_at DESC, id LIMIT $5 OFFSET $6` };
const TOTAL = { name: 'total', text: `SELECT count(*)::int AS total ${MATCHES}` };

/** The product as JSON text, from Redis if it was asked for lately; null if there is none. */
export async function findProduct(pool, redis, id) {
  const key = `product:${id}`;
  const cached = await redis.get(key);
  if (cached !== null) return cached;
  const { rows } = await pool.query({ ...ONE, values: [id] });
  if (rows.length === 0) return null;
  await redis.set(key, rows[0].doc, 'EX', CACHE_SECONDS);
  return rows[0].doc;
}

/** A page of products and the number of all that match. */
export async function listProducts(pool, { category, minPrice, maxPrice, limit, offset }) {
  const hasPrice = minPrice !== undefined || maxPrice !== undefined;
  const filter = [category ?? null, minor(minPrice), minor(maxPrice), hasPrice ? SHOP_CURRENCY : null];
  const [page, count] = await Promise.all([
    pool.query({ ...PAGE, values: [...filter, limit, offset] }),
    pool.query({ ...TOTAL, values: filter }),
  ]);
  return { items: page.rows.map((row) => row.doc), total: count.rows[0].total, limit, offset };
}

function minor(major) {
  return major === undefined ? null : Math.round(major * 100);
}

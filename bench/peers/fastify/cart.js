// Writing to carts.

const PRODUCT = { name: 'priced', text: "SELECT 1 FROM products WHERE id = $1 AND status = 'active'" };

const ADD = {
  name: 'add',
  text: `
    INSERT INTO cart_items (user_id, product_id, quantity) VALUES ($1, $2, $3)
    ON CONFLICT (user_id, product_id) DO UPDATE SET quantity = cart_items.quantity + excluded.quantity
  `,
};

const VIEW = {
  name: 'view',
  text: `
    SELECT p.id, p.doc->>'name' AS name, p.price_minor::int AS price, p.currency, c.quantity
    FROM cart_items c JOIN products p ON p.id = c.product_id
    WHERE c.user_id = $1 ORDER BY p.id
  `,
};

/** Adds to the user's cart in one transaction and answers the cart at the catalogue's prices; null if there is no such product. */
export async function addItem(pool, user, { productId, quantity }) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const product = await client.query({ ...PRODUCT, values: [productId] });
    if (product.rowCount === 0) {
      await client.query('ROLLBACK');
      return null;
    }
    await client.query({ ...ADD, values: [user, productId, quantity] });
    const { rows } = await client.query({ ...VIEW, values: [user] });
    await client.query('COMMIT');
    return view(rows);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

function view(rows) {
  const items = rows.map(({ id, name, price, currency, quantity }) => ({
    id,
    productId: id,
    productName: name,
    price: price / 100,
    currency,
    quantity,
    total: (price * quantity) / 100,
  }));
  const subtotal = rows.reduce((sum, { price, quantity }) => sum + price * quantity, 0) / 100;
  return { items, subtotal, tax: 0, total: subtotal };
}

// A real OpenID provider for tests: signs in whoever asks, under the name that they give, with keys of its own
// at each start. Prints its issuer when it is ready, and ends with its standard input.
//
// PORT: where to listen, 0 or none for any free port. REDIRECT_URI: where its clients are sent back to.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

// It says of each convenience that it is not for production, as this is not. What fails is said by `error`.
console.info = console.warn = () => {};
const { Provider } = await import('oidc-provider');

const client = (id) => ({
  client_id: id,
  // Characters that the two encodings of a Basic header treat differently.
  client_secret: `${id} secret/+:%`,
  redirect_uris: [process.env.REDIRECT_URI],
  response_types: ['code'],
  grant_types: ['authorization_code'],
});

const signingKey = () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(8).toString('hex'), alg: 'RS256', use: 'sig' };
};

const configuration = {
  clients: [client('stoa'), client('other')],
  jwks: { keys: [signingKey()] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  // As Google does: what was asked for stands in the ID token.
  conformIdTokenClaims: false,
  findAccount: (_, login) => ({
    accountId: login,
    claims: () => ({
      sub: login,
      name: `Name of ${login}`,
      email: `${login}@Example.com`,
      email_verified: !login.startsWith('unverified'),
    }),
  }),
};

const server = createServer();
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  provider.on('server_error', (_, error) => console.error(error));
  server.on('request', provider.callback());
  console.log(issuer);
});
process.stdin.resume().on('end', () => process.exit(0));

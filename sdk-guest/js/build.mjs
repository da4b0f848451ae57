// Makes a component of the entry that `stoa plugin build` has written: one bundle, then its engine around it.
// Runs in the project's folder, with the tools of the project's own node_modules.
import { mkdir, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { componentize } from '@bytecodealliance/componentize-js';

const made = '.stoa/made';

/** Interfaces of the plugin's world, such as `stoa:mail/mail@0.1.0`, are not for the bundle. */
const interfaces = {
  name: 'interfaces',
  setup({ onResolve }) {
    onResolve({ filter: /^[a-z0-9-]+:[a-z0-9-]+\/[a-z0-9-]+@/ }, ({ path }) => ({ path, external: true }));
  },
};

try {
  await build({
    entryPoints: [`${made}/entry.js`],
    outfile: `${made}/bundle.js`,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    plugins: [interfaces],
    logLevel: 'warning',
  });
} catch {
  // esbuild has said what and where.
  process.exit(1);
}

try {
  const { component } = await componentize({
    sourcePath: `${made}/bundle.js`,
    witPath: `${made}/world.wit`,
    worldName: 'guest',
    // Nothing of WASI: the plugin imports the host's own interfaces alone.
    disableFeatures: ['stdio', 'random', 'clocks', 'http', 'fetch-event'],
  });
  await mkdir(made, { recursive: true });
  await writeFile(`${made}/component.wasm`, component);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

// The client on undici, the HTTP client of Node's project: a Pool with a connection for each page
// in flight and no pipelining, so that one slow page holds no other up.
//
// A body is iterated over to its end. That was as fast as undici's own dump, which does not count;
// pool.dispatch, with callbacks in place of promises, takes about a seventh less CPU time.
//
// --fetch takes Node's built-in fetch, which is undici as well, under the web's API. Its connections
// have no limit: it opens up to two for each page in flight, as it takes the next page's before the
// last page's is free again. So its warm-up should have some pages for each in flight.

import { createRequire } from 'node:module';

import { clientFlags, run } from './client.mjs';
import { need } from './measure.mjs';

const args = clientFlags('Fetches pages on Node, by undici.', {
  name: 'fetch',
  help: "use Node's built-in fetch in place of undici's Pool",
  missing: false,
});

async function withFetch() {
  const get = async (_, url) => {
    const response = await fetch(url, { redirect: 'manual' });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return [new Uint8Array(await response.arrayBuffer())];
  };
  await run(args, `Node ${process.versions.node}, fetch of undici ${process.versions.undici}`, get);
}

async function withPool() {
  const { Pool } = await need('undici');
  const { version } = createRequire(import.meta.url)('undici/package.json');
  const pool = new Pool(args.url, { connections: args['in-flight'], pipelining: 1 });
  const get = async (path) => {
    const { statusCode, body } = await pool.request({ method: 'GET', path });
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    return body;
  };
  await run(args, `Node ${process.versions.node}, undici ${version}`, get);
}

await (args.fetch ? withFetch() : withPool());

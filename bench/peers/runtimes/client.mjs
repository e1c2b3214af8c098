// What the clients on Node share: their flags, the pages they fetch, how a page is read, what is
// measured. It is client.py in another language.
//
// A client fetches pages twice by the same code: first the warm-up, which opens its connections,
// then those that are measured. The start of Node and the imports are in no figure.

import { createHash } from 'node:crypto';

import { count, fail, flags, need, now, text } from './measure.mjs';

// PageError is a page that was not fetched, or not whole. It ends the client.
export class PageError extends Error {
  constructor(url, why) {
    super(`get ${url}: ${why}`);
  }
}

const base = {
  want: 'http://host:port',
  read: (value) => (URL.canParse(value) && /^http:\/\/[^/?#@]+:[0-9]+$/.test(value) ? value : undefined),
};

// clientFlags reads the command line: the flags that all clients have, and more.
export function clientFlags(about, ...more) {
  const args = flags(about, [
    { name: 'url', kind: base, help: 'where the pages are: http://host:port, for BASE/page/0 and up' },
    { name: 'pages', kind: count, help: 'how many pages to fetch', missing: 10000 },
    { name: 'in-flight', kind: count, help: 'how many at once', missing: 100 },
    { name: 'warm', kind: count, help: 'how many to fetch before, unmeasured, at least those in flight (default: twice as many)', missing: 0 },
    { name: 'site', kind: count, help: 'how many pages there are; they are fetched in turn', missing: 1000 },
    { name: 'query', kind: text, help: "the query of each page's URL, such as latency=10ms", missing: '' },
    { name: 'parse', help: 'read title, links and words of each page, in place of counting its bytes', missing: false },
    ...more,
  ]);
  args.warm ||= 2 * args['in-flight'];
  if (args.warm < args['in-flight']) {
    console.error(`--warm: ${args.warm} is less than --in-flight ${args['in-flight']}, so that not every connection would be warm`);
    process.exit(2);
  }
  return args;
}

// run measures a client and prints what was found. get(path, url) fetches a page and returns its
// body's chunks as an async iterable, or throws. Then run waits for the end of standard input:
// until then the memory of this process can be looked at from outside.
export async function run(args, runtime, get) {
  // Made once, as keys of a job are, and not for each fetch.
  const paths = Array.from({ length: args.site }, (_, i) => `/page/${i}${args.query && '?' + args.query}`);
  const urls = paths.map((path) => args.url + path);
  const read = args.parse && reader((await need('htmlparser2')).Parser);

  // As many workers as pages may be in flight take the next page while there is one.
  const fetchAll = async (n) => {
    let next = 0;
    let bytes = 0;
    const found = read ? Array(n) : [];
    const worker = async () => {
      while (next < n) {
        const i = next++;
        const url = urls[i % urls.length];
        const chunks = [];
        try {
          for await (const chunk of await get(paths[i % paths.length], url)) {
            bytes += chunk.length;
            if (read) chunks.push(chunk);
          }
        } catch (e) {
          throw new PageError(url, e.cause?.message ?? e.message);
        }
        if (read) found[i] = read(url, Buffer.concat(chunks));
      }
    };
    await Promise.all(Array.from({ length: args['in-flight'] }, worker));
    return { bytes, found };
  };

  try {
    await fetchAll(args.warm);
    globalThis.gc?.(); // with --expose-gc: what the warm-up left behind is not measured
    const [cpu, began] = [process.cpuUsage(), now()];
    const { bytes, found } = await fetchAll(args.pages);
    const ns = now() - began;
    const { user, system } = process.cpuUsage(cpu); // microseconds, of all threads
    const report = { runtime, pages: args.pages, bytes, ns, cpu_ns: (user + system) * 1000 };
    if (read) report.digest = digest(found);
    console.log(JSON.stringify(report));
  } catch (e) {
    if (!(e instanceof PageError)) throw e;
    fail(e.message);
  }
  for await (const _ of process.stdin);
  process.exit(0); // though connections are open
}

// reader returns a function that reads what workload/pages reads, of well-formed pages:
// htmlparser2 follows the text, and does not mend it as a browser does.
function reader(Parser) {
  const unread = new Set(['script', 'style', 'template', 'title']);
  const words = (data) => data.match(/\S+/g) ?? [];
  return (url, body) => {
    const page = { title: [], words: 0, links: [], hash: createHash('sha256').update(body).digest('hex') };
    const within = []; // those elements around which are not read
    let data = ''; // of the text since the last tag: it comes in pieces
    const endText = () => {
      if (within.length === 0) page.words += words(data).length;
      else if (within.length === 1 && within[0] === 'title' && page.title.length === 0) page.title = words(data);
      data = '';
    };
    const parser = new Parser({
      ontext(piece) {
        data += piece;
      },
      onopentag(name, { href }) {
        endText();
        if (unread.has(name)) within.push(name);
        else if (name === 'a' && href !== undefined && within.length === 0 && URL.canParse(href.trim(), url)) {
          const link = new URL(href.trim(), url).href;
          if (/^https?:/.test(link)) page.links.push(link);
        }
      },
      onclosetag(name) {
        endText();
        if (within.at(-1) === name) within.pop();
      },
    });
    parser.end(body.toString());
    endText();
    return page;
  };
}

// digest is one hash of all that was read.
function digest(pages) {
  const all = createHash('sha256');
  for (const { title, words, links, hash } of pages) all.update(`${title.join(' ')}\t${words}\t${links.join(' ')}\t${hash}\n`);
  return all.digest('hex');
}

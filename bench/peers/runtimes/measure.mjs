// What the programs on Node share: their flags, how they end, how long something is measured for.

import { parseArgs } from 'node:util';

// The kinds of values that flags have.
export const count = {
  want: 'a whole number above 0',
  read: (text) => (/^[0-9]+$/.test(text) && Number(text) > 0 ? Number(text) : undefined),
};
export const seconds = {
  want: 'a number of seconds above 0',
  read: (text) => (Number(text) > 0 && Number.isFinite(Number(text)) ? Number(text) : undefined),
};
export const text = { want: 'a text', read: (value) => value };
export const oneOf = (...values) => ({
  want: values.join(' or '),
  read: (value) => (values.includes(value) ? value : undefined),
});

// flags reads the command line. A flag is { name, kind, help, missing }: without a kind it is set or
// not, and missing is its value when it is not given; without that it must be given. Positionals
// are of the same form and come in their order. --help and bad usage end the program, with status
// 0 and 2.
export function flags(about, named, positionals = []) {
  const bad = (why) => {
    console.error(`${why}; --help lists the flags`);
    process.exit(2);
  };
  const options = { help: { type: 'boolean', short: 'h' } };
  for (const { name, kind } of named) options[name] = { type: kind ? 'string' : 'boolean' };
  let given;
  try {
    given = parseArgs({ options, allowPositionals: positionals.length > 0 });
  } catch (e) {
    bad(e.message);
  }
  if (given.values.help) {
    const line = (name, { help, missing }) => `  ${name.padEnd(16)} ${help}${missing ? ` (default: ${missing})` : ''}`;
    console.log(about);
    for (const p of positionals) console.log(line(p.name.toUpperCase(), p));
    for (const f of named) console.log(line(`--${f.name}`, f));
    process.exit(0);
  }
  if (given.positionals.length > positionals.length) bad(`${given.positionals.at(-1)}: too many arguments`);
  const values = {};
  const set = (flag, called, value) => {
    values[flag.name] = flag.missing;
    if (value !== undefined) values[flag.name] = flag.kind ? flag.kind.read(value) : value;
    if (value === undefined && !('missing' in flag) && flag.kind) bad(`${called} is missing`);
    if (value !== undefined && values[flag.name] === undefined) bad(`${called}: ${JSON.stringify(value)}, want ${flag.kind.want}`);
  };
  for (const flag of named) set(flag, `--${flag.name}`, given.values[flag.name]);
  positionals.forEach((flag, i) => set(flag, flag.name.toUpperCase(), given.positionals[i]));
  return values;
}

// fail ends the program with status 1.
export function fail(why) {
  console.error(why);
  process.exit(1);
}

// check fails if the work was not what it was to be.
export function check(ok, why) {
  if (!ok) fail(why);
}

// need imports a package that may not be installed.
export async function need(name) {
  try {
    return await import(name);
  } catch (e) {
    fail(`cannot import ${name}: run npm ci in the directory of this program: ${e.message}`);
  }
}

// repeat measures body(n), which does n operations at least, and returns how many and their
// nanoseconds. n grows as go test's b.N does, until they take long enough.
export async function repeat(atLeast, body) {
  for (let n = 1; ; ) {
    const [ops, ns] = await body(n);
    if (ns >= atLeast * 1e9) return report({ ops, ns });
    n = Math.max(n + 1, Math.min(100 * n, Math.trunc((1.2 * n * atLeast * 1e9) / Math.max(ns, 1))));
  }
}

// report prints the line that the benchmark reads.
export function report(figures) {
  console.log(JSON.stringify({ node: process.versions.node, ...figures }));
}

// now is a time on a clock that only goes on, in nanoseconds: precise as a number for 104 days.
export function now() {
  return Number(process.hrtime.bigint());
}

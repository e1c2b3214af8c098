// The time of a task switch on Node: async functions that take turns, all of them ready. It is
// bench/asyncio's switch.py in another language.
//
// With await a turn is one of the queue of microtasks, in which neither a timer nor a socket gets
// its turn. setImmediate goes round the event loop, as asyncio's sleep(0) does.

import { check, count, flags, now, oneOf, repeat, seconds } from './measure.mjs';

const args = flags(
  'Measures a task switch.',
  [{ name: 'seconds', kind: seconds, help: 'measure for so long, at least', missing: 0.2 }],
  [
    { name: 'tasks', kind: count, help: 'how many tasks take turns' },
    { name: 'form', kind: oneOf('await', 'immediate'), help: 'await or immediate: how a task gives way', missing: 'await' },
  ],
);

// How tasks give way stands where they do: a function for it would cost a third of a turn of the
// microtasks. What is awaited with await is false, as any value would do.
const immediate = args.form === 'immediate';

async function switches(tasks, n) {
  const rounds = Math.ceil(n / tasks);
  let counting = false;
  let done = false;
  const takeTurns = async () => {
    let steps = 0;
    while (!done) {
      if (counting) steps++;
      await (immediate && new Promise(setImmediate));
    }
    return steps;
  };
  const others = Array.from({ length: tasks - 1 }, takeTurns);
  for (let i = 0; i < 2; i++) await (immediate && new Promise(setImmediate)); // all have begun
  counting = true;
  const began = now();
  for (let i = 0; i < rounds; i++) await (immediate && new Promise(setImmediate));
  const ns = now() - began;
  done = true;
  for (const steps of await Promise.all(others)) check(steps === rounds, `a task took ${steps} turns, want ${rounds}`);
  return [rounds * tasks, ns];
}

await repeat(args.seconds, (n) => switches(args.tasks, n));

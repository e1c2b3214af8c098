// What a sleeping task takes on Node: memory, and time over the sleep. It is bench/asyncio's
// waiting.py in another language. A task is an async function that awaits a timer.

import { readFileSync } from 'node:fs';

import { check, count, flags, now, report, seconds } from './measure.mjs';

const args = flags(
  'Measures sleeping tasks.',
  [{ name: 'seconds', kind: seconds, help: 'not used: it measures once', missing: 0.2 }],
  [
    { name: 'tasks', kind: count, help: 'how many tasks sleep at once' },
    { name: 'sleep', kind: seconds, help: 'seconds that each sleeps' },
  ],
);

// peakMemory is the memory that was resident at most, in bytes; 0 where it is not known. It is not
// that of process.resourceUsage, which is kept across exec and so may be that of the process that
// started this one.
function peakMemory() {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  } catch {
    return 0;
  }
}

let sleeping = 0;
let most = 0;

async function sleep(ms) {
  most = Math.max(most, ++sleeping);
  await new Promise((resolve) => setTimeout(resolve, ms));
  sleeping--;
}

const before = peakMemory();
const began = now();
const all = Array.from({ length: args.tasks }, () => sleep(args.sleep * 1000));
for (const task of all) await task;
const ns = now() - began;
check(most === args.tasks, `only ${most} of ${args.tasks} tasks slept at once: let them sleep longer`);
report({ ops: args.tasks, ns, bytes: peakMemory() - before });

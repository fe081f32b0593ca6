// One run in a process of its own, that ends itself with SIGKILL at a crash point. Prints how often each point was reached.
// Arguments: JSON of { root, as_of, env, at, nth, package_root }.
import { run } from '../../dist/run/run.js';

const { root, as_of, env, at, nth, package_root } = JSON.parse(process.argv[2]);
const counts = {};
await run({
  cwd: root, env, tool_version: '0.1.0', package_root, now: () => 0,
  log: { info: () => undefined, progress: () => ({ tick: () => undefined, end: () => undefined }) },
  crash: {
    reached: (point) => {
      counts[point] = (counts[point] ?? 0) + 1;
      if (point === at && counts[point] === nth) process.kill(process.pid, 'SIGKILL');
    },
  },
}, { as_of, threads: 1 });
console.log(JSON.stringify(counts));
process.exit(0);

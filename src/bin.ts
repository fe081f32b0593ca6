/** The process: its streams, its environment, its clock, its end. */
import { main } from './cli/main.js';
import type { Output } from './cli/io.js';

const INTERRUPTED = 130;
/** Not all of the answer could be written, whatever became of the work. */
const UNWRITTEN = 1;

function output(stream: NodeJS.WriteStream): Output {
  let closed = false;
  // The reader went away (`duebook … | head`): nobody is left to write to, but the work goes on to its end.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    closed = true;
    if (error.code === 'EPIPE' || process.exitCode === UNWRITTEN) return;
    process.exitCode = UNWRITTEN;
    process.stderr.write(`duebook: the answer could not be written: the system says ${error.code ?? error.message}\n`);
  });
  return {
    write: (data) => (closed ? Promise.resolve() : new Promise((done) => void stream.write(data, () => done()))),
    terminal: stream.isTTY === true,
    get columns() {
      return stream.columns > 0 ? stream.columns : 80;
    },
  };
}

const stderr = output(process.stderr);

const FAREWELL = '\nInterrupted. The ledger is as before or as after the last commit; run again to go on.\n';
process.on('SIGINT', () => {
  void stderr.write(FAREWELL).then(() => process.exit(INTERRUPTED));
});

const code = await main(process.argv.slice(2), {
  stdin: process.stdin, stdout: output(process.stdout), stderr, env: process.env, cwd: process.cwd(), now: () => Date.now(),
});
process.exit(process.exitCode === UNWRITTEN ? UNWRITTEN : code);

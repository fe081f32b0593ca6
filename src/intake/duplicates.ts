/** One booking, one row: copies are dropped, contradictions are told. */
import type { Engine } from '../engine/engine.js';
import { problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { placesOf } from './places.js';

const TOLD = 50;

/**
 * Looks for ids that stand more than once in a source. Copies with the same content are dropped but for the first (lowest
 * file_key, then record) and kept in `input.duplicates`; different content is an error with both places. Throws nothing.
 */
export async function findDuplicates(engine: Engine): Promise<Diagnostic[]> {
  // Equal hashes of different ids only cost the exact look below.
  const { rows, ids } = await engine.row<{ rows: bigint; ids: bigint }>(
    'SELECT count(*) AS rows, count(DISTINCT hash(source, booking_id)) AS ids FROM input.staged');
  if (rows === ids) return [];
  await engine.run('CREATE OR REPLACE TEMP TABLE twice AS '
    + 'SELECT b.source, b.booking_id, b.file_key, b.record, b.status, b.content_hi, b.content_lo FROM input.bookings AS b '
    + 'SEMI JOIN (SELECT source, booking_id FROM input.staged GROUP BY ALL HAVING count(*) > 1) AS d USING (source, booking_id)');
  await engine.run('CREATE OR REPLACE TEMP TABLE copies AS SELECT source, booking_id, file_key, record FROM twice '
    + 'QUALIFY row_number() OVER (PARTITION BY source, booking_id, status, content_hi, content_lo ORDER BY file_key, record) > 1');
  await engine.run('INSERT INTO input.duplicates SELECT * FROM copies ORDER BY file_key, record');
  await engine.run('DELETE FROM input.staged AS b USING copies AS c WHERE b.file_key = c.file_key AND b.record = c.record');
  const findings = await contradictions(engine);
  await engine.run('DROP TABLE twice; DROP TABLE copies');
  return findings;
}

interface Pair { source: string; booking_id: string; first_key: number; first_record: bigint; file_key: number; record: bigint; n: bigint }

async function contradictions(engine: Engine): Promise<Diagnostic[]> {
  const pairs = await engine.rows<Pair>(
    'WITH kept AS (SELECT * FROM twice ANTI JOIN copies USING (file_key, record)), '
    + 'told AS (SELECT *, first_value(file_key) OVER w AS first_key, first_value(record) OVER w AS first_record, '
    + 'row_number() OVER w AS nth FROM kept WINDOW w AS (PARTITION BY source, booking_id ORDER BY file_key, record)) '
    + 'SELECT *, count(*) OVER () AS n FROM told WHERE nth > 1 ORDER BY file_key, record '
    + `LIMIT ${TOLD}`);
  const places = await placesOf(engine, pairs.flatMap((pair) => [
    { file_key: pair.file_key, record: Number(pair.record) }, { file_key: pair.first_key, record: Number(pair.first_record) },
  ]));
  const findings = pairs.map((pair, index) => {
    const [at, also] = [places[2 * index]!, places[2 * index + 1]!];
    const other = also.line === undefined ? `row ${pair.first_record} of ${also.file}` : `${also.file}:${also.line}`;
    const own = at.line === undefined ? `row ${pair.record}: ` : '';
    const id = `booking "${pair.booking_id}" of source "${pair.source}"`;
    return problem('BOOKING_DUPLICATE', `${own}${id} stands in ${other} with other content`, {
      at, also, hint: 'remove the wrong one, or map a composite booking_id if the id alone is not unique',
    });
  });
  const total = pairs[0]?.n ?? 0n;
  if (total > BigInt(TOLD)) findings.push(problem('BOOKING_DUPLICATE', `and ${total - BigInt(TOLD)} more`));
  return findings;
}

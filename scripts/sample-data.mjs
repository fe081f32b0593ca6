// Makes the bookings of the sample project: the same files every time. `node scripts/sample-data.mjs [folder]`, default data/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';

const root = process.argv[2] ?? fileURLToPath(new URL('../data', import.meta.url));

/** A small congruential generator (Lehmer, 48271 mod 2^31 - 1): the sample must not change from one machine to the next. */
let state = 20260101;
const next = () => (state = (state * 48271) % 2147483647);
const below = (n) => next() % n;
const one = (list) => list[below(list.length)];

const TECHNICIANS = ['M. Petersen', 'A. Yildiz', 'J. Brandt', 'S. Kowalski', 'L. Hansen', 'T. Meyer'];
const SOUTH = ['F. Huber', 'K. Lindner', 'D. Marić'];
const WEST = ['R. Schmitz', 'C. Nowak'];

/** Visits a month, kilometres there and back, places, and what is done there. `plan`: visits are planned and billed in advance. */
const CUSTOMERS = {
  'hafenkontor': { visits: 5, km: 12, team: TECHNICIANS, sites: ['Speicherblock D, Lüftung', 'Speicherblock D, Kälteanlage', 'Sandtorkai 41, Heizzentrale'], work: ['maintenance', 'repair', 'inspection'] },
  'elbtal': { visits: 4, km: 96, team: TECHNICIANS, sites: ['Elbstrasse 88, Heizzentrale', 'Uferweg 3-9, Wärmepumpe', 'Schulstrasse 14, Heizung'], work: ['inspection', 'repair', 'maintenance'] },
  'alster-hotel': { visits: 6, km: 9, team: TECHNICIANS, sites: ['Küche, Kühlzelle 2', 'Dach, Rückkühler', 'Wellness, Lüftung', 'Keller, Wasserbereitung'], work: ['repair', 'maintenance', 'emergency'] },
  'kieler-werft': { visits: 9, km: 194, team: TECHNICIANS, sites: ['Halle 3, Kälteanlage', 'Dock 2, Kompressor', 'Lackiererei, Absaugung'], work: ['repair', 'emergency', 'maintenance'] },
  'basel-pharma': { visits: 2, km: 0, team: SOUTH, sites: ['Bau 12, Klimaprüfschrank', 'Bau 7, Kaltwassersatz'], work: ['inspection', 'maintenance'], currency: 'CHF', rate: { inspection: '112,00', maintenance: '104,50' } },
  'isar-brauerei': { visits: 6, km: 18, team: SOUTH, sites: ['Sudhaus, Glykolkreis', 'Lagerkeller, Kälteanlage', 'Abfüllung, Kompressor'], work: ['maintenance', 'repair', 'emergency'] },
  'allgaeu-molkerei': { visits: 5, km: 248, team: SOUTH, sites: ['Käserei, Kaltwasser', 'Hochregal, Verdampfer'], work: ['maintenance', 'repair'] },
  'salzburg-logistik': { visits: 3, km: 292, team: SOUTH, sites: ['Kühlhaus 1', 'Kühlhaus 2, Torluftschleier'], work: ['inspection', 'repair'] },
  'rhein-depot': { visits: 5, km: 44, team: WEST, sites: ['Werkstatt, Heizung', 'Waschanlage, Wärmetauscher'], work: ['repair', 'inspection'] },
  'lyon-textiles': { visits: 2, km: 0, team: WEST, sites: ['Färberei, Wärmerückgewinnung', 'Weberei, Befeuchtung'], work: ['inspection', 'maintenance'] },
  'domplatz-kino': { visits: 3, km: 14, team: WEST, sites: ['Saal 1, Lüftung', 'Foyer, Kälteanlage'], work: ['maintenance', 'repair'], from: 4 },
  'nordsee-kliniken': { plan: 4, team: TECHNICIANS, sites: ['Haus A, Raumluft OP', 'Haus B, Kälteanlage', 'Küche, Kühlzellen', 'Haus C, Dampferzeuger'] },
  'wien-galerie': { plan: 2, team: SOUTH, sites: ['Depot, Klimatisierung', 'Ausstellung, Befeuchter'] },
};
const WORDS = {
  inspection: ['Dichtheitsprüfung', 'Jahresprüfung', 'Sicherheitsprüfung'],
  maintenance: ['Wartung', 'Filterwechsel', 'Reinigung Verflüssiger'],
  repair: ['Pumpe abgedichtet', 'Regelventil ersetzt', 'Lüftermotor getauscht', 'Leck gesucht und behoben'],
  emergency: ['Notdienst: Ausfall Verdichter', 'Notdienst: Hochdruckstörung', 'Notdienst: Wasseraustritt'],
};

const two = (n) => String(n).padStart(2, '0');
const daysIn = (month) => new Date(Date.UTC(2026, month, 0)).getUTCDate();
const weekday = (month, day) => new Date(Date.UTC(2026, month - 1, day)).getUTCDay();
/** `day`.`month`.2026 and minutes since midnight, as the dispatch system writes it. */
const german = (month, day, minutes) => `${two(day)}.${two(month)}.2026 ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
/** New Year and the holidays after it, Easter, 1 May. */
const CLOSED = new Set(['1-1', '1-2', '4-3', '4-6', '5-1']);
const workday = (month, last) => {
  for (;;) {
    const day = 1 + below(last);
    const is = weekday(month, day);
    if (is !== 0 && is !== 6 && !CLOSED.has(`${month}-${day}`)) return day;
  }
};
const comma = (quarters) => String(quarters / 4).replace('.', ',');

/** The visits of a month as rows without ids. */
function visits(month, last) {
  const rows = [];
  for (const [customer, c] of Object.entries(CUSTOMERS)) {
    if (c.plan !== undefined || (c.from ?? 1) > month) continue;
    const count = last < 10 ? 1 : c.visits + below(3) - 1;
    for (let i = 0; i < Math.max(1, count); i += 1) {
      const kind = one(c.work);
      const day = workday(month, last);
      // The second half of April the depot only sent parts back: its ten days end with a credit note.
      if (customer === 'rhein-depot' && month === 4 && day >= 9 && day <= 20) continue;
      const start = 450 + 15 * below(30);
      const quarters = 4 + below(14);
      const text = `${one(WORDS[kind])}, ${one(c.sites)} (${one(c.team)})`;
      const status = below(100) < 5 ? 'storniert' : below(100) < 3 ? 'entwurf' : 'abgeschlossen';
      const common = { customer, begin: [month, day, start], end: [month, day, start + 15 * quarters], currency: c.currency ?? '', status };
      rows.push({ ...common, product: kind, text, quantity: comma(quarters), price: c.rate?.[kind] ?? '' });
      if (c.km > 0) rows.push({ ...common, product: 'travel', text: `Anfahrt ${one(c.sites).split(',')[0]}`, quantity: String(c.km), price: '' });
      if (kind === 'inspection' && c.currency === undefined && below(3) === 0) {
        rows.push({ ...common, product: 'logbook', text: '', quantity: '1', price: '' });
      }
    }
  }
  return rows;
}

/** The visits planned for a month, one row each; the export of the month before holds them. */
function planned(month) {
  const rows = [];
  for (const [customer, c] of Object.entries(CUSTOMERS)) {
    for (let i = 0; i < (c.plan ?? 0); i += 1) {
      const day = workday(month, daysIn(month));
      const text = `Wartungsbesuch, ${c.sites[i % c.sites.length]} (${one(c.team)})`;
      rows.push({ customer, product: 'maintenance-visit', text, begin: [month, day, 480], end: [month, day, 720], quantity: '1', price: '', currency: '', status: 'geplant' });
    }
  }
  return rows;
}

/** Rows that are there to be looked at. */
function special(month) {
  const job = (customer, product, text, day, from, to, quantity, price = '', status = 'abgeschlossen') => (
    { customer, product, text, begin: [month, day, from], end: [month, day, to], quantity, price, currency: '', status });
  return {
    2: [job('hafenkontor', 'travel', 'Gutschrift: Anfahrt im Januar doppelt berechnet', 3, 480, 480, '-12')],
    3: [job('isar-brauerei', 'emergency', 'Notdienst am Sonntag, Pauschale: Ausfall Glykolpumpe (F. Huber)', 15, 540, 780, '1', '680,00')],
    4: [job('kieler-werft', 'inspection', 'Druckprüfung Dock 2 nach § 15 BetrSichV (L. Hansen)', 22, 480, 930, '7,5', '118,40')],
    5: [
      job('hafenkontor', 'inspection', 'Jahresprüfung, Speicherblock D (J. Brandt)', 20, 480, 720, '4', '', 'geplant'),
      job('elbtal', 'maintenance', 'Wartung, Uferweg 3-9 (A. Yildiz)', 12, 480, 720, '4', '', 'geplant'),
    ],
  }[month] ?? [];
}

const HEADER = 'Auftrag;Kunde;Leistung;Beschreibung;Beginn;Ende;Menge;Preis;Währung;Status';
const quote = (text) => (/[;"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function csv(rows, series, first = 1) {
  const sorted = rows.map((row, i) => ({ row, i, key: row.begin.map((n) => String(n).padStart(4, '0')).join() }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.i - b.i));
  const lines = sorted.map(({ row }, i) => [
    `J${series}-${String(first + i).padStart(4, '0')}`, row.customer, row.product, row.text, german(...row.begin), german(...row.end), row.quantity,
    row.price, row.currency, row.status,
  ].map(quote).join(';'));
  return `${[HEADER, ...lines].join('\n')}\n`;
}

function write(file, text) {
  const path = join(root, file);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
}

write('bookings/jobs/2025-12.csv', csv(planned(1), '2512'));
for (const month of [1, 2, 3, 4]) write(`bookings/jobs/2026-${two(month)}.csv`, csv([...visits(month, daysIn(month)), ...special(month), ...planned(month + 1)], `26${two(month)}`));
write('bookings/jobs/2026-05.csv', csv([...visits(5, 4), ...special(5), ...planned(6)], '2605'));

// Three jobs of March that the technician handed in on 8 April, after March was billed: scripts/sample.mjs delivers them late.
const late = [
  ['hafenkontor', 'repair', 'Regelventil ersetzt, Sandtorkai 41, Heizzentrale (T. Meyer)', 26, '3,5'],
  ['alster-hotel', 'emergency', 'Notdienst: Wasseraustritt, Keller (T. Meyer)', 27, '2,25'],
  ['isar-brauerei', 'maintenance', 'Wartung, Abfüllung, Kompressor (K. Lindner)', 30, '4'],
].map(([customer, product, text, day, quantity]) => ({ customer, product, text, begin: [3, day, 540], end: [3, day, 760], quantity, price: '', currency: '', status: 'abgeschlossen' }));
write('inbox/2026-03-late.csv', csv(late, '2603', 9001));

write('bookings/subcontractor/2026-02.csv', `Ref,Client,Service,Work,From,To,Hours,Rate,State
SUB-0207,elbtal,inspection,"Smoke extraction test, Schulstrasse 14",2026-02-11T08:00,2026-02-11T12:30,4.5,79.00,done
SUB-0208,elbtal,inspection,"Smoke extraction test, Uferweg 3-9",2026-02-12T08:00,2026-02-12T11:00,3,79.00,done
SUB-0209,hafenkontor,repair,"Crane hoist for roof unit",2026-02-18T07:00,2026-02-18T10:00,3,126.50,done
SUB-0210,kieler-werft,repair,"Scaffold, paint shop",2026-02-20T07:00,2026-02-20T15:00,8,64.00,cancelled
`);
write('bookings/subcontractor/2026-04.csv', `Ref,Client,Service,Work,From,To,Hours,Rate,State
SUB-0411,elbtal,repair,"Pipe insulation, boiler room",2026-04-09T07:30,2026-04-09T13:00,5.5,71.00,done
SUB-0412,elbtal,repair,"Pipe insulation, roof",2026-04-31T07:30,2026-04-31T12:00,4.5,71.00,done
SUB-0413,hafenkontor,repair,"Core drilling, 3 holes",2026-04-14T08:00,2026-04-14T11:00,three,92.00,done
SUB-0414,hafen-kontor,repair,"Core drilling, block E",2026-04-15T08:00,2026-04-15T11:00,3,92.00,done
,kieler-werft,repair,"Welding, dock 2",2026-04-16T07:00,2026-04-16T15:30,8.5,88.00,done
SUB-0416,kieler-werft,repair,Welding, dock 2, second shift,2026-04-17T07:00,2026-04-17T15:30,8.5,88.00,done
SUB-0417,kieler-werft,inspection,"X-ray of welds, dock 2",2026-04-20T08:00,2026-04-20T12:00,4,135.00,done
SUB-0418,isar-brauerei,repair,"Tank cleaning",2026-04-22T06:00,2026-04-22T14:00,8,66.00,offer
`);

const ARTICLES = [
  ['gas-bottle', '32.50', 6], ['refrigerant', '64.80', 12], ['filter-set', '48.90', 8], ['pump-seal', '17.35', 4], ['sensor', '39.75', 3],
  ['compressor-oil', '21.20', 10],
];
const BUYERS = ['hafenkontor', 'elbtal', 'alster-hotel', 'kieler-werft', 'isar-brauerei', 'allgaeu-molkerei', 'rhein-depot', 'lyon-textiles', 'salzburg-logistik'];

function orders(month, last) {
  const rows = [];
  const all = [];
  for (const customer of BUYERS) for (let i = 0; i < 1 + below(2); i += 1) all.push([customer, workday(month, last), 8 * 60 + 15 * below(30)]);
  const kept = all.filter(([customer, day]) => !(customer === 'rhein-depot' && month === 4 && day >= 9 && day <= 20)).slice(0, last < 10 ? 4 : 99);
  kept.sort((a, b) => a[1] - b[1] || a[2] - b[2] || (a[0] < b[0] ? -1 : 1));
  kept.forEach(([customer, day, minutes], i) => {
    const order = 700000 + month * 1000 + i + 1;
    const cancelled = below(20) === 0;
    for (let pos = 1; pos <= 1 + below(3); pos += 1) {
      const [article, price, most] = one(ARTICLES);
      const qty = article === 'refrigerant' ? `${1 + below(most)}.${one(['0', '25', '5', '75'])}` : String(1 + below(most));
      rows.push([order, pos * 10, customer, article, null, month, day, minutes, qty, price, cancelled ? 'cancelled' : 'shipped']);
    }
  });
  if (month === 4) {
    rows.push([704900, 10, 'rhein-depot', 'sensor', 'Rücksendung: Temperaturfühler Pt100, falscher Typ', 4, 14, 600, '-3', '39.75', 'returned']);
    rows.push([704901, 10, 'alster-hotel', 'filter-set', 'Rücksendung: Filtersatz F7, zu viel geliefert', 4, 21, 660, '-2', '48.90', 'returned']);
  }
  return rows;
}

const text = (value) => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`);
/** Summer time from 29 March 2026. */
const offset = (month, day) => (month > 3 || (month === 3 && day >= 29) ? '+02' : '+01');

const database = await DuckDBInstance.create(':memory:');
const connection = await database.connect();
const control = ['file,rows,amount'];
for (const [month, last] of [[1, 31], [2, 28], [3, 31], [4, 30], [5, 4]]) {
  const rows = orders(month, last);
  const values = rows.map(([order, pos, customer, article, words, m, day, minutes, qty, price, status]) => `(${order}, ${pos}, ${text(customer)}, ${text(article)}, ${text(words)}, `
    + `TIMESTAMPTZ '2026-${two(m)}-${two(day)} ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:00${offset(m, day)}', ${qty}, ${price}, 'EUR', ${text(status)})`);
  const file = `2026-${two(month)}.parquet`;
  mkdirSync(join(root, 'bookings/parts'), { recursive: true });
  await connection.run(`COPY (SELECT order_no::BIGINT AS order_no, pos::INTEGER AS pos, customer, article, text, shipped_at, qty::DECIMAL(10,3) AS qty,
      net_price::DECIMAL(12,4) AS net_price, currency, state
    FROM (VALUES ${values.join(', ')}) AS t(order_no, pos, customer, article, text, shipped_at, qty, net_price, currency, state) ORDER BY order_no, pos)
    TO '${join(root, 'bookings/parts', file).replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`);
  // Quantities have at most two decimals and prices two: ten-thousandths are exact. Each row is rounded to cents, half away from zero.
  const cents = rows.reduce((sum, row) => {
    const exact = Math.round(Number(row[8]) * 100) * Math.round(Number(row[9]) * 100);
    return sum + Math.sign(exact) * Math.floor((Math.abs(exact) + 50) / 100);
  }, 0);
  control.push(`${file},${rows.length},${Math.floor(cents / 100)}.${two(cents % 100)}`);
}
connection.closeSync();
write('bookings/parts/control.csv', `${control.join('\n')}\n`);

/** Units of measure as UN/ECE Recommendation 20 codes (rev. 17; EN 16931 code list BR-CL-23). */

/** Words by code, in the languages of the documents, in lower case and without a full stop. */
const WORDS: Readonly<Record<string, string>> = {
  HUR: 'h hr hrs hour hours std stunde stunden heure heures hora horas ora ore uur uren',
  DAY: 'd day days tag tage jour jours día días dia dias giorno giorni dag dagen',
  WEE: 'w wk week weeks woche wochen semaine semaines semana semanas settimana settimane weken',
  MON: 'mo month months monat monate mois mes meses mese mesi maand maanden',
  ANN: 'y yr year years jahr jahre an ans année années año años anno anni jaar jaren',
  MIN: 'min minute minutes minuten minuto minutos minuti minuut',
  SEC: 's sec second seconds sekunde sekunden seconde secondes segundo segundos secondo secondi seconden',
  C62: 'pc pcs piece pieces unit units each ea item items stk stck stück stueck pièce pièces pce unité unités pieza piezas unidad unidades '
    + 'pezzo pezzi pz unità stuk stuks st eenheid eenheden',
  KGM: 'kg kgs kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes kilogramo kilogramos chilogrammo chilogrammi',
  GRM: 'g gram grams gramm gramme grammes gramo gramos grammo grammi',
  TNE: 't tonne tonnes tonnen ton tonelada toneladas tonnellata tonnellate',
  KMT: 'km kilometre kilometres kilometer kilometers kilomètre kilomètres kilómetro kilómetros chilometro chilometri',
  MTR: 'm metre metres meter meters mètre mètres metro metros metri',
  MTK: 'm2 m² sqm qm',
  MTQ: 'm3 m³ cbm',
  LTR: 'l litre litres liter liters litro litros litri',
  KWH: 'kwh kilowattstunde kilowattstunden',
  MWH: 'mwh',
  E34: 'gb gigabyte gigabytes',
  '4L': 'mb megabyte megabytes',
  E35: 'tb terabyte terabytes',
  PR: 'pair pairs paar paire paires par pares paio paia',
  SET: 'set sets satz',
  LS: 'flat flat-rate lump-sum lumpsum pauschale pauschal forfait',
};

const CODES: ReadonlyMap<string, string> = new Map(Object.entries(WORDS).flatMap(([code, words]) => (
  words.split(' ').map((word) => [word, code] as const))));

/** The code of a unit as the user wrote it ("hour", "Stück", "KGM"); C62, "one", where there is none or it is not known. */
export function unitCode(unit: string | null): string {
  if (unit === null) return 'C62';
  const word = unit.trim().replace(/\.$/, '');
  return CODES.get(word.toLowerCase()) ?? (Object.hasOwn(WORDS, word) ? word : 'C62');
}

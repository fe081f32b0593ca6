/** Units stand in the language of the document where they are among the common ones. */
import { describe, expect, it } from 'vitest';
import { localeFormat } from '../../src/documents/locale.js';
import { unitCode } from '../../src/documents/ubl-units.js';
import { UNIT_WORDS, unitText } from '../../src/documents/units.js';

const told = (locale: string, unit: string, ...quantities: string[]): string[] => (
  quantities.map((quantity) => `${quantity} ${unitText(localeFormat(locale), unit, quantity)}`));

describe('a unit', () => {
  it('has one form for one and another for more, in the language of the document', () => {
    expect(told('en-GB', 'hour', '1', '-1', '2', '0.5', '0')).toEqual(['1 hour', '-1 hour', '2 hours', '0.5 hours', '0 hours']);
    expect(told('de-AT', 'day', '1', '1.5', '-3')).toEqual(['1 Tag', '1.5 Tage', '-3 Tage']);
    expect(told('fr-FR', 'hour', '1', '1.5', '0', '-1.75', '2', '10')).toEqual(['1 heure', '1.5 heure', '0 heure', '-1.75 heure', '2 heures', '10 heures']);
    expect(told('nl-NL', 'piece', '1', '4')).toEqual(['1 stuk', '4 stuks']);
  });

  it('that is none of the common ones stands as it is declared', () => {
    for (const unit of ['visit', 'Std.', 'Hour', 'kg', 'toString', '']) expect(told('de-DE', unit, '2')).toEqual([`2 ${unit}`]);
  });

  it('means the same in every language, as the code of the e-invoice knows it', () => {
    for (const language of ['en', 'de', 'fr', 'es', 'it', 'nl']) {
      for (const unit of UNIT_WORDS) {
        for (const quantity of ['1', '2']) expect(unitCode(unitText(localeFormat(language), unit, quantity)), `${language} ${unit}`).toBe(unitCode(unit));
      }
    }
  });
});

/** The resolved accounts of the journal; in templates stand `{customer_id}`, `{product}`, `{tax_id}`, `{currency}`. */

/** What a posting is for. */
export type AccountRole = 'receivables' | 'revenue' | 'tax' | 'deposits' | 'carried';

export interface Accounting {
  /** The account of a role where nothing more special holds. */
  readonly accounts: Readonly<Record<AccountRole, string>>;
  /** More special ones, sorted; of two that fit a posting the one by product wins. */
  readonly special: readonly {
    readonly role: AccountRole;
    readonly by: 'customer' | 'product' | 'tax';
    readonly id: string;
    readonly account: string;
  }[];
}

/** What the PDF printer and its processes say to each other. */

/** To a new process: where the compiler is (a URL), the folder that is the template's world, and what to print with. */
export interface OpenMessage {
  readonly module: string;
  readonly workspace: string;
  readonly template: string;
  readonly fonts: readonly Uint8Array[];
  /** A PDF standard by typst's name, "a-2a". */
  readonly standard: string;
}

/** One document. */
export interface PrintMessage {
  readonly id: number;
  /** JSON. */
  readonly data: string;
  /** Names begin with a slash. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Whether characters that no font has are shown as a box; else they refuse the document. */
  readonly mark: boolean;
}

/** What the compiler says. Lines and columns are 1-based, 0 where unknown. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** The one answer to each message: `ready` or `fatal` to the first, then `pdf` with what was marked, or `problems`. */
export interface Reply {
  readonly ready?: boolean;
  readonly fatal?: string;
  readonly pdf?: Uint8Array;
  readonly marked?: readonly string[];
  readonly problems?: readonly Finding[];
}

/** Templates and logo as they hold for a partner, compiled once. */
import { join } from 'node:path';
import { compileTemplates } from '../documents/templates.js';
import type { Templates, TemplateSources } from '../documents/templates.js';
import { readTheme } from '../documents/theme.js';
import { canonicalJson, sha256 } from '../values/digest.js';
import { loadLogo, loadTemplateSources } from '../world/template-files.js';
import type { Context } from './context.js';

/** Templates that a process keeps. */
const MOST_TEMPLATES = 100;

export interface Brand {
  readonly templates: Templates;
  /** data: URI, or null. */
  readonly logo: string | null;
  /** Colours by name, for templates that are not compiled here (PDF). */
  readonly theme: Readonly<Record<string, string>>;
}

/** Gives the brand of a partner (null: the issuer's own). `mail: false` skips compiling mails, which is slow. */
export type Brands = (partner_id: string | null) => Promise<Brand>;

const compiled = new WeakMap<Context, Map<string, Promise<Brand>>>();

/** Brands of a configuration, each compiled when first asked for and once in a command. */
export function brandsOf(context: Context, options: { readonly mail: boolean }): Brands {
  const known = compiled.get(context) ?? new Map<string, Promise<Brand>>();
  compiled.set(context, known);
  return (partner_id) => {
    const folder = context.config.partners.find((partner) => partner.partner_id === partner_id)?.templates ?? null;
    const key = JSON.stringify([folder, options.mail]);
    let brand = known.get(key);
    if (brand === undefined) {
      brand = compile(context, folder, options.mail);
      known.set(key, brand);
    }
    return brand;
  };
}

/** By the text they were compiled from: a run compiles for pages and for mails, and a process may serve many commands. */
const known_templates = new Map<string, Promise<Templates>>();

function templatesOf(sources: TemplateSources, mail: boolean): Promise<Templates> {
  const key = sha256(canonicalJson([sources, mail]));
  const known = known_templates.get(key);
  if (known !== undefined) return known;
  const made = compileTemplates(sources, { mail });
  if (known_templates.size < MOST_TEMPLATES) known_templates.set(key, made);
  return made;
}

async function compile(context: Context, folder: string | null, mail: boolean): Promise<Brand> {
  const { config, world } = context;
  const sources = await loadTemplateSources(config.root, join(world.package_root, 'templates'), [folder, config.templates]);
  const logo = config.issuer.logo === undefined ? null : await loadLogo(config.root, config.issuer.logo);
  return { templates: await templatesOf(sources, mail), logo, theme: readTheme(sources.theme, []) };
}

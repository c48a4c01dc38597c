// i18n.ts - sentences in the reader's language.
//
// strings.ts holds every sentence in both languages.  A sentence's {names} are
// part of its type: leaving one out, or writing it in one language only, does
// not compile.
import type { Language, Text } from '../api/types';
import { strings } from './strings';

export type Key = keyof typeof strings;

type Names<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type NamesOf<K extends Key> = Names<(typeof strings)[K]['ja']>;

// Every sentence must use the same names in both languages.
type Unequal = { [K in Key]: [NamesOf<K>] extends [Names<(typeof strings)[K]['en']>]
	? [Names<(typeof strings)[K]['en']>] extends [NamesOf<K>] ? never : K : K }[Key];
const equal: [Unequal] extends [never] ? true : Unequal = true;
void equal;

type Args<K extends Key> = [NamesOf<K>] extends [never] ? [] : [{ [N in NamesOf<K>]: string | number }];

/** A sentence cut at its {names}, for those who draw the values themselves. */
export function templateParts(template: string): { text: string; name: string | null }[] {
	return template.split(/(\{\w+\})/).filter((p) => p !== '')
		.map((p) => /^\{\w+\}$/.test(p) ? { text: p, name: p.slice(1, -1) } : { text: p, name: null });
}

export function fill(template: string, values: Record<string, string | number>): string {
	return template.replace(/\{(\w+)\}/g, (whole, name: string) => name in values ? String(values[name]) : whole);
}

/** t('now.count', { n: 3 }) in one language. */
export type Translate = <K extends Key>(key: K, ...args: Args<K>) => string;

export function translator(language: Language): Translate {
	return (key, ...args) => {
		const template: string = strings[key][language];
		return args[0] === undefined ? template : fill(template, args[0]);
	};
}

/** A rule's text: Japanese where there is one. */
export function pick(text: Text, language: Language): string {
	return language === 'ja' && text.ja !== undefined && text.ja !== '' ? text.ja : text.en;
}

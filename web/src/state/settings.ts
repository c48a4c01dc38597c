// settings.ts - what a person chose for this browser: language, theme, shortcuts.
import { clientSetLanguage } from '../api/client';
import type { Language } from '../api/types';
import { translator, type Translate } from '../text/i18n';
import { Store, useStore } from './store';

export type Theme = 'auto' | 'light' | 'dark';

// A browser may refuse storage; then the choice lasts as long as the page.
function recall(name: string): string | null {
	try {
		return localStorage.getItem('hinomi.' + name);
	} catch {
		return null;
	}
}

function keep(name: string, value: string): void {
	try {
		localStorage.setItem('hinomi.' + name, value);
	} catch {
		// nothing to do: see above
	}
}

function firstLanguage(): Language {
	const kept = recall('language');
	if (kept === 'ja' || kept === 'en')
		return kept;
	return navigator.language.toLowerCase().startsWith('en') ? 'en' : 'ja';
}

function firstTheme(): Theme {
	const kept = recall('theme');
	return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

export const language = new Store<Language>(firstLanguage());
export const theme = new Store<Theme>(firstTheme());
export const shortcuts = new Store<boolean>(recall('shortcuts') !== 'off');

function applyLanguage(to: Language): void {
	document.documentElement.lang = to;
	clientSetLanguage(to);
}

function applyTheme(to: Theme): void {
	if (to === 'auto')
		delete document.documentElement.dataset['theme'];
	else
		document.documentElement.dataset['theme'] = to;
}

/** The account's language counts where this browser has made no choice of its own. */
export function settingsOfferLanguage(to: Language): void {
	if (recall('language') === null)
		language.set(to);
}

export function settingsChooseLanguage(to: Language): void {
	keep('language', to);
	language.set(to);
}

export function settingsStart(): void {
	applyLanguage(language.get());
	language.watch(applyLanguage);
	theme.watch((to) => {
		keep('theme', to);
		applyTheme(to);
	});
	shortcuts.watch((on) => keep('shortcuts', on ? 'on' : 'off'));
}

const translators: Record<Language, Translate> = { ja: translator('ja'), en: translator('en') };

/** The language in use and its sentences. */
export function useText(): { language: Language; t: Translate } {
	const l = useStore(language);
	return { language: l, t: translators[l] };
}

export function translate(): Translate {
	return translators[language.get()];
}

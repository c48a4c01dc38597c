// header.tsx - the frame's top: where to go, whether the picture is live, and one's own choices.
import type { Session } from '../api/types';
import { alertList } from '../state/alerts';
import { filtersToSearch, levels } from '../state/filters';
import { connection, overview } from '../state/overview';
import { route } from '../state/route';
import { sessionSignOut } from '../state/session';
import { language, settingsChooseLanguage, theme, useText, type Theme } from '../state/settings';
import { useStore } from '../state/store';
import { numberCount } from '../text/number';
import { keyHelp } from './keyhelp';
import { Outside } from './outside';

function Mark() {
	return (
		<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
			<path d="M8 12 16 5l8 7M10 12h12M12 12l-3 15M20 12l3 15M11 19h10M10 25h12" />
			<circle cx="16" cy="15.4" r="2.4" />
		</svg>
	);
}

function Connection() {
	const { t } = useText();
	const state = useStore(connection);
	return (
		<p class={`connection connection-${state}`} role="status" title={t(`live.${state}.help`)}>
			<span class="dot" aria-hidden="true" />{t(`live.${state}`)}
		</p>
	);
}

export function LanguageSwitch() {
	const { t } = useText();
	const chosen = useStore(language);
	return (
		<div class="switch" role="group" aria-label={t('app.language')}>
			<button type="button" lang="ja" aria-pressed={chosen === 'ja'} onClick={() => settingsChooseLanguage('ja')}>日本語</button>
			<button type="button" lang="en" aria-pressed={chosen === 'en'} onClick={() => settingsChooseLanguage('en')}>English</button>
		</div>
	);
}

const themes: readonly Theme[] = ['auto', 'light', 'dark'];

export function ThemeSwitch() {
	const { t } = useText();
	const chosen = useStore(theme);
	return (
		<label class="select">
			<span class="only-heard">{t('app.theme')}</span>
			<select value={chosen} title={t('app.theme')} onChange={(e) => theme.set(e.currentTarget.value as Theme)}>
				{themes.map((name) => <option value={name} selected={name === chosen}>{t(`app.theme.${name}`)}</option>)}
			</select>
		</label>
	);
}

function Nav() {
	const { t, language: l } = useText();
	const at = useStore(route);
	const counts = useStore(overview);
	const list = useStore(alertList);
	const open = counts === null ? 0 : levels.reduce((n, level) => n + counts.open[level], 0);
	const silent = counts?.institutions.silent ?? 0;
	const inNow = at.page === 'now' || at.page === 'alert';
	const inInstitutions = at.page === 'institutions' || at.page === 'institution';
	return (
		<nav aria-label={t('nav.label')}>
			<a href={at.page === 'now' ? '/' : '/' + filtersToSearch(list.filters)} aria-current={inNow ? 'page' : undefined}>
				{t('nav.now')}
				{open > 0 ? <span class="count" title={t('nav.open', { n: open })}>{numberCount(open, l)}</span> : null}
			</a>
			<a href="/institutions" aria-current={inInstitutions ? 'page' : undefined}>
				{t('nav.institutions')}
				{silent > 0 ? <span class="count count-bad">{t('nav.silent', { n: silent })}</span> : null}
			</a>
		</nav>
	);
}

export function Header({ session }: { session: Session }) {
	const { t } = useText();
	return (
		<header class="header">
			<a class="brand" href="/"><Mark /><span>{t('app.name')}</span></a>
			<Nav />
			<Connection />
			<div class="tools">
				<button type="button" class="quiet" aria-haspopup="dialog" onClick={() => keyHelp.set(true)}>
					<kbd aria-hidden="true">?</kbd><span class="only-heard">{t('app.keys')}</span>
				</button>
				<ThemeSwitch />
				<LanguageSwitch />
				<span class="who" title={t('app.signedInAs', { name: session.user.name })}><Outside text={session.user.name} /></span>
				<button type="button" class="quiet" onClick={() => void sessionSignOut()}>{t('app.signOut')}</button>
			</div>
		</header>
	);
}

// app.tsx - the frame: signed in or not, and which page.
import { Component, type ComponentChildren } from 'preact';
import type { Session } from './api/types';
import { AlertPage } from './pages/alert';
import { InstitutionPage } from './pages/institution';
import { InstitutionsPage } from './pages/institutions';
import { NowPage } from './pages/now';
import { SignInPage } from './pages/signin';
import { Announcer } from './parts/announcer';
import { Header } from './parts/header';
import { KeyHelp, keyHelp } from './parts/keyhelp';
import { Empty, Loading, ProblemNotice } from './parts/notice';
import { PageHead } from './parts/pagehead';
import { useKeys } from './state/keys';
import { navigate, route } from './state/route';
import { session, sessionStart } from './state/session';
import { translate, useText } from './state/settings';
import { useStore } from './state/store';

/** A fault in one page must not leave a white window at night. */
class Guard extends Component<{ children: ComponentChildren }, { fault: string | null }> {
	override state = { fault: null };

	static override getDerivedStateFromError(e: unknown) {
		return { fault: e instanceof Error ? `${e.name}: ${e.message}` : String(e) };
	}

	override render() {
		const t = translate();
		if (this.state.fault === null)
			return this.props.children;
		return (
			<main id="main">
				<div class="notice problem" role="alert">
					<p>{t('app.crashed')}</p>
					<pre class="command">{this.state.fault}</pre>
					<p><button type="button" onClick={() => location.reload()}>{t('app.reload')}</button></p>
				</div>
			</main>
		);
	}
}

function Missing() {
	const { t } = useText();
	return (
		<main id="main" tabIndex={-1}>
			<PageHead name={t('missing.title')}>{t('missing.title')}</PageHead>
			<Empty title={t('missing.title')} help={t('missing.help')}>
				<p><a class="button" href="/">{t('nav.now')}</a></p>
			</Empty>
		</main>
	);
}

function Page({ session: s }: { session: Session }) {
	const at = useStore(route);
	switch (at.page) {
	case 'now':
		return <NowPage search={at.search} session={s} />;
	case 'alert':
		return <AlertPage key={at.id} id={at.id} />;
	case 'institutions':
		return <InstitutionsPage />;
	case 'institution':
		return <InstitutionPage key={at.id} id={at.id} />;
	case 'missing':
		return <Missing />;
	}
}

function Frame({ session: s }: { session: Session }) {
	const { t } = useText();
	useKeys({
		'?': () => keyHelp.set(true),
		'1': () => navigate('/'),
		'2': () => navigate('/institutions'),
		'/': () => { navigate('/'); window.setTimeout(() => document.getElementById('search')?.focus()); },
	});
	const skip = (e: Event) => {
		e.preventDefault();
		document.getElementById('main')?.focus();
	};
	return (
		<>
			<a class="skip" href="#main" onClick={skip}>{t('app.skip')}</a>
			<Header session={s} />
			<Guard><Page session={s} /></Guard>
			<Announcer />
			<KeyHelp />
		</>
	);
}

export function App() {
	const state = useStore(session);
	switch (state.is) {
	case 'unknown':
		return <main id="main"><Loading /></main>;
	case 'failed':
		return <main id="main"><ProblemNotice problem={state.problem} onRetry={() => void sessionStart()} /></main>;
	case 'out':
		return <Guard><SignInPage ended={state.ended} /></Guard>;
	case 'in':
		return <Frame session={state.session} />;
	}
}

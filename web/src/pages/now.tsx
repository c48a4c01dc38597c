// now.tsx - the queue: what has been detected and not dealt with, newest first, live.
import { useEffect, useRef } from 'preact/hooks';
import type { AlertSummary, Session } from '../api/types';
import { AlertRow } from '../parts/alertrow';
import { announce } from '../parts/announcer';
import { FilterBar } from '../parts/filters';
import { Command, Empty, Loading, ProblemNotice, registerCommands } from '../parts/notice';
import { PageHead } from '../parts/pagehead';
import {
	alertList, alertListAttend, alertListMore, alertListRelease, alertListReload, alertListShow, type AlertList,
} from '../state/alerts';
import { filtersCount, filtersFromSearch, filtersToSearch } from '../state/filters';
import { useKeys } from '../state/keys';
import { overview } from '../state/overview';
import { waitingMax } from '../state/queue';
import { language, translate, useText } from '../state/settings';
import { useStore } from '../state/store';
import { pick } from '../text/i18n';
import { numberCount } from '../text/number';
import { visibleString } from '../text/visible';

const nearTop = 120; // px scrolled: still looking at the newest
const handStill = 4_000; // ms since the pointer last moved over the list
const look = 2_000; // ms between looks whether the reader has left the list

// Where the reader was, to come back to from an alert.
let leftAt = { search: '', y: 0, alert: '' };

function links(): HTMLAnchorElement[] {
	return [...document.querySelectorAll<HTMLAnchorElement>('.queue a[data-alert]')];
}

// Rows lie one below the other: halve instead of asking each for its place, which would lay out all of them.
function firstInView(all: readonly HTMLAnchorElement[]): HTMLAnchorElement | undefined {
	let low = 0;
	let high = all.length;
	while (low < high) {
		const mid = (low + high) >> 1;
		if ((all[mid]?.parentElement?.getBoundingClientRect().bottom ?? 0) > 0)
			high = mid;
		else
			low = mid + 1;
	}
	return all[low];
}

/** j and k: to the row after or before the focused one; from elsewhere, to the first row in view. */
function step(by: 1 | -1): void {
	const all = links();
	const at = all.findIndex((a) => a === document.activeElement);
	const to = at >= 0 ? all[at + by] : firstInView(all);
	to?.focus();
	to?.scrollIntoView({ block: 'nearest' });
}

function announceArrival(fresh: readonly AlertSummary[]): void {
	const newest = fresh.reduce((a, b) => a.time >= b.time ? a : b);
	announce(translate()('now.announce', { n: fresh.length, title: visibleString(pick(newest.rule.title, language.get())) }));
}

/** Rows must not move under a reader: tells whether there is one, and lets waiting rows in when not. */
function useAttention(list: { current: HTMLElement | null }): void {
	const moved = useRef(0);
	useEffect(() => {
		const reading = () => window.scrollY > nearTop || list.current?.contains(document.activeElement) === true ||
			Date.now() - moved.current < handStill;
		const onMove = (e: PointerEvent) => {
			if (e.target instanceof Node && list.current?.contains(e.target) === true)
				moved.current = Date.now();
		};
		document.addEventListener('pointermove', onMove, { passive: true });
		const leave = alertListAttend(reading, announceArrival);
		const timer = window.setInterval(() => {
			if (!reading())
				alertListRelease();
		}, look);
		return () => {
			document.removeEventListener('pointermove', onMove);
			window.clearInterval(timer);
			leave();
		};
	}, []);
}

/** Back from an alert: the same place, and the focus on the row that was opened. */
function useReturn(search: string, ready: boolean): void {
	const done = useRef(false);
	useEffect(() => {
		if (!ready || done.current)
			return;
		done.current = true;
		if (leftAt.search !== search || leftAt.alert === '')
			return;
		window.scrollTo(0, leftAt.y);
		links().find((a) => a.dataset['alert'] === leftAt.alert)?.focus({ preventScroll: true });
		leftAt.alert = '';
	}, [ready]);
}

function Waiting({ list }: { list: AlertList }) {
	const { t, language: l } = useText();
	const n = list.queue.waiting.length;
	if (n === 0)
		return null;
	const many = n >= waitingMax;
	const show = () => {
		if (many)
			alertListReload();
		else
			alertListRelease();
		window.scrollTo(0, 0);
	};
	return (
		<button type="button" class="waiting" onClick={show}>
			{many ? t('now.waitingMany', { n: numberCount(n, l) }) : t('now.waiting', { n: numberCount(n, l) })}
		</button>
	);
}

function NothingHere({ list, session }: { list: AlertList; session: Session }) {
	const { t } = useText();
	if (session.institutions.length === 0)
		return (
			<Empty title={t('now.empty.start')} help={t('now.empty.start.help')}>
				<Command text={registerCommands} />
			</Empty>
		);
	if (filtersCount(list.filters) > 0)
		return (
			<Empty title={t('now.empty.filtered')} help={t('now.empty.filtered.help')}>
				<p><a class="button" href="/">{t('now.filter.clear')}</a></p>
			</Empty>
		);
	return (
		<Empty title={t('now.empty.calm')} help={t('now.empty.calm.help')}>
			<p><a class="button" href="/institutions">{t('nav.institutions')}</a></p>
		</Empty>
	);
}

function More({ list }: { list: AlertList }) {
	const { t, language: l } = useText();
	return (
		<div class="more">
			<p>{t('now.shown', { n: numberCount(list.queue.items.length, l) })}{list.queue.next === null ? ' ' + t('now.end') : null}</p>
			{list.queue.next === null ? null : (
				<button type="button" disabled={list.busy === 'more'} onClick={alertListMore}>
					{list.busy === 'more' ? t('app.loading') : t('now.more')}
				</button>
			)}
		</div>
	);
}

function Rows({ list }: { list: AlertList }) {
	const { t, language: l } = useText();
	return (
		<ol class="queue" aria-label={t('now.list')}>
			{list.queue.items.map((a) => (
				<AlertRow key={a.id} alert={a} fresh={list.queue.fresh.has(a.id)} language={l}
					settled={list.filters.status !== 'all' && a.status !== list.filters.status} />
			))}
		</ol>
	);
}

function SilentWarning() {
	const { t } = useText();
	const silent = useStore(overview)?.institutions.silent ?? 0;
	return silent === 0 ? null : (
		<p class="notice warning"><a href="/institutions">{t('now.silent', { n: silent })}</a></p>
	);
}

export function NowPage({ search, session }: { search: string; session: Session }) {
	const { t } = useText();
	const list = useStore(alertList);
	const filters = filtersFromSearch(search);
	const canonical = filtersToSearch(filters);
	const box = useRef<HTMLDivElement>(null);
	useEffect(() => alertListShow(filters), [canonical]);
	useAttention(box);
	useReturn(canonical, list.loaded);
	useKeys({
		j: () => step(1),
		k: () => step(-1),
		n: () => { alertListRelease(); window.scrollTo(0, 0); },
		'/': () => {
			document.querySelector<HTMLDetailsElement>('details.filters')?.setAttribute('open', '');
			document.getElementById('search')?.focus();
		},
	});
	const remember = (e: Event) => {
		const a = e.target instanceof Element ? e.target.closest<HTMLAnchorElement>('a[data-alert]') : null;
		if (a !== null)
			leftAt = { search: canonical, y: window.scrollY, alert: a.dataset['alert'] ?? '' };
	};
	const rows = list.queue.items.length > 0;
	return (
		<main id="main" tabIndex={-1} class="now">
			<PageHead name={t('now.title')} focus={leftAt.alert === ''}>{t('now.title')}</PageHead>
			<SilentWarning />
			<FilterBar filters={filters} session={session} />
			<Waiting list={list} />
			<div ref={box} onClickCapture={remember} aria-busy={list.busy !== null}>
				{rows ? <Rows list={list} /> : null}
				{list.problem !== null ? <ProblemNotice problem={list.problem} onRetry={rows ? alertListMore : alertListReload} /> :
					rows ? <More list={list} /> : list.loaded ? <NothingHere list={list} session={session} /> : <Loading />}
			</div>
		</main>
	);
}

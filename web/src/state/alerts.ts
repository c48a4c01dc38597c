// alerts.ts - the queue of alerts as the console holds it: one list, kept while a single alert is looked at.
import { client } from '../api/client';
import { ApiError } from '../api/problem';
import { streamListen } from '../api/stream';
import type { AlertSummary } from '../api/types';
import { filtersAccept, filtersToQuery, filtersToSearch, noFilters, type Filters } from './filters';
import { emptyQueue, queueAppend, queueFromPage, queueRelease, queueRemove, queueTake, type Queue } from './queue';
import { Store } from './store';

export const pageSize = 50;
const gather = 250; // ms: a burst of events is drawn once
const askAgain = 1_500; // ms between an event and searching again for it

export interface AlertList {
	filters: Filters;
	queue: Queue;
	busy: 'first' | 'more' | null;
	problem: ApiError | null;
	loaded: boolean;
}

export const alertList = new Store<AlertList>({
	filters: noFilters, queue: emptyQueue, busy: null, problem: null, loaded: false,
});

let turn = 0; // answers to an earlier question are not for this list
let arrived: AlertSummary[] = [];
let gatherTimer = 0;
let askTimer = 0;
let isReading: () => boolean = () => true;
let onArrival: (fresh: readonly AlertSummary[]) => void = () => {};

function change(part: Partial<AlertList>): void {
	alertList.update((l) => ({ ...l, ...part }));
}

async function load(how: 'first' | 'more', cursor: string | null): Promise<void> {
	const mine = ++turn;
	change({ busy: how, problem: null });
	try {
		const query = { ...filtersToQuery(alertList.get().filters), limit: pageSize };
		const page = await client.alerts(cursor === null ? query : { ...query, cursor });
		if (mine !== turn)
			return;
		const queue = how === 'first' ? queueFromPage(page) : queueAppend(alertList.get().queue, page);
		change({ queue, busy: null, loaded: true });
	} catch (e) {
		if (!(e instanceof ApiError))
			throw e;
		if (mine === turn)
			change({ busy: null, problem: e });
	}
}

function takeAll(alerts: readonly AlertSummary[], fits: (a: AlertSummary) => boolean): void {
	const list = alertList.get();
	const before = new Set([...list.queue.items, ...list.queue.waiting].map((a) => a.id));
	const hold = isReading();
	const queue = alerts.reduce((q, a) => queueTake(q, a, fits(a), hold), list.queue);
	change({ queue });
	const fresh = alerts.filter((a, i) => fits(a) && !before.has(a.id) && alerts.findIndex((b) => b.id === a.id) === i);
	if (fresh.length > 0)
		onArrival(fresh);
}

// With a text filter only the server knows what fits: ask for the first page and take what is new in it.
async function askForNew(): Promise<void> {
	const mine = turn;
	const filters = alertList.get().filters;
	const page = await client.alerts({ ...filtersToQuery(filters), limit: pageSize }).catch(() => null);
	if (page !== null && mine === turn)
		takeAll(page.items, () => true);
}

function takeArrived(): void {
	const alerts = arrived;
	arrived = [];
	gatherTimer = 0;
	const list = alertList.get();
	if (!list.loaded)
		return;
	if (list.filters.q.trim() === '') {
		takeAll(alerts, (a) => filtersAccept(list.filters, a));
		return;
	}
	takeAll(alerts, () => false); // rows that are shown still change
	window.clearTimeout(askTimer);
	askTimer = window.setTimeout(() => void askForNew(), askAgain);
}

/** Show the list under these filters; keeps what is there if they are the same. */
export function alertListShow(filters: Filters): void {
	const list = alertList.get();
	if ((list.loaded || list.busy !== null) && filtersToSearch(list.filters) === filtersToSearch(filters))
		return;
	change({ filters, queue: emptyQueue, loaded: false });
	void load('first', null);
}

export function alertListReload(): void {
	void load('first', null);
}

export function alertListMore(): void {
	const list = alertList.get();
	if (list.queue.next !== null && list.busy === null)
		void load('more', list.queue.next);
}

export function alertListRelease(): void {
	alertList.update((l) => l.queue.waiting.length === 0 ? l : { ...l, queue: queueRelease(l.queue) });
}

/** This person closed or reopened it: it leaves a list that it no longer belongs to. */
export function alertListSettle(a: AlertSummary): void {
	alertList.update((l) => ({
		...l,
		queue: l.filters.status !== 'all' && l.filters.status !== a.status ?
			queueRemove(l.queue, a.id) : queueTake(l.queue, a, false, false),
	}));
}

export function alertListForget(): void {
	turn++;
	arrived = [];
	window.clearTimeout(askTimer);
	alertList.set({ filters: noFilters, queue: emptyQueue, busy: null, problem: null, loaded: false });
}

/** The page tells whether someone is reading (rows must not move), and hears of arrivals. */
export function alertListAttend(reading: () => boolean, arrival: (fresh: readonly AlertSummary[]) => void): () => void {
	isReading = reading;
	onArrival = arrival;
	return () => {
		isReading = () => true;
		onArrival = () => {};
	};
}

export function alertListStart(): void {
	streamListen({
		alert: (a) => {
			arrived.push(a);
			gatherTimer ||= window.setTimeout(takeArrived, gather);
		},
		// Loading afresh would throw away the reader's place; new rows are enough.
		reset: () => void askForNew(),
	});
}

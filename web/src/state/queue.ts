// queue.ts - the list of alerts, and how what happens changes it.  Pure.
//
// A reader's place must not move: alerts that arrive while someone reads wait in
// `waiting` until asked for, and an alert that is already shown changes where it is.
import type { AlertPage, AlertSummary } from '../api/types';

export interface Queue {
	items: readonly AlertSummary[];
	/** Arrived, fit the filters, and not shown yet; newest first. */
	waiting: readonly AlertSummary[];
	/** Of the next page; null at the end. */
	next: string | null;
	/** Ids that arrived while the list was open, to mark them. */
	fresh: ReadonlySet<string>;
}

/** More than this is no longer a list to look through but a page to load again. */
export const waitingMax = 200;

export const emptyQueue: Queue = { items: [], waiting: [], next: null, fresh: new Set() };

/** The list's order: newest first, then by id. */
export function queueCompare(a: AlertSummary, b: AlertSummary): number {
	return a.time !== b.time ? (a.time < b.time ? 1 : -1) : a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}

function put(into: readonly AlertSummary[], a: AlertSummary): AlertSummary[] {
	return [...into.filter((i) => i.id !== a.id), a].sort(queueCompare);
}

export function queueFromPage(page: AlertPage): Queue {
	return { items: page.items, waiting: [], next: page.next, fresh: new Set() };
}

/** The next page; what came by the stream in the meantime is not shown twice. */
export function queueAppend(q: Queue, page: AlertPage): Queue {
	const known = new Set([...q.items, ...q.waiting].map((i) => i.id));
	return { ...q, items: [...q.items, ...page.items.filter((i) => !known.has(i.id))], next: page.next };
}

/**
 * An alert is new or has changed.  `fits`: it belongs into this list.  `hold`:
 * somebody is reading, so a new row must wait.
 */
export function queueTake(q: Queue, a: AlertSummary, fits: boolean, hold: boolean): Queue {
	if (q.items.some((i) => i.id === a.id))
		return { ...q, items: q.items.map((i) => i.id === a.id ? a : i) };
	if (!fits)
		return q.waiting.some((i) => i.id === a.id) ? { ...q, waiting: q.waiting.filter((i) => i.id !== a.id) } : q;
	if (hold)
		return { ...q, waiting: put(q.waiting, a).slice(0, waitingMax) };
	return { ...q, items: put(q.items, a), fresh: new Set([...q.fresh, a.id]) };
}

/** Show what waits. */
export function queueRelease(q: Queue): Queue {
	return {
		...q,
		items: q.waiting.reduce<readonly AlertSummary[]>(put, q.items),
		waiting: [],
		fresh: new Set(q.waiting.map((a) => a.id)),
	};
}

/** The reader dealt with it: it leaves the list at once. */
export function queueRemove(q: Queue, id: string): Queue {
	return { ...q, items: q.items.filter((i) => i.id !== id), waiting: q.waiting.filter((i) => i.id !== id) };
}

export function queueNeighbours(q: Queue, id: string): { newer: string | null; older: string | null } {
	const i = q.items.findIndex((a) => a.id === id);
	return i < 0 ? { newer: null, older: null } :
		{ newer: q.items[i - 1]?.id ?? null, older: q.items[i + 1]?.id ?? null };
}

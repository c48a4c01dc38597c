// state.test.ts - filters and addresses, and what arrivals do to the queue.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queryOf } from '../src/api/client';
import type { AlertSummary } from '../src/api/types';
import { filtersAccept, filtersCount, filtersFromSearch, filtersToQuery, filtersToSearch, noFilters } from '../src/state/filters';
import {
	emptyQueue, queueAppend, queueFromPage, queueNeighbours, queueRelease, queueRemove, queueTake, waitingMax,
} from '../src/state/queue';
import { routeParse } from '../src/state/route';

function alertOf(n: number, part: Partial<AlertSummary> = {}): AlertSummary {
	const time = new Date(Date.UTC(2026, 10, 23, 1, 0, n)).toISOString().replace('Z', '000Z');
	return {
		id: n.toString(16).padStart(32, '0'), status: 'open', time, first_seen: time, last_seen: time, raised: time, count: 1,
		institution: 'h1', institution_name: 'H', source: 'proxy', detector: 'sigma',
		rule: { id: 'r', title: { en: 't' }, level: 'high' }, severity: 75, attack: [], entity: { kind: '', value: '' }, ...part,
	};
}

const ids = (items: readonly AlertSummary[]) => items.map((a) => Number.parseInt(a.id, 16));

test('filters survive the address bar', () => {
	const f = { status: 'all', level: ['critical', 'low'], institution: 'h-1', detector: 'sigma', q: '日本 & x=1' } as const;
	assert.deepEqual(filtersFromSearch(filtersToSearch(f)), f);
	assert.equal(filtersToSearch(noFilters), '');
	assert.equal(filtersCount(f), 5);
	assert.equal(filtersCount(noFilters), 0);
});

test('what is no filter is left out of a hand-made address', () => {
	assert.deepEqual(filtersFromSearch('?status=x&level=high,evil&institution=<b>&detector=A&q=' + 'y'.repeat(999)),
		{ ...noFilters, level: ['high'], q: 'y'.repeat(200) });
});

test('the query asks only for what is set', () => {
	assert.deepEqual(filtersToQuery({ ...noFilters, q: '  ' }), { status: 'open' });
	assert.equal(queryOf({ status: 'open', level: ['high', 'low'], q: 'a b', cursor: undefined }), '?status=open&level=high,low&q=a+b');
});

test('addresses name pages', () => {
	assert.deepEqual(routeParse('/', '?q=1'), { page: 'now', search: '?q=1' });
	assert.deepEqual(routeParse('/alerts/00ff', ''), { page: 'alert', id: '00ff' });
	assert.deepEqual(routeParse('/institutions', ''), { page: 'institutions' });
	assert.deepEqual(routeParse('/institutions/a%2Fb', ''), { page: 'institution', id: 'a/b' });
	assert.deepEqual(routeParse('/alerts/%zz', ''), { page: 'missing' });
	assert.deepEqual(routeParse('/alerts/1/2', ''), { page: 'missing' });
});

test('an arrival goes to its place when nobody reads', () => {
	const q = queueFromPage({ items: [alertOf(9), alertOf(5)], next: null });
	const after = queueTake(queueTake(q, alertOf(10), true, false), alertOf(7), true, false);
	assert.deepEqual(ids(after.items), [10, 9, 7, 5]);
	assert.ok(after.fresh.has(alertOf(7).id));
});

test('an arrival waits while someone reads, and is shown once', () => {
	let q = queueFromPage({ items: [alertOf(5)], next: null });
	q = queueTake(q, alertOf(7), true, true);
	q = queueTake(q, alertOf(7, { count: 2 }), true, true);
	assert.deepEqual(ids(q.items), [5]);
	assert.deepEqual(q.waiting.map((a) => a.count), [2]);
	q = queueRelease(q);
	assert.deepEqual(ids(q.items), [7, 5]);
	assert.equal(q.waiting.length, 0);
});

test('a shown alert that changes stays where it is', () => {
	const q = queueFromPage({ items: [alertOf(9), alertOf(5)], next: null });
	const grown = alertOf(5, { count: 8, time: alertOf(11).time });
	const after = queueTake(q, grown, true, false);
	assert.deepEqual(ids(after.items), [9, 5]);
	assert.equal(after.items[1]?.count, 8);
	assert.equal(queueTake(q, alertOf(9, { status: 'closed' }), false, false).items[0]?.status, 'closed');
});

test('what does not fit neither comes nor waits', () => {
	const waiting = queueTake(emptyQueue, alertOf(7), true, true);
	assert.equal(queueTake(waiting, alertOf(7, { status: 'closed' }), false, true).waiting.length, 0);
	assert.equal(queueTake(emptyQueue, alertOf(7), false, false), emptyQueue);
});

test('what waits is bounded', () => {
	let q = emptyQueue;
	for (let i = 0; i < waitingMax + 50; i++)
		q = queueTake(q, alertOf(i), true, true);
	assert.equal(q.waiting.length, waitingMax);
	assert.equal(ids(q.waiting)[0], waitingMax + 49);
});

test('the next page does not repeat what came in the meantime', () => {
	const q = queueTake(queueFromPage({ items: [alertOf(9)], next: 'c' }), alertOf(4), true, false);
	const after = queueAppend(q, { items: [alertOf(4), alertOf(3)], next: null });
	assert.deepEqual(ids(after.items), [9, 4, 3]);
	assert.equal(after.next, null);
});

test('removing one leaves its neighbours neighbours', () => {
	const q = queueFromPage({ items: [alertOf(9), alertOf(5), alertOf(3)], next: null });
	assert.deepEqual(queueNeighbours(q, alertOf(5).id), { newer: alertOf(9).id, older: alertOf(3).id });
	const after = queueRemove(q, alertOf(5).id);
	assert.deepEqual(queueNeighbours(after, alertOf(3).id), { newer: alertOf(9).id, older: null });
	assert.deepEqual(queueNeighbours(after, 'none'), { newer: null, older: null });
});

test('filters judge what the stream brings', () => {
	assert.ok(filtersAccept(noFilters, alertOf(1)));
	assert.ok(!filtersAccept(noFilters, alertOf(1, { status: 'closed' })));
	assert.ok(filtersAccept({ ...noFilters, status: 'all' }, alertOf(1, { status: 'closed' })));
	assert.ok(!filtersAccept({ ...noFilters, level: ['low'] }, alertOf(1)));
	assert.ok(!filtersAccept({ ...noFilters, institution: 'h2' }, alertOf(1)));
	assert.ok(!filtersAccept({ ...noFilters, detector: 'indicator' }, alertOf(1)));
});

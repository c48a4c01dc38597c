// filters.ts - what the queue is narrowed to, as the address bar says it.
//
// Pure.  The address is made by people too: whatever in it is no filter is left out.
import type { AlertQuery, AlertSummary, Level } from '../api/types';

export interface Filters {
	status: 'open' | 'closed' | 'all';
	level: readonly Level[];
	institution: string;
	detector: string;
	q: string;
}

export const levels: readonly Level[] = ['critical', 'high', 'medium', 'low', 'informational'];
export const noFilters: Filters = { status: 'open', level: [], institution: '', detector: '', q: '' };
export const textMax = 200;

export function filtersFromSearch(search: string): Filters {
	const p = new URLSearchParams(search);
	const status = p.get('status');
	const asked = (p.get('level') ?? '').split(',');
	const institution = p.get('institution') ?? '';
	const detector = p.get('detector') ?? '';
	return {
		status: status === 'closed' || status === 'all' ? status : 'open',
		level: levels.filter((l) => asked.includes(l)),
		institution: /^[a-z0-9][a-z0-9-]{0,63}$/.test(institution) ? institution : '',
		detector: /^[a-z][a-z0-9_-]{0,31}$/.test(detector) ? detector : '',
		q: [...(p.get('q') ?? '')].slice(0, textMax).join(''),
	};
}

/** The same filters always give the same address; without any it is empty. */
export function filtersToSearch(f: Filters): string {
	const p = new URLSearchParams();
	if (f.status !== 'open')
		p.set('status', f.status);
	if (f.level.length > 0)
		p.set('level', levels.filter((l) => f.level.includes(l)).join(','));
	for (const name of ['institution', 'detector', 'q'] as const)
		if (f[name] !== '')
			p.set(name, f[name]);
	const text = p.toString().replaceAll('%2C', ',');
	return text === '' ? '' : '?' + text;
}

export function filtersToQuery(f: Filters): AlertQuery {
	return {
		status: f.status,
		...(f.level.length > 0 ? { level: [...f.level] } : {}),
		...(f.institution !== '' ? { institution: f.institution } : {}),
		...(f.detector !== '' ? { detector: f.detector } : {}),
		...(f.q.trim() !== '' ? { q: f.q.trim() } : {}),
	};
}

/** How many are set, counting none for the default status. */
export function filtersCount(f: Filters): number {
	return Number(f.status !== 'open') + Number(f.level.length > 0) + Number(f.institution !== '') +
		Number(f.detector !== '') + Number(f.q.trim() !== '');
}

/**
 * Does an alert from the stream belong into this list?  Only without `q`: the
 * server also searches in fields that a summary does not carry.
 */
export function filtersAccept(f: Filters, a: AlertSummary): boolean {
	return (f.status === 'all' || f.status === a.status) &&
		(f.level.length === 0 || f.level.includes(a.rule.level)) &&
		(f.institution === '' || f.institution === a.institution) &&
		(f.detector === '' || f.detector === a.detector);
}

// time.ts - instants as people in Japan read them.  Pure: "now" is an argument.
import type { Language } from '../api/types';

const jst = 9 * 3600_000; // no summer time since 1951

function two(n: number): string {
	return String(n).padStart(2, '0');
}

/** Milliseconds since 1970, or NaN. */
export function timeParse(rfc3339: string): number {
	return Date.parse(rfc3339);
}

export interface JstParts {
	date: string; // 2026-11-23
	time: string; // 10:07:59
}

export function timeJst(ms: number): JstParts {
	const d = new Date(ms + jst);
	return {
		date: `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`,
		time: `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`,
	};
}

export function timeSameJstDay(a: number, b: number): boolean {
	return timeJst(a).date === timeJst(b).date;
}

const units: readonly [ms: number, ja: string, en: string][] = [
	[86400_000, '日', 'd'],
	[3600_000, '時間', 'h'],
	[60_000, '分', 'min'],
	[1000, '秒', 's'],
];

/** "3 分", "3 min": the largest whole unit. */
export function timeSpan(ms: number, language: Language): string {
	const [size, ja, en] = units.find(([u]) => ms >= u) ?? [1000, '秒', 's'];
	return `${Math.max(0, Math.floor(ms / size))} ${language === 'ja' ? ja : en}`;
}

/** "3 分前", "3 min ago"; a clock a little ahead of ours is "now", not the future. */
export function timeAgo(ms: number, now: number, language: Language): string {
	if (now - ms < 5000)
		return language === 'ja' ? '今' : 'now';
	const span = timeSpan(now - ms, language);
	return language === 'ja' ? `${span}前` : `${span} ago`;
}

// highlight.ts - which parts of a raw line made the rule say yes, and which parts of a long line to show.
//
// Pure.  Positions are indices into the JavaScript string.

export interface Match {
	field: string;
	value: string;
	pattern: string;
}

export interface Range {
	from: number;
	to: number;
}

/** One stretch of a line: plain, matched, or left out (then `text` is empty and `length` says how much). */
export interface Stretch {
	text: string;
	kind: 'plain' | 'matched' | 'cut';
	length: number;
}

const occurrencesMax = 64; // of one value in one line: enough to see, bounded for a line of 64 KiB
const shortValue = 4;
const patternPartMin = 2; // a shorter part of a wildcard pattern would light up everywhere

function isWord(c: string | undefined): boolean {
	return c !== undefined && /[\p{L}\p{N}_]/u.test(c);
}

// Lower case without changing lengths, so that positions stay true ("İ" would become two).
function fold(s: string): string {
	const low = s.toLowerCase();
	return low.length === s.length ? low : [...s].map((c) => c.toLowerCase().length === c.length ? c.toLowerCase() : c).join('');
}

function findAll(where: string, what: string, start: number, end: number): Range[] {
	const out: Range[] = [];
	if (what === '')
		return out;
	for (let i = where.indexOf(what, start); i >= 0 && i + what.length <= end; i = where.indexOf(what, i + what.length)) {
		out.push({ from: i, to: i + what.length });
		if (out.length >= occurrencesMax)
			break;
	}
	return out;
}

/** A short value ("200", "exe") counts only where it stands alone, not inside "51200". */
function findValue(line: string, value: string): Range[] {
	const found = findAll(line, value, 0, line.length);
	return value.length > shortValue ? found :
		found.filter((r) => !isWord(line[r.from - 1]) && !isWord(line[r.to]));
}

/** The literal parts of a pattern that may hold the wildcards * and ?. */
function partsOf(pattern: string): string[] {
	return pattern.split(/(?<!\\)[*?]+/).map((p) => p.replace(/\\([*?\\])/g, '$1')).filter((p) => p.length >= patternPartMin);
}

function rangesOf(line: string, folded: string, m: Match): Range[] {
	const pattern = fold(m.pattern);
	const values = m.value === '' ? [] : findValue(folded, fold(m.value));
	if (values.length === 0) // the codec decoded or composed the value: look for the pattern itself
		return findAll(folded, pattern, 0, line.length);
	const inside = values.flatMap((v) => {
		const whole = findAll(folded, pattern, v.from, v.to);
		return whole.length > 0 ? whole : partsOf(pattern).flatMap((p) => findAll(folded, p, v.from, v.to));
	});
	return inside.length > 0 ? inside : values; // a regular expression or a number: the whole value
}

/** Sorted, and none touches another. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
	const out: Range[] = [];
	for (const r of [...ranges].sort((a, b) => a.from - b.from || a.to - b.to)) {
		const last = out.at(-1);
		if (last !== undefined && r.from <= last.to)
			last.to = Math.max(last.to, r.to);
		else if (r.to > r.from)
			out.push({ ...r });
	}
	return out;
}

export function highlightRanges(line: string, matched: readonly Match[]): Range[] {
	const folded = fold(line);
	return mergeRanges(matched.flatMap((m) => rangesOf(line, folded, m)));
}

// Never between the halves of a surrogate pair.
function safeCut(line: string, i: number): number {
	const c = line.charCodeAt(i);
	return i > 0 && i < line.length && c >= 0xdc00 && c <= 0xdfff ? i - 1 : i;
}

// What of the line to show: its beginning, and `around` characters on both sides of every match.
function windowsOf(line: string, ranges: readonly Range[], limit: number): Range[] {
	if (line.length <= limit)
		return [{ from: 0, to: line.length }];
	const around = Math.floor(limit / 8);
	const shown: Range[] = [{ from: 0, to: safeCut(line, Math.floor(limit / 2)) }];
	let budget = Math.floor(limit / 2);
	for (const r of ranges) {
		const w = { from: safeCut(line, Math.max(0, r.from - around)), to: safeCut(line, Math.min(line.length, r.to + around)) };
		if (w.to - w.from > budget)
			w.to = safeCut(line, w.from + budget);
		budget -= w.to - w.from;
		shown.push(w);
		if (budget <= 0)
			break;
	}
	return mergeRanges(shown);
}

/** The line as stretches in order; joined (with cuts counted by length) they are the line. */
export function highlightLine(line: string, matched: readonly Match[], limit: number): Stretch[] {
	const ranges = highlightRanges(line, matched);
	const out: Stretch[] = [];
	const push = (kind: Stretch['kind'], from: number, to: number) => {
		if (to > from)
			out.push({ text: kind === 'cut' ? '' : line.slice(from, to), kind, length: to - from });
	};
	let at = 0;
	for (const w of windowsOf(line, ranges, limit)) {
		push('cut', at, w.from);
		at = w.from;
		for (const r of ranges) {
			const from = Math.max(r.from, at);
			const to = Math.min(r.to, w.to);
			if (to <= from)
				continue;
			push('plain', at, from);
			push('matched', from, to);
			at = to;
		}
		push('plain', at, w.to);
		at = w.to;
	}
	push('cut', at, line.length);
	return out;
}

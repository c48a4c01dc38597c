// visible.ts - text from outside, cut into pieces that are safe to show.
//
// A log line can hold characters that show nothing, move the cursor, or turn the
// reading direction round so that "exe.fdp" reads "pdf.exe".  Each such character
// becomes a piece of its own, which the page draws as a small label.

export interface Piece {
	text: string;
	/** The piece stands for a character that must not be drawn: text is its label. */
	hidden: boolean;
}

// C0 and C1 controls, soft hyphen, Arabic letter mark, Mongolian vowel separator, zero width and
// direction marks, line separators, embeddings, invisible operators, isolates, BOM, interlinear
// annotation, tags, variation selectors beyond the emoji one, lone surrogates.
const hidden = new RegExp(
	'[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f' +
	'\\u200b\\u200c\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb' +
	'\\u{e0000}-\\u{e0fff}]|[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]', 'gu');

const names: Record<number, string> = {
	0x00: 'NUL', 0x07: 'BEL', 0x08: 'BS', 0x09: 'TAB', 0x0a: 'LF', 0x0d: 'CR', 0x1b: 'ESC', 0x7f: 'DEL', 0xad: 'SHY',
	0x200b: 'ZWSP', 0x200e: 'LRM', 0x200f: 'RLM', 0x202a: 'LRE', 0x202b: 'RLE', 0x202c: 'PDF', 0x202d: 'LRO',
	0x202e: 'RLO', 0x2066: 'LRI', 0x2067: 'RLI', 0x2068: 'FSI', 0x2069: 'PDI', 0xfeff: 'BOM',
};

function labelOf(code: number): string {
	return names[code] ?? 'U+' + code.toString(16).toUpperCase().padStart(4, '0');
}

/** Joined together, the pieces that are not hidden and the hidden characters give back the text. */
export function visiblePieces(text: string): Piece[] {
	const out: Piece[] = [];
	let from = 0;
	for (const m of text.matchAll(hidden)) {
		if (m.index > from)
			out.push({ text: text.slice(from, m.index), hidden: false });
		out.push({ text: labelOf(m[0].codePointAt(0) ?? 0), hidden: true });
		from = m.index + m[0].length;
	}
	if (from < text.length)
		out.push({ text: text.slice(from), hidden: false });
	return out;
}

/** At most so many characters, never half of one. */
export function shorten(text: string, max: number): string {
	return text.length <= max ? text : text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '') + '…';
}

/** For titles and other places where only a string fits. */
export function visibleString(text: string): string {
	return visiblePieces(text).map((p) => p.hidden ? `[${p.text}]` : p.text).join('');
}

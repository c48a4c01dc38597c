// prose.ts - plain text of rules and advice as paragraphs and lists.  Pure.
//
// Authors write "- " and "1. " at the start of a line; everything else is a
// paragraph, and an empty line ends one.

export interface Block {
	kind: 'p' | 'ul' | 'ol';
	items: string[];
}

const bullet = /^\s*(?:[-*•・]\s+|・)(.*)$/;
const numbered = /^\s*\d{1,2}(?:[.)]\s+|[．、]\s*)(\S.*)$/;

function kindOf(line: string): [Block['kind'], string] {
	const b = bullet.exec(line);
	if (b !== null)
		return ['ul', b[1] ?? ''];
	const n = numbered.exec(line);
	return n !== null ? ['ol', n[1] ?? ''] : ['p', line.trim()];
}

// Japanese needs no space where two lines are joined.
function join(a: string, b: string): string {
	return /[\u3000-\u9fff\uff00-\uffef]$/.test(a) || /^[\u3000-\u9fff\uff00-\uffef]/.test(b) ? a + b : `${a} ${b}`;
}

export function proseBlocks(text: string): Block[] {
	const out: Block[] = [];
	let fresh = true;
	for (const line of text.split(/\r?\n/)) {
		if (line.trim() === '') {
			fresh = true;
			continue;
		}
		const [kind, item] = kindOf(line);
		const last = out.at(-1);
		if (kind !== 'p' && last?.kind === kind)
			last.items.push(item);
		else if (kind === 'p' && !fresh && last !== undefined)
			last.items.push(join(last.items.pop() ?? '', item)); // a long line that was wrapped
		else
			out.push({ kind, items: [item] });
		fresh = false;
	}
	return out;
}

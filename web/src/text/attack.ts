// attack.ts - what an ATT&CK id is called, and where it is described.
//
// The table is some 24 KB, so it is a file of its own that loads when an alert is opened.

let names: Promise<ReadonlyMap<string, string>> | undefined;

/** "id TAB name" a line; lines that start with # say where it is from. */
export function attackParse(tsv: string): Map<string, string> {
	const out = new Map<string, string>();
	for (const line of tsv.split('\n')) {
		const [id, name] = line.split('\t');
		if (id !== undefined && name !== undefined && !id.startsWith('#'))
			out.set(id, name);
	}
	return out;
}

export function attackNames(): Promise<ReadonlyMap<string, string>> {
	names ??= import('./attack.tsv').then((m) => attackParse(m.default));
	return names;
}

/** "Application Layer Protocol: Web Protocols"; empty for an id that is not known. */
export function attackName(names: ReadonlyMap<string, string>, id: string): string {
	const name = names.get(id) ?? '';
	const parent = id.includes('.') ? names.get(id.slice(0, id.indexOf('.'))) : undefined;
	return parent !== undefined && name !== '' ? `${parent}: ${name}` : name;
}

/** Null for what is no technique id, so that no link leads anywhere unexpected. */
export function attackUrl(id: string): string | null {
	const m = /^(T\d{4})(?:\.(\d{3}))?$/.exec(id);
	return m === null ? null : `https://attack.mitre.org/techniques/${m[1]}/${m[2] === undefined ? '' : m[2] + '/'}`;
}

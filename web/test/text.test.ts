// text.test.ts - what people read: time, numbers, invisible characters, prose, sentences.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { attackName, attackParse, attackUrl } from '../src/text/attack';
import { fill, pick, templateParts, translator } from '../src/text/i18n';
import { numberBytes, numberCount } from '../src/text/number';
import { proseBlocks } from '../src/text/prose';
import { strings } from '../src/text/strings';
import { timeAgo, timeJst, timeParse, timeSameJstDay, timeSpan } from '../src/text/time';
import { timelineMarks } from '../src/text/timeline';
import { shorten, visiblePieces, visibleString } from '../src/text/visible';

test('an instant is shown in JST, whatever the zone of the browser', () => {
	const at = timeParse('2026-11-22T15:00:00.123456Z');
	assert.deepEqual(timeJst(at), { date: '2026-11-23', time: '00:00:00' });
	assert.deepEqual(timeJst(at - 1000), { date: '2026-11-22', time: '23:59:59' });
	assert.equal(timeSameJstDay(at, at - 1000), false);
});

test('ages are whole units and never in the future', () => {
	assert.equal(timeSpan(59_999, 'ja'), '59 秒');
	assert.equal(timeSpan(60_000, 'en'), '1 min');
	assert.equal(timeSpan(86_400_000 * 3, 'ja'), '3 日');
	assert.equal(timeSpan(0, 'en'), '0 s');
	assert.equal(timeAgo(1_000_000, 1_000_000 + 3 * 3600_000, 'ja'), '3 時間前');
	assert.equal(timeAgo(1_060_000, 1_000_000, 'en'), 'now');
});

test('sizes and counts', () => {
	assert.equal(numberBytes(0), '0 B');
	assert.equal(numberBytes(1023), '1023 B');
	assert.equal(numberBytes(1536), '1.5 KiB');
	assert.equal(numberBytes(256 * 1024), '256 KiB');
	assert.equal(numberCount(1234567, 'ja'), '1,234,567');
});

test('every character that hides or turns text is shown by name', () => {
	assert.equal(visibleString('a\u202eexe.fdp'), 'a[RLO]exe.fdp');
	assert.equal(visibleString('\u001b[31mred\u001b[0m'), '[ESC][31mred[ESC][0m');
	assert.equal(visibleString('\u0000\t\n\u0085\u200b\ufeff\u{e0041}'), '[NUL][TAB][LF][U+0085][ZWSP][BOM][U+E0041]');
	assert.equal(visibleString('\ud800x\udc00'), '[U+D800]x[U+DC00]');
	assert.equal(visibleString('日本語 العربية 🏥👩‍⚕️ ok'), '日本語 العربية 🏥👩‍⚕️ ok');
});

test('pieces leave every other character as it was', () => {
	for (let c = 0; c < 0x3000; c++) {
		const char = String.fromCodePoint(c);
		const [piece] = visiblePieces(char);
		assert.ok(piece !== undefined && (piece.hidden || piece.text === char), `U+${c.toString(16)}`);
	}
	assert.deepEqual(visiblePieces(''), []);
});

test('a shortened text never ends in half a character', () => {
	assert.equal(shorten('abc', 3), 'abc');
	assert.equal(shorten('abcd', 3), 'ab…');
	assert.equal(shorten('a😀😀', 3), 'a…');
});

test('prose becomes paragraphs and lists', () => {
	assert.deepEqual(proseBlocks('one\ntwo\n\n- a\n- b\n  more\n1. x\n2. y\n'), [
		{ kind: 'p', items: ['one two'] },
		{ kind: 'ul', items: ['a', 'b more'] },
		{ kind: 'ol', items: ['x', 'y'] },
	]);
	assert.deepEqual(proseBlocks('端末を\n切り離す。'), [{ kind: 'p', items: ['端末を切り離す。'] }]);
	assert.deepEqual(proseBlocks('10.1.2.3 was seen'), [{ kind: 'p', items: ['10.1.2.3 was seen'] }]);
	assert.deepEqual(proseBlocks(' \n'), []);
});

test('both languages say the same with the same names', () => {
	const names = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
	for (const [key, s] of Object.entries(strings)) {
		assert.deepEqual([...new Set(names(s.ja))], [...new Set(names(s.en))], key);
		assert.ok(s.ja.trim() !== '' && s.en.trim() !== '', key);
	}
	assert.equal(translator('ja')('nav.open', { n: 3 }), '未対応 3 件');
	assert.equal(fill('{a} {b}', { a: '{b}', b: 1 }), '{b} 1');
	assert.deepEqual(templateParts('{a} b{c}'), [{ text: '{a}', name: 'a' }, { text: ' b', name: null }, { text: '{c}', name: 'c' }]);
	assert.equal(pick({ en: 'e' }, 'ja'), 'e');
	assert.equal(pick({ en: 'e', ja: 'j' }, 'ja'), 'j');
});

test('ATT&CK ids become names and links, and nothing else becomes a link', () => {
	const names = attackParse('# from\nT1071\tApplication Layer Protocol\nT1071.001\tWeb Protocols\n');
	assert.equal(attackName(names, 'T1071.001'), 'Application Layer Protocol: Web Protocols');
	assert.equal(attackName(names, 'T1071'), 'Application Layer Protocol');
	assert.equal(attackName(names, 'T9999.001'), '');
	assert.equal(attackUrl('T1071.001'), 'https://attack.mitre.org/techniques/T1071/001/');
	assert.equal(attackUrl('T1071/../../x'), null);
	assert.equal(attackUrl('javascript:alert(1)'), null);
});

test('marks of the timeline lie within it', () => {
	assert.deepEqual(timelineMarks(0, 100, [0, 50, 50, 200, -5, NaN]), {
		from: 0, to: 1, points: [{ at: 0, count: 2 }, { at: 0.5, count: 2 }, { at: 1, count: 1 }],
	});
	assert.deepEqual(timelineMarks(7, 7, [7]), { from: 0.5, to: 0.5, points: [{ at: 0.5, count: 1 }] });
});

test('every sentence is used somewhere', () => {
	const root = new URL('../src/', import.meta.url);
	const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((f) => /\.tsx?$/.test(f) && !f.endsWith('strings.ts'));
	const source = files.map((f) => readFileSync(new URL(f, root), 'utf8')).join('\n');
	const prefixes = [...source.matchAll(/t\(`([\w.]+)\$\{/g)].map((m) => m[1] ?? '');
	const unused = Object.keys(strings).filter((k) => !source.includes(`'${k}'`) && !prefixes.some((p) => k.startsWith(p)));
	assert.deepEqual(unused, []);
});

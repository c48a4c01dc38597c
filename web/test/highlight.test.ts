// highlight.test.ts - the marked parts are those that matched, and a line never loses or gains a character.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highlightLine, highlightRanges, mergeRanges, type Match } from '../src/text/highlight';

const line = '1700000000.123 45 10.20.3.4 TCP_MISS/200 512 GET http://Evil.example/a/payload.exe?x=1 - HIER_DIRECT/203.0.113.9 -';

function marked(raw: string, ...matched: Partial<Match>[]): string[] {
	const full = matched.map((m) => ({ field: 'url.full', value: '', pattern: '', ...m }));
	return highlightRanges(raw, full).map((r) => raw.slice(r.from, r.to));
}

test('the pattern is marked where it stands inside the value', () => {
	assert.deepEqual(marked(line, { value: 'http://Evil.example/a/payload.exe?x=1', pattern: 'EVIL.example' }), ['Evil.example']);
});

test('the pattern is not marked outside the value', () => {
	assert.deepEqual(marked('GET GET', { value: 'no', pattern: 'zz' }), []);
	assert.deepEqual(marked('exe http://h/a.exe', { value: 'http://h/a.exe', pattern: '.exe' }), ['.exe']);
});

test('wildcards mark their literal parts', () => {
	assert.deepEqual(marked(line, { value: 'http://Evil.example/a/payload.exe?x=1', pattern: '*/a/*.exe*' }), ['/a/', '.exe']);
});

test('a pattern that is no literal marks the whole value', () => {
	assert.deepEqual(marked(line, { value: '10.20.3.4', pattern: '10.0.0.0/8' }), ['10.20.3.4']);
	assert.deepEqual(marked(line, { value: '10.20.3.4', pattern: '' }), ['10.20.3.4']);
});

test('a value that the line spells otherwise is found by its pattern', () => {
	assert.deepEqual(marked('x evil%2Fpath y', { value: 'evil/path', pattern: 'evil' }), ['evil']);
});

test('a short value is marked where it stands alone', () => {
	assert.deepEqual(highlightRanges('x 200 51200 200.1 http200', [{ field: 'http.response.status_code', value: '200', pattern: '200' }]),
		[{ from: 2, to: 5 }, { from: 12, to: 15 }]);
});

test('overlapping matches are one mark', () => {
	assert.deepEqual(mergeRanges([{ from: 5, to: 9 }, { from: 0, to: 3 }, { from: 3, to: 6 }, { from: 20, to: 20 }]),
		[{ from: 0, to: 9 }]);
});

test('characters whose lower case is longer do not shift the marks', () => {
	assert.deepEqual(marked('İİİ evil', { value: 'evil', pattern: 'evil' }), ['evil']);
});

test('a 64 KB line is cut around its match, and no character is lost', () => {
	const raw = 'a'.repeat(40_000) + ' NEEDLE ' + '😀'.repeat(12_000);
	for (const limit of [1, 7, 100, 2_000, 70_000, Infinity]) {
		const stretches = highlightLine(raw, [{ field: 'f', value: 'NEEDLE', pattern: 'needle' }], limit);
		assert.equal(stretches.reduce((n, s) => n + s.length, 0), raw.length);
		let at = 0;
		for (const s of stretches) {
			if (s.kind !== 'cut')
				assert.equal(s.text, raw.slice(at, at + s.length));
			assert.ok(!/^[\udc00-\udfff]/.test(s.text), 'a pair was cut in two');
			at += s.length;
		}
	}
	const shown = highlightLine(raw, [{ field: 'f', value: 'NEEDLE', pattern: 'needle' }], 2_000);
	assert.ok(shown.some((s) => s.kind === 'matched' && s.text === 'NEEDLE'));
	assert.ok(shown.reduce((n, s) => n + s.text.length, 0) <= 3_000);
});

test('thousands of occurrences cost a bounded number of marks', () => {
	assert.ok(highlightRanges('ab '.repeat(20_000), [{ field: 'f', value: 'ab', pattern: 'ab' }]).length <= 64);
});

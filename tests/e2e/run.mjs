// run.mjs - journeys through the console: a real browser, a real center, a real node.
//
// usage: node run.mjs [WORD...]   only journeys whose name holds a word
//
// Each file in journeys/ exports journeys: { name, run(world) }.  They share one
// center and may run in any order: each raises alerts of its own.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const limit = 180_000; // ms a journey
const skipped = 77; // what Meson takes for "could not run here"

async function load(file) {
	try {
		return await import(file);
	} catch (e) {
		if (e.code !== 'MODULE_NOT_FOUND')
			throw e;
		console.log(`skipped: ${e.message.split('\n')[0]} (run npm ci in web)`);
		process.exit(skipped);
	}
}

function within(ms, promise, what) {
	let timer;
	const late = new Promise((_, fail) => {
		timer = setTimeout(() => fail(new Error(`${what} took longer than ${ms / 1000} s`)), ms);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function main(words) {
	const { browserStart, visitorOpen, signIn } = await load('./browser.mjs');
	const { centerStart } = await load('./center.mjs');
	const shots = process.env.HINOMI_SHOTS ?? join(here, '../../test-results/console');
	mkdirSync(shots, { recursive: true });

	const journeys = [];
	for (const file of readdirSync(join(here, 'journeys')).sort())
		journeys.push(...(await import(join(here, 'journeys', file))).journeys);
	const chosen = journeys.filter((j) => words.length === 0 || words.some((w) => j.name.includes(w)));

	const center = await within(limit, centerStart(), 'starting the center');
	let browser;
	let passed = 0;
	let failed = 0;
	try {
		browser = await browserStart();
		const first = await visitorOpen(browser, center.url);
		await signIn(first.page, center.user);
		const state = await first.context.storageState();
		await first.close();
		const world = { ...center, browser, state, shots };
		for (const j of chosen) {
			const started = Date.now();
			try {
				await within(limit, j.run(world), j.name);
				passed++;
				console.log(`ok      ${j.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
			} catch (e) {
				failed++;
				console.log(`FAILED  ${j.name}\n        ${String(e.stack ?? e).replaceAll('\n', '\n        ')}`);
			}
		}
	} finally {
		await browser?.close();
		await center.stop();
	}
	console.log(`${passed} passed, ${failed} failed`);
	return failed === 0 && passed > 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'])
	process.on(signal, () => process.exit(130));
process.exitCode = await main(process.argv.slice(2));

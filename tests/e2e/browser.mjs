// browser.mjs - Debian's Chromium, and pages that tell on themselves.
//
// A page whose console shows an error, whose script throws or that breaks its own
// content policy fails the journey, whatever else it looks like.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url)); // whose lock file names both
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const patience = 30_000; // ms for any one thing to appear

export async function browserStart() {
	return chromium.launch({
		executablePath: process.env.HINOMI_CHROMIUM ?? '/usr/bin/chromium',
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
			'--disable-component-update', '--disable-sync', '--no-proxy-server'],
	});
}

/** A refused request shows in the console too: journeys that provoke one say which status they expect. */
function isExpected(text, statuses) {
	const m = /the server responded with a status of (\d+)/.exec(text);
	return m !== null && statuses.includes(Number(m[1]));
}

/**
 * A person at a screen: `width`, `language`, `theme`, and the statuses of refusals
 * that belong to the journey.  `state` is a signed-in person's cookies.
 */
export async function visitorOpen(browser, url, { width = 1440, language = 'ja', theme = 'light', statuses = [401], state } = {}) {
	const context = await browser.newContext({
		baseURL: url,
		viewport: { width, height: 900 },
		locale: language === 'ja' ? 'ja-JP' : 'en-US',
		timezoneId: 'America/New_York', // times must be JST all the same
		colorScheme: theme,
		storageState: state,
		reducedMotion: 'reduce',
	});
	context.setDefaultTimeout(patience);
	const page = await context.newPage();
	const faults = [];
	page.on('console', (m) => {
		if (m.type() === 'error' && !isExpected(m.text(), statuses))
			faults.push(m.text());
	});
	page.on('pageerror', (e) => faults.push(String(e)));
	return {
		page,
		context,
		faults,
		close: async () => {
			await context.close();
			if (faults.length > 0)
				throw new Error(`the page complained: ${faults.join(' | ')}`);
		},
	};
}

export async function signIn(page, user) {
	await page.goto('/');
	await page.fill('input[name=username]', user.name);
	await page.fill('input[name=password]', user.password);
	await page.click('button[type=submit]');
	await page.waitForSelector('.header');
}

/** Everything axe-core finds serious or critical, as sentences. */
export async function axeFind(page) {
	// By the debugging protocol, so the page's own policy stays in force.
	await page.evaluate(axe);
	const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
	return found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
		.map((v) => `${v.impact} ${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(', ')}`);
}

/** What sticks out of the page sideways; empty when nothing does. */
export async function spillFind(page) {
	return page.evaluate(() => {
		if (document.documentElement.scrollWidth <= window.innerWidth)
			return [];
		return [...document.querySelectorAll('body *')]
			.filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1)
			.slice(0, 5).map((e) => `${e.tagName} ${e.className}`);
	});
}

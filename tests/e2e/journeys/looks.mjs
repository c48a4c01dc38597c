// Every page, in both languages and themes, wide and narrow: nothing spills, axe-core finds
// nothing serious, times are JST, no script from outside runs; and a picture of each is kept.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { axeFind, spillFind, visitorOpen } from '../browser.mjs';

async function look(page, shots, name) {
	await page.evaluate(() => document.fonts.ready);
	assert.deepEqual(await spillFind(page), [], `${name}: spills sideways`);
	assert.deepEqual(await axeFind(page), [], `${name}: accessibility`);
	assert.equal(await page.evaluate(() => globalThis.hacked), undefined, `${name}: a script from a log line ran`);
	await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}

async function idOf(page, entity) {
	await page.goto(`/?status=all&q=${entity}`);
	return page.getAttribute(`.queue .row:has-text("${entity}") a[data-alert]`, 'data-alert');
}

async function lookAtAll({ browser, url, state, shots, institution, hostileInstitution, raise }, screen) {
	const name = (page) => `${page}-${screen.width}-${screen.language}-${screen.theme}`;
	const door = await visitorOpen(browser, url, screen);
	await door.page.addInitScript((l) => localStorage.setItem('hinomi.language', l), screen.language);
	await door.page.goto('/');
	await door.page.waitForSelector('input[name=password]');
	await look(door.page, shots, name('sign-in'));
	await door.close();

	const program = await raise('program');
	const long = await raise('long');
	const hostile = await raise('hostile');
	const v = await visitorOpen(browser, url, { ...screen, state, statuses: [401, 404] });
	await v.page.addInitScript((l) => localStorage.setItem('hinomi.language', l), screen.language);
	const pages = {
		'now': '/',
		'now-empty': '/?q=no-such-thing-anywhere',
		'alert': `/alerts/${await idOf(v.page, program.entity)}`,
		'alert-long': `/alerts/${await idOf(v.page, long.entity)}`,
		'alert-hostile': `/alerts/${await idOf(v.page, hostile.entity)}`,
		'alert-missing': `/alerts/${'0'.repeat(32)}`,
		'institutions': '/institutions',
		'institution': `/institutions/${institution.id}`,
		'institution-hostile': `/institutions/${hostileInstitution.id}`,
	};
	for (const [page, path] of Object.entries(pages)) {
		await v.page.goto(path);
		await v.page.waitForSelector('main h1');
		await v.page.waitForSelector('.queue, .empty, .sentence, .institutions, .institution h2');
		await v.page.waitForSelector('.connection-live');
		await look(v.page, shots, name(page));
	}
	assert.equal(await v.page.getAttribute('html', 'lang'), screen.language);
	await v.close();
}

const screens = [
	{ width: 1440, language: 'ja', theme: 'light' },
	{ width: 1440, language: 'en', theme: 'dark' },
	{ width: 390, language: 'ja', theme: 'dark' },
	{ width: 390, language: 'en', theme: 'light' },
];

export const journeys = [
	...screens.map((screen) => ({
		name: `every page holds at ${screen.width} px, ${screen.language}, ${screen.theme}`,
		run: (world) => lookAtAll(world, screen),
	})),
	{
		name: 'language and theme switch at once and are kept',
		async run({ browser, url, state }) {
			const v = await visitorOpen(browser, url, { state });
			await v.page.goto('/');
			await v.page.waitForSelector('.queue, .empty');
			const ground = () => v.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
			const light = await ground();
			await v.page.getByRole('button', { name: 'English' }).click();
			await v.page.getByRole('heading', { name: 'Alerts now' }).waitFor();
			assert.equal(await v.page.getAttribute('html', 'lang'), 'en');
			await v.page.selectOption('.tools select', 'dark');
			const dark = await ground();
			assert.notEqual(dark, light);
			await v.page.reload();
			await v.page.getByRole('heading', { name: 'Alerts now' }).waitFor();
			assert.equal(await ground(), dark);
			await v.page.getByRole('button', { name: '日本語' }).click();
			await v.page.getByRole('heading', { name: '現在のアラート' }).waitFor();
			await v.close();
		},
	},
	{
		name: 'hostile text is shown as text: no element, no script, no hidden or turning character',
		async run({ browser, url, state, raise }) {
			const { entity } = await raise('hostile');
			const v = await visitorOpen(browser, url, { state });
			await v.page.goto(`/alerts/${await idOf(v.page, entity)}`);
			await v.page.waitForSelector('.rawline');
			const text = await v.page.textContent('main');
			assert.ok(text.includes('<script>globalThis.hacked=1</script>'), 'the tag is readable');
			assert.equal(await v.page.locator('main script, main img, main iframe').count(), 0);
			assert.equal(await v.page.evaluate(() => globalThis.hacked), undefined);
			assert.ok(!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b]/.test(text), 'nothing hidden is left');
			for (const label of ['RLO', 'ESC'])
				assert.ok(await v.page.locator('.unseen', { hasText: label }).count() > 0, label);
			await v.close();
		},
	},
];

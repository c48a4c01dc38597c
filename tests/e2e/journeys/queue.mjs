import assert from 'node:assert/strict';
import { spillFind, visitorOpen } from '../browser.mjs';

const rowOf = (entity) => `.queue .row:has-text("${entity}")`;

export const journeys = [
	{
		name: 'an alert appears live on the open page and is said aloud',
		async run({ browser, url, state, raise }) {
			const v = await visitorOpen(browser, url, { state });
			let loads = 0;
			v.page.on('framenavigated', () => loads++);
			await v.page.goto('/');
			await v.page.waitForSelector('.connection-live');
			const before = loads;
			const { entity } = await raise('program');
			const row = v.page.locator(rowOf(entity));
			await row.waitFor();
			assert.match(await row.textContent(), /新着/);
			await v.page.waitForFunction(() => document.querySelector('.only-heard[role=status]')?.textContent.includes('新しいアラート'));
			assert.equal(loads, before, 'without loading the page');
			await v.close();
		},
	},
	{
		name: 'rows do not move under a reader: a new alert waits to be asked for',
		async run({ browser, url, state, raise }) {
			const seen = await raise('program');
			const v = await visitorOpen(browser, url, { state });
			await v.page.goto('/');
			await v.page.waitForSelector('.connection-live');
			await v.page.locator(rowOf(seen.entity)).locator('a').focus();
			const place = async () => (await v.page.locator(rowOf(seen.entity)).boundingBox()).y -
				(await v.page.locator('.queue').boundingBox()).y;
			const before = await place();
			const { entity } = await raise('program');
			await v.page.waitForSelector('.waiting');
			assert.equal(await v.page.locator(rowOf(entity)).count(), 0);
			assert.equal(await place(), before);
			await v.page.keyboard.press('n');
			await v.page.locator(rowOf(entity)).waitFor();
			assert.equal(await v.page.locator('.waiting').count(), 0);
			await v.close();
		},
	},
	{
		name: 'filters are in the address and survive a reload',
		async run({ browser, url, state, raise, institution }) {
			const program = await raise('program');
			const paste = await raise('paste');
			const v = await visitorOpen(browser, url, { state });
			await v.page.goto('/');
			await v.page.locator(rowOf(program.entity)).waitFor();
			await v.page.fill('#search', program.entity);
			await v.page.waitForFunction(() => document.querySelectorAll('.queue .row').length === 1);
			await v.page.check('.chip.level-high input');
			await v.page.waitForURL((u) => u.searchParams.get('level') === 'high');
			await v.page.locator('.filters select').nth(1).selectOption(institution.id);
			await v.page.waitForURL((u) => u.searchParams.get('institution') === institution.id);
			await v.page.reload();
			await v.page.locator(rowOf(program.entity)).waitFor();
			assert.equal(await v.page.inputValue('#search'), program.entity);
			assert.ok(await v.page.isChecked('.chip.level-high input'));
			assert.equal(await v.page.locator(rowOf(paste.entity)).count(), 0);
			await v.page.getByRole('button', { name: '絞り込みを解除' }).click();
			await v.page.locator(rowOf(paste.entity)).waitFor();
			assert.equal(new URL(v.page.url()).search, '');
			await v.page.goBack();
			await v.page.waitForURL((u) => u.searchParams.get('q') === program.entity);
			await v.close();
		},
	},
	{
		name: 'a search without results says what to do next',
		async run({ browser, url, state }) {
			const v = await visitorOpen(browser, url, { state, language: 'en' });
			await v.page.addInitScript(() => localStorage.setItem('hinomi.language', 'en'));
			await v.page.goto('/?q=no-such-thing-anywhere');
			await v.page.getByText('No alert fits these filters.').waitFor();
			await v.page.getByRole('link', { name: 'Clear filters' }).click();
			await v.page.waitForURL((u) => u.search === '');
			await v.close();
		},
	},
	{
		name: 'a center that does not answer is said, and tried again',
		async run({ browser, url, state }) {
			const v = await visitorOpen(browser, url, { state });
			await v.page.goto('/institutions');
			await v.page.waitForSelector('h1');
			await v.page.route('**/api/v1/alerts?*', (r) => r.abort());
			await v.page.getByRole('link', { name: '現在' }).first().click();
			await v.page.getByText('センターから応答がありません').waitFor();
			await v.page.unroute('**/api/v1/alerts?*');
			await v.page.getByRole('button', { name: '再試行' }).click();
			await v.page.waitForSelector('.queue, .empty');
			v.faults.splice(0, v.faults.length, ...v.faults.filter((f) => !f.includes('net::ERR_FAILED')));
			await v.close();
		},
	},
	{
		name: 'ten thousand rows load, step and do not spill',
		async run({ browser, url, state, raise }) {
			await raise('program');
			const v = await visitorOpen(browser, url, { state, width: 390 });
			const perPage = 2_500;
			const pages = 4;
			let item;
			await v.page.route('**/api/v1/alerts?*', async (r) => {
				item ??= (await (await r.fetch()).json()).items[0]; // a real one, ten thousand times
				const at = Number(new URL(r.request().url()).searchParams.get('cursor') ?? 0);
				const items = Array.from({ length: perPage }, (_, i) => ({
					...item, id: (at * perPage + i + 1).toString(16).padStart(32, '0'), institution_name: '病'.repeat(400),
				}));
				await r.fulfill({ json: { items, next: at + 1 < pages ? String(at + 1) : null } });
			});
			await v.page.goto('/');
			for (let n = 1; n <= pages; n++) {
				await v.page.waitForFunction((rows) => document.querySelectorAll('.queue .row').length >= rows, n * perPage);
				if (n < pages)
					await v.page.getByRole('button', { name: 'さらに読み込む' }).press('Enter');
			}
			assert.match(await v.page.textContent('.more'), /10,000 件.*これより古いものはありません/);
			assert.deepEqual(await spillFind(v.page), []);
			await v.page.keyboard.press('j');
			await v.page.keyboard.press('j');
			await v.page.waitForSelector('.queue a:focus');
			await v.close();
		},
	},
];

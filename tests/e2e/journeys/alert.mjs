import assert from 'node:assert/strict';
import { visitorOpen } from '../browser.mjs';

const rowOf = (entity) => `.queue .row:has-text("${entity}")`;

export const journeys = [
	{
		name: 'an alert says what happened, why and what to do, marks the match, and closes with a reason',
		async run({ browser, url, state, raise, user }) {
			const { entity, marked, host } = await raise('program');
			const v = await visitorOpen(browser, url, { state });
			await v.page.goto('/');
			await v.page.locator(rowOf(entity)).locator('a').click();
			await v.page.waitForSelector('.sentence');
			const sentence = await v.page.textContent('.sentence');
			assert.ok(sentence.includes(entity), sentence);
			for (const heading of ['なぜ重要か', '何をするか', '証拠', '一致した項目', '時間の流れ', 'ATT&CK', '誤検知の例'])
				assert.ok(await v.page.getByRole('heading', { name: heading }).isVisible(), heading);
			assert.ok((await v.page.textContent('#todo ~ .prose')).length > 20);
			assert.ok((await v.page.textContent('.rawline pre')).includes(host));
			const marks = await v.page.locator('.rawline mark').allTextContents();
			assert.ok(marks.some((m) => m.includes(marked)), `marked: ${marks}`);
			await v.page.locator('a[href^="https://attack.mitre.org/techniques/"]').first().waitFor();
			await v.page.getByText('Ingress Tool Transfer').waitFor();

			const utc = await v.page.getAttribute('.facts time', 'datetime');
			const shown = await v.page.textContent('.facts time');
			const jst = new Date(Date.parse(utc) + 9 * 3600_000).toISOString().slice(0, 19).replace('T', ' ');
			assert.equal(shown, jst);
			assert.match(await v.page.getAttribute('.facts time', 'title'), /UTC$/);

			await v.page.getByRole('button', { name: 'このアラートを閉じる' }).click();
			await v.page.getByText('理由を選んでください').waitFor();
			await v.page.getByRole('radio', { name: /^誤検知/ }).check();
			await v.page.fill('textarea', 'ベンダーの更新と確認した <b>田中</b>');
			await v.page.getByRole('button', { name: 'このアラートを閉じる' }).click();
			await v.page.getByRole('button', { name: '再び開く' }).waitFor();
			assert.ok((await v.page.textContent('.decide')).includes('<b>田中</b>'));
			assert.ok((await v.page.textContent('.decide-by')).includes(user.name));

			await v.page.getByRole('link', { name: '一覧へ戻る' }).click();
			await v.page.waitForSelector('.queue, .empty');
			assert.equal(await v.page.locator(rowOf(entity)).count(), 0, 'it left the open list');
			await v.page.goto(`/?status=closed&q=${entity}`);
			await v.page.locator(rowOf(entity)).locator('a').click();
			await v.page.getByRole('button', { name: '再び開く' }).click();
			await v.page.getByRole('button', { name: 'このアラートを閉じる' }).waitFor();
			await v.page.goto(`/?q=${entity}`);
			await v.page.locator(rowOf(entity)).waitFor();
			await v.close();
		},
	},
	{
		name: 'what was typed about an alert is still there after a look at another',
		async run({ browser, url, state, raise }) {
			const older = await raise('program');
			const newer = await raise('program');
			const v = await visitorOpen(browser, url, { state });
			await v.page.goto('/');
			await v.page.locator(rowOf(older.entity)).waitFor();
			await v.page.locator(rowOf(newer.entity)).locator('a').click();
			await v.page.waitForSelector('.sentence');
			await v.page.fill('textarea', '電話中');
			await v.page.getByRole('link', { name: /^次/ }).click();
			await v.page.waitForFunction(() => document.querySelector('textarea')?.value === '');
			await v.page.getByRole('link', { name: /^前/ }).click();
			await v.page.waitForFunction(() => document.querySelector('textarea')?.value === '電話中');
			await v.close();
		},
	},
	{
		name: 'what a colleague closes is shown as closed to the others at once',
		async run({ browser, url, state, raise }) {
			const { entity } = await raise('program');
			const one = await visitorOpen(browser, url, { state });
			const two = await visitorOpen(browser, url, { state });
			for (const v of [one, two]) {
				await v.page.goto(`/?q=${entity}`);
				await v.page.locator(rowOf(entity)).locator('a').click();
				await v.page.waitForSelector('.connection-live');
				await v.page.waitForSelector('.sentence');
			}
			await one.page.getByRole('radio', { name: '正当な業務' }).check();
			await one.page.getByRole('button', { name: 'このアラートを閉じる' }).click();
			await two.page.getByRole('button', { name: '再び開く' }).waitFor();
			await one.close();
			await two.close();
		},
	},
	{
		name: 'an alert that is not there says so',
		async run({ browser, url, state }) {
			const v = await visitorOpen(browser, url, { state, statuses: [400, 404] });
			await v.page.goto(`/alerts/${'0'.repeat(32)}`);
			await v.page.getByRole('heading', { name: 'このアラートはありません' }).waitFor();
			await v.page.goto('/no/such/page');
			if (await v.page.locator('h1').count() > 0)
				assert.match(await v.page.textContent('body'), /ありません|見つかりません|404/);
			v.faults.length = 0; // the server may answer an unknown path itself, as 404
			await v.close();
		},
	},
	{
		name: 'the whole way by keyboard alone: sign in, search, open, step, close, return',
		async run({ browser, url, user, raise }) {
			await raise('program'); // something for the search to leave out
			const { entity } = await raise('program');
			const v = await visitorOpen(browser, url);
			const { page } = v;
			const press = async (...keys) => {
				for (const k of keys)
					await page.keyboard.press(k);
			};
			await page.goto('/');
			await page.waitForSelector('input[name=username]:focus');
			await page.keyboard.type(user.name);
			await press('Tab');
			await page.keyboard.type(user.password);
			await press('Enter');
			await page.waitForSelector('h1:focus'); // reading goes on at the page's heading
			await page.waitForSelector('.queue .row');
			await page.reload();
			await page.waitForSelector('.queue .row');
			await press('Tab');
			assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
			await press('Enter');
			assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
			await press('?');
			await page.waitForSelector('dialog[open]');
			await press('Escape', '/');
			await page.waitForSelector('#search:focus');
			await page.keyboard.type(entity);
			await page.waitForFunction(() => document.querySelectorAll('.queue .row').length === 1);
			await press('Escape', 'j');
			await page.waitForSelector('.queue a:focus');
			assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none');
			await press('Enter');
			await page.waitForSelector('.sentence');
			await press('c');
			await page.waitForSelector('#reason:focus');
			await press('ArrowDown', 'Tab');
			await page.keyboard.type('キーボードだけで');
			await press('Tab', 'Enter');
			await page.getByRole('button', { name: '再び開く' }).waitFor();
			await press('u');
			await page.waitForSelector('.empty');
			assert.equal(new URL(page.url()).searchParams.get('q'), entity);
			await press('2');
			await page.waitForSelector('.institutions');
			await press('1');
			await page.waitForSelector('.filters');
			await v.close();
		},
	},
];

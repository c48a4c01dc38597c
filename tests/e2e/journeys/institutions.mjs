import assert from 'node:assert/strict';
import { visitorOpen } from '../browser.mjs';

export const journeys = [
	{
		name: 'an institution shows its sources, and which lines could not be read and why',
		async run({ browser, url, state, institution, garble }) {
			await garble(3);
			const v = await visitorOpen(browser, url, { state });
			await v.page.goto('/institutions');
			await v.page.getByRole('link', { name: institution.name }).click();
			await v.page.waitForSelector('.sources, .cards');
			const unread = v.page.locator('.unread').first();
			await unread.waitFor();
			assert.match(await unread.textContent(), /読めない行も捨てずに保存しています/);
			assert.ok((await unread.locator('td').nth(2).textContent()).length > 5, 'says what to do');
			assert.ok(await v.page.getByRole('heading', { name: 'ノード' }).isVisible());
			await v.close();
		},
	},
	{
		name: 'an institution that never sent anything says so',
		async run({ browser, url, state, hostileInstitution }) {
			const v = await visitorOpen(browser, url, { state });
			await v.page.goto(`/institutions/${hostileInstitution.id}`);
			await v.page.waitForSelector('h1');
			assert.match(await v.page.textContent('main'), /未受信/);
			await v.close();
		},
	},
];

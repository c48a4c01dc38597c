import assert from 'node:assert/strict';
import { visitorOpen } from '../browser.mjs';

export const journeys = [
	{
		name: 'a wrong password is refused in the reader\'s language, the right one opens the queue',
		async run({ browser, url, user }) {
			const v = await visitorOpen(browser, url);
			await v.page.goto('/');
			await v.page.click('button[type=submit]');
			assert.match(await v.page.textContent('[role=alert]'), /入力してください/);
			await v.page.fill('input[name=username]', user.name);
			await v.page.fill('input[name=password]', 'not the password');
			await v.page.keyboard.press('Enter');
			await v.page.waitForFunction(() => document.querySelector('[role=alert] .field-problem')?.textContent.includes('違い'));
			assert.equal(await v.page.inputValue('input[name=password]'), '', 'the wrong password is not kept');
			await v.page.waitForSelector('button[type=submit]:not(:disabled)');
			await v.page.fill('input[name=password]', user.password);
			await v.page.keyboard.press('Enter');
			await v.page.waitForSelector('.header');
			assert.equal(await v.page.textContent('h1'), '現在のアラート');
			await v.close();
		},
	},
	{
		name: 'the cookie is out of reach of scripts, and signing out ends the session',
		async run({ browser, url, user }) {
			const v = await visitorOpen(browser, url);
			await v.page.goto('/institutions');
			await v.page.fill('input[name=username]', user.name);
			await v.page.fill('input[name=password]', user.password);
			await v.page.keyboard.press('Enter');
			await v.page.waitForSelector('.header');
			assert.equal(new URL(v.page.url()).pathname, '/institutions', 'signing in leads to where one wanted to go');
			assert.equal(await v.page.evaluate(() => document.cookie), '');
			const [cookie] = await v.context.cookies();
			assert.equal(cookie.name, '__Host-hinomi');
			assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === 'Strict');
			const ask = () => fetch(`${url}/api/v1/alerts`, { headers: { Cookie: `${cookie.name}=${cookie.value}` } });
			assert.equal((await ask()).status, 200);
			await v.page.getByRole('button', { name: 'サインアウト' }).click();
			await v.page.waitForSelector('input[name=password]');
			await v.page.reload();
			await v.page.waitForSelector('input[name=password]');
			const answer = await ask();
			assert.equal(answer.status, 401, 'the old cookie opens nothing');
			assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
			await v.close();
		},
	},
	{
		name: 'a change without the CSRF value is refused',
		async run({ browser, url, state, raise }) {
			const v = await visitorOpen(browser, url, { state, statuses: [403] });
			const { entity } = await raise('program');
			await v.page.goto(`/?q=${entity}`);
			const id = await v.page.getAttribute('.queue a[data-alert]', 'data-alert');
			const answer = await v.page.evaluate(async (path) => {
				const r = await fetch(path, {
					method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ reason: 'benign' }),
				});
				return { status: r.status, code: (await r.json()).code };
			}, `/api/v1/alerts/${id}/close`);
			assert.deepEqual(answer, { status: 403, code: 'csrf' });
			await v.close();
		},
	},
];

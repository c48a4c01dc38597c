// center.mjs - a center and a node of this build, on loopback, in a directory of their own.
//
// Nothing here knows the console; journeys get an address, a login and a way to
// make a hospital's log grow.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const hinomi = resolve(process.env.HINOMI ?? 'build/hinomi');
const patience = 30_000; // ms
const user = { name: 'tanaka', password: 'a long sentence about fire towers' };
const institution = { id: 'minato', name: '港区総合病院' };

/** What an attacker would put into a log line, if a console were careless. */
const hostileText = '<script>globalThis.hacked=1</script><img src=x onerror=globalThis.hacked=1>' +
	'\u202egnp.exe\u2066\u200b\u0007\u001b[31m 🏥 العربية עברית &lt;b&gt; "\'`${1}';
const hostileInstitution = { id: 'hostile', name: (hostileText + '長'.repeat(400)).replaceAll(/[\u0000-\u001f]/g, '').slice(0, 130) };

async function freePort() {
	return new Promise((done, fail) => {
		const s = createServer();
		s.on('error', fail);
		s.listen(0, '127.0.0.1', () => {
			const { port } = s.address();
			s.close(() => done(port));
		});
	});
}

function run(...args) {
	const r = spawnSync(hinomi, args, { encoding: 'utf8', timeout: patience, env: { ...process.env, LANG: 'C.UTF-8' } });
	if (r.status !== 0)
		throw new Error(`hinomi ${args.slice(0, 3).join(' ')}: exit ${r.status ?? r.signal ?? r.error}: ${r.stderr}`);
	return r.stdout.trim();
}

/** A long-running hinomi; what it says is shown only if something goes wrong. */
function start(...args) {
	const child = spawn(hinomi, args, { stdio: ['ignore', 'pipe', 'pipe'] });
	let said = '';
	const keep = (text) => { said = (said + text).slice(-20_000); };
	child.stdout.on('data', keep);
	child.stderr.on('data', keep);
	const ended = new Promise((done) => { child.on('exit', done); });
	const abandon = () => child.kill('SIGTERM'); // should the runner itself fall over
	process.on('exit', abandon);
	return {
		said: () => said,
		isRunning: () => child.exitCode === null && child.signalCode === null,
		stop: async () => {
			child.kill('SIGTERM');
			const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
			await ended;
			clearTimeout(timer);
			process.off('exit', abandon);
		},
	};
}

async function until(what, program, is) {
	const end = Date.now() + patience;
	while (Date.now() < end) {
		if (!program.isRunning())
			throw new Error(`${what}: it ended. It said:\n${program.said()}`);
		if (await is().catch(() => false))
			return;
		await new Promise((r) => { setTimeout(r, 100); });
	}
	throw new Error(`${what}: not within ${patience / 1000} s. It said:\n${program.said()}`);
}

let raised = 0;

/** An address of its own for each alert, so that each is a new one. */
function nextEntity() {
	raised++;
	return `10.77.${raised >> 8}.${raised & 255}`;
}

function squidLine(entity, url, ago = 0) {
	const now = Date.now();
	const hour = now - now % 3_600_000; // lines of one clock hour are one alert
	return `${(Math.max(now - ago, hour) / 1000).toFixed(3)}     45 ${entity} TCP_MISS/200 51234 GET ${url} - HIER_DIRECT/203.0.113.9 application/octet-stream\n`;
}

const kinds = {
	program: (entity) => ['proxy.log', [2_500, 1_000, 0].map((ago) => squidLine(entity, 'http://203.0.113.9/tools/setup.exe', ago)).join('')],
	paste: (entity) => ['proxy.log', squidLine(entity, 'http://pastebin.com/raw/a1b2c3')],
	long: (entity) => ['proxy.log', squidLine(entity, `http://203.0.113.9/tools/setup.exe?x=${'y'.repeat(60_000)}`)],
	hostile: (entity) => ['hostile.log', squidLine(entity, `http://203.0.113.9/${hostileText.replaceAll(' ', '')}/setup.exe`)],
};

export async function centerStart() {
	const dir = mkdtempSync(join(tmpdir(), 'hinomi-e2e-'));
	const centerData = join(dir, 'center');
	const nodeData = join(dir, 'node');
	const logs = join(dir, 'logs');
	const programs = [];
	const stop = async () => {
		for (const p of programs.reverse())
			await p.stop();
		rmSync(dir, { recursive: true, force: true });
	};
	try {
		mkdirSync(logs);
		const [consolePort, nodePort] = [await freePort(), await freePort()];
		writeFileSync(join(dir, 'center.yaml'), `console_listen: 127.0.0.1:${consolePort}\nnode_listen: 127.0.0.1:${nodePort}\n`);
		writeFileSync(join(dir, 'password'), user.password + '\n', { mode: 0o600 });
		run('admin', 'user', 'add', user.name, '--role', 'analyst', '--password-file', join(dir, 'password'), '--data', centerData);
		for (const i of [institution, hostileInstitution])
			run('admin', 'institution', 'add', i.name, '--id', i.id, '--prefecture', '東京都', '--beds', '420', '--data', centerData);

		const url = `http://127.0.0.1:${consolePort}`;
		const center = start('center', '--data', centerData, '--config', join(dir, 'center.yaml'));
		programs.push(center);
		await until('the center', center, async () => (await fetch(`${url}/healthz`)).ok);

		writeFileSync(join(logs, 'proxy.log'), '');
		writeFileSync(join(logs, 'hostile.log'), '');
		writeFileSync(join(dir, 'node.yaml'), 'sources:\n' +
			`  - name: proxy\n    path: ${join(logs, 'proxy.log')}\n    codec: squid\n` +
			`  - name: ${JSON.stringify('second ' + hostileText.replaceAll(/[\u0000-\u001f]/g, '').slice(0, 60))}\n    path: ${join(logs, 'hostile.log')}\n    codec: squid\n`);
		const token = run('admin', 'token', institution.id, '--data', centerData);
		run('node', 'enroll', `https://127.0.0.1:${nodePort}`, token, '--data', nodeData);
		const node = start('node', '--data', nodeData, '--config', join(dir, 'node.yaml'));
		programs.push(node);

		return {
			url, user, institution, hostileInstitution, stop,
			/** One alert of this kind; says whose it is and what it is known by. */
			raise: async (kind) => {
				const entity = nextEntity();
				const [file, line] = kinds[kind](entity);
				appendFileSync(join(logs, file), line);
				return { entity, host: '203.0.113.9', marked: 'exe' };
			},
			/** Lines that no one can read. */
			garble: async (n) => appendFileSync(join(logs, 'proxy.log'), 'this is no log line\n'.repeat(n)),
		};
	} catch (e) {
		await stop();
		throw e;
	}
}

// build.mjs - what turns src/ into dist/: `types`, `tests`, or (nothing said) the console itself.
//
// types   src/server/openapi.yaml becomes src/api/schema.ts, so the client cannot drift from the API
// tests   test/*.test.ts become build-tests/*.mjs for node's own test runner
// (none)  dist/index.html and dist/assets/* with a hash of their content in their names
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import openapiTS, { astToString } from 'openapi-typescript';

const here = fileURLToPath(new URL('.', import.meta.url));
const scriptLimit = 60 * 1024; // bytes, gzipped, of everything the first page loads

const common = {
	absWorkingDir: here,
	bundle: true,
	format: 'esm',
	target: 'es2022',
	jsx: 'automatic',
	jsxImportSource: 'preact',
	loader: { '.tsv': 'text' },
	logLevel: 'warning',
};

async function buildTypes() {
	const contract = new URL('../src/server/openapi.yaml', import.meta.url);
	const text = '// Generated from src/server/openapi.yaml by build.mjs.\n' + astToString(await openapiTS(contract));
	const path = join(here, 'src/api/schema.ts');
	if (!existsSync(path) || readFileSync(path, 'utf8') !== text) // make looks at its age
		writeFileSync(path, text);
}

async function buildTests() {
	rmSync(join(here, 'build-tests'), { recursive: true, force: true });
	await esbuild.build({
		...common,
		entryPoints: readdirSync(join(here, 'test')).filter((f) => f.endsWith('.test.ts')).map((f) => `test/${f}`),
		outdir: 'build-tests',
		outExtension: { '.js': '.mjs' },
		platform: 'node',
	});
}

function fillTemplate(outputs) {
	const named = {};
	for (const [path, out] of Object.entries(outputs))
		if (out.entryPoint !== undefined || path.endsWith('.css') || path.endsWith('.svg'))
			named[basename(path).replace(/-[A-Z0-9]{8}\./, '.')] = '/assets/' + basename(path);
	return readFileSync(join(here, 'src/index.html'), 'utf8').replace(/\{\{([a-z.]+)\}\}/g, (_, name) => {
		if (named[name] === undefined)
			throw new Error(`src/index.html asks for ${name}, which the build did not make`);
		return named[name];
	});
}

/** What others wrote and the console carries, with their terms, as those ask for. */
function licences() {
	const parts = ['preact', '@digital-go-jp/design-tokens'].map((name) =>
		`${name}\n\n${readFileSync(join(here, 'node_modules', name, 'LICENSE'), 'utf8').trim()}\n`);
	const notice = readFileSync(join(here, 'src/text/attack.tsv'), 'utf8').split('\n').filter((l) => l.startsWith('#'));
	return [...parts, notice.map((l) => l.slice(2)).join('\n') + '\n'].join('\n----\n\n');
}

function checkSize(dist, html) {
	let bytes = 0;
	for (const [, name] of html.matchAll(/src="(\/assets\/[^"]+\.js)"/g))
		bytes += gzipSync(readFileSync(join(dist, name))).length;
	console.log(`scripts of the first page: ${bytes} bytes gzipped`);
	if (bytes > scriptLimit)
		throw new Error(`more than ${scriptLimit} bytes of script: the console must open quickly on a bad line`);
}

async function buildConsole() {
	const dist = join(here, 'dist');
	rmSync(dist, { recursive: true, force: true });
	mkdirSync(dist);
	const made = await esbuild.build({
		...common,
		entryPoints: { console: 'src/main.tsx', theme: 'src/theme.ts', style: 'src/style/index.css', icon: 'src/icon.svg' },
		loader: { ...common.loader, '.svg': 'copy' },
		outdir: 'dist/assets',
		entryNames: '[name]-[hash]',
		chunkNames: '[name]-[hash]',
		assetNames: '[name]-[hash]',
		splitting: true,
		minify: true,
		metafile: true,
		legalComments: 'none',
	});
	const html = fillTemplate(made.metafile.outputs);
	writeFileSync(join(dist, 'index.html'), html);
	writeFileSync(join(dist, 'licenses.txt'), licences());
	checkSize(dist, html);
	const total = readdirSync(join(dist, 'assets')).reduce((n, f) => n + statSync(join(dist, 'assets', f)).size, 0);
	console.log(`web/dist: ${readdirSync(join(dist, 'assets')).length + 2} files, ${total + html.length} bytes`);
}

const steps = { types: buildTypes, tests: buildTests, undefined: buildConsole };
await steps[process.argv[2]]();

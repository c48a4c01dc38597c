// client.ts - the only place that calls fetch.
//
// Knows the session's CSRF value and the language to be answered in, nothing of pages.
import { ApiError, problemOf } from './problem';
import type * as api from './types';

const root = '/api/v1';
const patience = 20_000; // ms until an answer is given up on

let csrf = '';
let language: api.Language = 'ja';
let onSignedOut: () => void = () => {};

/** Problems come back in this language. */
export function clientSetLanguage(to: api.Language): void {
	language = to;
}

/** Called whenever the server says that there is no session (any more). */
export function clientOnSignedOut(call: () => void): void {
	onSignedOut = call;
}

async function send(method: string, path: string, body?: unknown, key?: string): Promise<Response> {
	const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language };
	if (method !== 'GET')
		headers['Hinomi-Csrf'] = csrf;
	if (body !== undefined)
		headers['Content-Type'] = 'application/json';
	if (key !== undefined)
		headers['Idempotency-Key'] = key;
	const init: RequestInit = { method, headers, credentials: 'same-origin', signal: AbortSignal.timeout(patience) };
	if (body !== undefined)
		init.body = JSON.stringify(body);
	let response: Response;
	try {
		response = await fetch(root + path, init);
	} catch {
		throw new ApiError('unreachable', 0, '', 0);
	}
	if (response.ok)
		return response;
	const problem = await problemOf(response);
	if (problem.status === 401 && path !== '/session')
		onSignedOut();
	throw problem;
}

async function sendForJson<T>(method: string, path: string, body?: unknown, key?: string): Promise<T> {
	const response = await send(method, path, body, key);
	try {
		return await response.json() as T;
	} catch {
		throw new ApiError('unreadable', response.status, '', 0);
	}
}

function remember(session: api.Session): api.Session {
	csrf = session.csrf;
	return session;
}

/** `name=value&…` of a list's filters; arrays as the API wants them, absent ones left out. */
export function queryOf(params: Record<string, string | number | readonly string[] | undefined>): string {
	const out = new URLSearchParams();
	for (const [name, value] of Object.entries(params))
		if (value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0))
			out.set(name, Array.isArray(value) ? value.join(',') : String(value));
	const text = out.toString().replaceAll('%2C', ',');
	return text === '' ? '' : '?' + text;
}

export const client = {
	signIn: async (with_: api.Credentials) => remember(await sendForJson<api.Session>('POST', '/session', with_)),
	session: async () => remember(await sendForJson<api.Session>('GET', '/session')),
	signOut: async () => { await send('DELETE', '/session'); },

	alerts: (query: api.AlertQuery) => sendForJson<api.AlertPage>('GET', '/alerts' + queryOf(query)),
	alert: (id: string) => sendForJson<api.Alert>('GET', `/alerts/${encodeURIComponent(id)}`),
	closeAlert: (id: string, how: api.CloseRequest, key: string) =>
		sendForJson<api.Alert>('POST', `/alerts/${encodeURIComponent(id)}/close`, how, key),
	reopenAlert: (id: string, key: string) =>
		sendForJson<api.Alert>('POST', `/alerts/${encodeURIComponent(id)}/reopen`, undefined, key),

	institutions: () => sendForJson<{ items: api.Institution[] }>('GET', '/institutions'),
	institution: (id: string) => sendForJson<api.InstitutionDetail>('GET', `/institutions/${encodeURIComponent(id)}`),
	overview: () => sendForJson<api.Overview>('GET', '/overview'),
};

/** One key per intention: a repeated click or retry is the same request to the server. */
export function newKey(): string {
	return crypto.randomUUID();
}

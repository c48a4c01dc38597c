// route.ts - which page the address names, and going from one to another.
import { Store } from './store';

export type Route =
	| { page: 'now'; search: string }
	| { page: 'alert'; id: string }
	| { page: 'institutions' }
	| { page: 'institution'; id: string }
	| { page: 'missing' };

function decode(s: string): string | null {
	try {
		return decodeURIComponent(s);
	} catch {
		return null;
	}
}

export function routeParse(path: string, search: string): Route {
	if (path === '/')
		return { page: 'now', search };
	if (path === '/institutions' || path === '/institutions/')
		return { page: 'institutions' };
	const m = /^\/(alerts|institutions)\/([^/]+)$/.exec(path);
	const id = m === null ? null : decode(m[2] ?? '');
	if (m === null || id === null)
		return { page: 'missing' };
	return m[1] === 'alerts' ? { page: 'alert', id } : { page: 'institution', id };
}

export function alertPath(id: string): string {
	return `/alerts/${encodeURIComponent(id)}`;
}

export function institutionPath(id: string): string {
	return `/institutions/${encodeURIComponent(id)}`;
}

function here(): Route {
	return routeParse(location.pathname, location.search);
}

export const route: Store<Route> = new Store<Route>({ page: 'missing' });

/** Go there; `replace` leaves no step back (typing into a filter). */
export function navigate(to: string, replace = false): void {
	if (to === location.pathname + location.search)
		return;
	if (replace)
		history.replaceState(null, '', to);
	else
		history.pushState(null, '', to);
	route.set(here());
}

// A plain click on a link of ours changes the page without loading it; every other click is the browser's.
function onClick(e: MouseEvent): void {
	if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey)
		return;
	const a = e.target instanceof Element ? e.target.closest('a') : null;
	if (a === null || a.target !== '' || a.origin !== location.origin || a.hasAttribute('download') ||
		(a.hash !== '' && a.pathname === location.pathname))
		return;
	e.preventDefault();
	navigate(a.pathname + a.search);
}

export function routeStart(): void {
	route.set(here());
	window.addEventListener('popstate', () => route.set(here()));
	document.addEventListener('click', onClick);
}

// stream.ts - the center's event stream: one connection for the whole console.
//
// The browser reconnects by itself after a cut and says where it was.  Where it
// gives up (the server answered with an error), we try again with growing pauses;
// then what was missed is unknown, and listeners are told to load afresh.
import type { AlertSummary, Source } from './types';

export type StreamState = 'connecting' | 'live' | 'lost';

export interface StreamListener {
	alert?(alert: AlertSummary): void;
	source?(source: Source): void;
	/** Events were missed: load again what you show. */
	reset?(): void;
	state?(state: StreamState): void;
}

const firstPause = 1_000; // ms
const longestPause = 30_000;

const listeners = new Set<StreamListener>();
let source: EventSource | null = null;
let timer = 0;
let pause = firstPause;
let state: StreamState = 'connecting';

function setState(to: StreamState): void {
	if (state === to)
		return;
	state = to;
	for (const l of listeners)
		l.state?.(to);
}

function parse<T>(e: Event): T | null {
	try {
		return JSON.parse((e as MessageEvent<string>).data) as T;
	} catch {
		return null; // a broken event is not worth a broken page: the next load shows the truth
	}
}

function reset(): void {
	for (const l of listeners)
		l.reset?.();
}

function open(isRetry: boolean): void {
	const s = new EventSource('/api/v1/stream');
	source = s;
	s.onopen = () => {
		pause = firstPause;
		setState('live');
		if (isRetry)
			reset();
	};
	s.onerror = () => {
		setState('lost');
		if (s.readyState !== EventSource.CLOSED)
			return; // the browser is already trying
		timer = window.setTimeout(() => open(true), pause);
		pause = Math.min(pause * 2, longestPause);
	};
	s.addEventListener('alert', (e) => {
		const alert = parse<AlertSummary>(e);
		if (alert !== null)
			for (const l of listeners)
				l.alert?.(alert);
	});
	s.addEventListener('source', (e) => {
		const src = parse<Source>(e);
		if (src !== null)
			for (const l of listeners)
				l.source?.(src);
	});
	s.addEventListener('reset', reset);
}

export function streamOpen(): void {
	if (source === null)
		open(false);
}

export function streamClose(): void {
	window.clearTimeout(timer);
	source?.close();
	source = null;
	pause = firstPause;
	setState('connecting');
}

export function streamState(): StreamState {
	return state;
}

/** Returns what ends the listening. */
export function streamListen(l: StreamListener): () => void {
	listeners.add(l);
	return () => { listeners.delete(l); };
}

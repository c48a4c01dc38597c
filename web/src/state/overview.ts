// overview.ts - the header's counts, and whether the center answers at all.
import { client } from '../api/client';
import { ApiError } from '../api/problem';
import { streamListen, streamState, type StreamState } from '../api/stream';
import type { Overview } from '../api/types';
import { timeParse } from '../text/time';
import { clockCorrect } from './clock';
import { Store } from './store';

const every = 60_000; // ms, when nothing happens
const soon = 2_000; // ms after something happened

export const overview = new Store<Overview | null>(null);
/** The stream's state, or "lost" when the center does not answer though the stream looks well. */
export const connection = new Store<StreamState>('connecting');

let timer = 0;
let wanted = false;

function plan(ms: number): void {
	window.clearTimeout(timer);
	timer = window.setTimeout(() => void overviewLoad(), ms);
}

export async function overviewLoad(): Promise<void> {
	wanted = true;
	try {
		const got = await client.overview();
		if (!wanted)
			return;
		overview.set(got);
		clockCorrect(timeParse(got.now));
		connection.set(streamState());
	} catch (e) {
		if (e instanceof ApiError && e.code === 'unreachable')
			connection.set('lost');
	}
	if (wanted)
		plan(every);
}

export function overviewForget(): void {
	wanted = false;
	window.clearTimeout(timer);
	overview.set(null);
}

export function overviewStart(): void {
	const stir = () => {
		if (wanted)
			plan(soon);
	};
	streamListen({
		alert: stir,
		source: stir,
		reset: stir,
		state: (s) => {
			connection.set(s);
			stir();
		},
	});
	window.addEventListener('online', stir);
}

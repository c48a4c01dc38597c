// announcer.tsx - says aloud, politely, what changed on the page without being asked.
import { Store, useStore } from '../state/store';

const said = new Store<string>('');
const pause = 3_000; // ms: a burst is one sentence
let timer = 0;
let next = '';

export function announce(text: string): void {
	next = text;
	timer ||= window.setTimeout(() => {
		timer = 0;
		said.set(next);
	}, said.get() === '' ? 200 : pause);
}

export function Announcer() {
	return <div class="only-heard" role="status" aria-live="polite">{useStore(said)}</div>;
}

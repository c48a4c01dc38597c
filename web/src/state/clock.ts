// clock.ts - "3 minutes ago" must not stand still, nor follow a workstation's wrong clock.
import { Store } from './store';

const every = 10_000; // ms

export const clock = new Store<number>(Date.now());

let ahead = 0; // ms by which the center's clock is ahead of this machine's

export function clockStart(): void {
	window.setInterval(() => clock.set(Date.now() + ahead), every);
}

/** What the center says the time is. */
export function clockCorrect(now: number): void {
	if (Number.isNaN(now))
		return;
	ahead = now - Date.now();
	clock.set(now);
}

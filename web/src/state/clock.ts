// clock.ts - "3 minutes ago" must not stand still.
import { Store } from './store';

export const clock = new Store<number>(Date.now());

export function clockStart(): void {
	window.setInterval(() => clock.set(Date.now()), 10_000);
}

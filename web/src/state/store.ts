// store.ts - a value that parts of the page watch.
import { useEffect, useState } from 'preact/hooks';

export class Store<T> {
	private readonly watchers = new Set<(v: T) => void>();

	constructor(private value: T) {}

	get(): T {
		return this.value;
	}

	set(to: T): void {
		if (Object.is(to, this.value))
			return;
		this.value = to;
		for (const w of this.watchers)
			w(to);
	}

	update(how: (v: T) => T): void {
		this.set(how(this.value));
	}

	watch(w: (v: T) => void): () => void {
		this.watchers.add(w);
		return () => { this.watchers.delete(w); };
	}
}

export function useStore<T>(store: Store<T>): T {
	const [value, setValue] = useState(store.get());
	useEffect(() => {
		setValue(store.get()); // it may have changed between drawing and watching
		return store.watch((v) => setValue(v));
	}, [store]);
	return value;
}

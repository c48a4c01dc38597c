// keys.ts - single-key shortcuts.  A page registers what its keys do while it is shown.
import { useEffect } from 'preact/hooks';
import { shortcuts } from './settings';

export type Keys = Record<string, () => void>;

const stack: Keys[] = [];

function isTyping(target: EventTarget | null): boolean {
	return target instanceof HTMLElement &&
		(target.isContentEditable || target.matches('textarea, select, input:not([type=checkbox], [type=radio])'));
}

function onKey(e: KeyboardEvent): void {
	if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || e.isComposing || !shortcuts.get())
		return;
	if (isTyping(e.target) || document.querySelector('dialog[open]') !== null)
		return;
	for (let i = stack.length - 1; i >= 0; i--) {
		const act = stack[i]?.[e.key];
		if (act === undefined)
			continue;
		e.preventDefault();
		act();
		return;
	}
}

export function useKeys(keys: Keys): void {
	useEffect(() => {
		stack.push(keys);
		return () => { stack.splice(stack.indexOf(keys), 1); };
	});
}

export function keysStart(): void {
	document.addEventListener('keydown', onKey);
}

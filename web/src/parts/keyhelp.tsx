// keyhelp.tsx - the list of keys, and the switch that turns them off (for speech input and the like).
import { useEffect, useRef } from 'preact/hooks';
import { shortcuts, useText } from '../state/settings';
import { Store, useStore } from '../state/store';
import type { Key } from '../text/i18n';

export const keyHelp = new Store<boolean>(false);

const rows: readonly [keys: readonly string[], what: Key & `keys.${string}`][] = [
	[['j'], 'keys.next'],
	[['k'], 'keys.previous'],
	[['Enter'], 'keys.open'],
	[['n'], 'keys.fresh'],
	[['/'], 'keys.search'],
	[['u'], 'keys.back'],
	[['c'], 'keys.close'],
	[['1'], 'keys.now'],
	[['2'], 'keys.institutions'],
	[['?'], 'keys.help'],
];

export function KeyHelp() {
	const { t } = useText();
	const open = useStore(keyHelp);
	const on = useStore(shortcuts);
	const ref = useRef<HTMLDialogElement>(null);
	useEffect(() => {
		if (open && ref.current?.open === false)
			ref.current.showModal();
		else if (!open)
			ref.current?.close();
	}, [open]);
	return (
		<dialog ref={ref} class="keyhelp" aria-labelledby="keyhelp-title" onClose={() => keyHelp.set(false)}>
			<h2 id="keyhelp-title">{t('keys.title')}</h2>
			<dl>
				{rows.map(([keys, what]) => (
					<div><dt>{keys.map((k) => <kbd>{k}</kbd>)}</dt><dd>{t(what)}</dd></div>
				))}
			</dl>
			<label class="check">
				<input type="checkbox" checked={on} onChange={(e) => shortcuts.set(e.currentTarget.checked)} />
				{t('keys.use')}
			</label>
			<p><button type="button" onClick={() => keyHelp.set(false)}>{t('app.close')}</button></p>
		</dialog>
	);
}

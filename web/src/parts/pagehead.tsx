// pagehead.tsx - a page's heading: names the tab, and takes the focus when one comes from another page.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useText } from '../state/settings';

let pagesShown = 0;

interface Props {
	/** Of the browser's tab. */
	name: string;
	children: ComponentChildren;
	focus?: boolean;
}

export function PageHead({ name, children, focus = true }: Props) {
	const { t } = useText();
	const ref = useRef<HTMLHeadingElement>(null);
	const app = t('app.name');
	useEffect(() => {
		document.title = `${name} — ${app}`;
	}, [name, app]);
	useEffect(() => {
		if (pagesShown++ > 0 && focus) // the first page leaves the focus where the browser puts it
			ref.current?.focus({ preventScroll: true });
	}, []);
	return <h1 ref={ref} tabIndex={-1}>{children}</h1>;
}

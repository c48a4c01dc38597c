// copy.tsx - puts a text on the clipboard, exactly as it was received.
import { useEffect, useState } from 'preact/hooks';
import { useText } from '../state/settings';
import { announce } from './announcer';

export function CopyButton({ text }: { text: string }) {
	const { t } = useText();
	const [done, setDone] = useState(false);
	useEffect(() => {
		const timer = done ? window.setTimeout(() => setDone(false), 2_000) : 0;
		return () => window.clearTimeout(timer);
	}, [done]);
	const copy = () => void navigator.clipboard.writeText(text).then(() => {
		setDone(true);
		announce(t('alert.copied'));
	}, () => undefined); // refused by the browser: the text can still be selected
	return <button type="button" class="quiet copy" onClick={copy}>{done ? t('alert.copied') : t('alert.copy')}</button>;
}

// outside.tsx - text that came from outside: isolated in its direction, nothing in it invisible.
import { useState } from 'preact/hooks';
import { useText } from '../state/settings';
import { numberCount } from '../text/number';
import { proseBlocks } from '../text/prose';
import { shorten, visiblePieces } from '../text/visible';

function Pieces({ text }: { text: string }) {
	return <>{visiblePieces(text).map((p) => p.hidden ? <span class="unseen">{p.text}</span> : p.text)}</>;
}

export function Outside({ text, class: name = '' }: { text: string; class?: string }) {
	return <bdi class={`outside ${name}`}><Pieces text={text} /></bdi>;
}

/** The same without isolation, for use inside a raw line. */
export const OutsidePieces = Pieces;

const longLimit = 400; // characters

/** A value that may be of any length: its beginning, and the rest when asked for. */
export function Long({ text }: { text: string }) {
	const { t, language } = useText();
	const [whole, setWhole] = useState(false);
	if (text.length <= longLimit)
		return <Outside text={text} />;
	return (
		<>
			<Outside text={whole ? text : shorten(text, longLimit)} />
			<button type="button" class="quiet" aria-expanded={whole} onClick={() => setWhole(!whole)}>
				{whole ? t('alert.part') : t('alert.whole', { n: numberCount(text.length, language) })}
			</button>
		</>
	);
}

/** One item a line, as rules list when they are harmless. */
export function Lines({ text }: { text: string }) {
	const items = text.split(/\r?\n/).map((l) => l.replace(/^\s*[-*]\s+/, '').trim()).filter((l) => l !== '');
	return <div class="prose"><ul>{items.map((i) => <li><Outside text={i} /></li>)}</ul></div>;
}

/** A rule's or a person's words in paragraphs and lists. */
export function Prose({ text }: { text: string }) {
	return (
		<div class="prose">
			{proseBlocks(text).map((b) => {
				if (b.kind === 'p')
					return <p><Outside text={b.items.join(' ')} /></p>;
				const List = b.kind;
				return <List>{b.items.map((i) => <li><Outside text={i} /></li>)}</List>;
			})}
		</div>
	);
}

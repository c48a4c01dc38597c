// rawline.tsx - a log line as it was received: matched parts marked, nothing invisible, nothing interpreted.
import { useMemo, useState } from 'preact/hooks';
import type { AlertLine } from '../api/types';
import { useText } from '../state/settings';
import { highlightLine } from '../text/highlight';
import { numberCount } from '../text/number';
import { CopyButton } from './copy';
import { Outside, OutsidePieces } from './outside';
import { When } from './when';

const shortLimit = 2_000; // characters of a line shown before it is asked for as a whole
const keptBytes = 16 * 1024; // of a line that an alert keeps; up to 3 fewer, at the edge of a character

export function RawLine({ line }: { line: AlertLine }) {
	const { t, language } = useText();
	const [whole, setWhole] = useState(false);
	const limit = whole ? Infinity : shortLimit;
	const isCut = useMemo(() => new TextEncoder().encode(line.raw).length >= keptBytes - 3, [line]);
	const stretches = useMemo(() => highlightLine(line.raw, line.matched, limit), [line, limit]);
	return (
		<li class="rawline">
			<div class="rawline-head">
				<When at={line.time} />
				<span class="rawline-where">
					<Outside text={t('alert.line.where', { batch: line.batch, offset: numberCount(line.offset, language) })} />
				</span>
				<CopyButton text={line.raw} />
			</div>
			<pre tabIndex={0} dir="ltr"><code>
				{stretches.map((s) => s.kind === 'matched' ? <mark><OutsidePieces text={s.text} /></mark> :
					s.kind === 'plain' ? <OutsidePieces text={s.text} /> :
						<span class="rawline-cut">{t('alert.line.cut', { n: numberCount(s.length, language) })}</span>)}
			</code></pre>
			{isCut ? <p class="hint">{t('alert.line.kept')}</p> : null}
			{line.raw.length <= shortLimit ? null :
				<button type="button" class="quiet" aria-expanded={whole} onClick={() => setWhole(!whole)}>
					{whole ? t('alert.part') : t('alert.whole', { n: numberCount(line.raw.length, language) })}
				</button>}
		</li>
	);
}

// when.tsx - an instant in JST; UTC on hovering, and for programs in `datetime`.
import { clock } from '../state/clock';
import { useText } from '../state/settings';
import { useStore } from '../state/store';
import { timeAgo, timeJst, timeParse, timeSameJstDay } from '../text/time';

interface Props {
	at: string;
	/** Leave the date out where it is today's. */
	short?: boolean;
	ago?: boolean;
}

export function When({ at, short = false, ago = false }: Props) {
	const { language } = useText();
	const now = useStore(clock);
	const ms = timeParse(at);
	if (Number.isNaN(ms))
		return <span>{at}</span>;
	const jst = timeJst(ms);
	return (
		<time dateTime={at} title={`${at.replace('T', ' ').replace('Z', '')} UTC`}>
			{short && timeSameJstDay(ms, now) ? null : <span class="when-date">{jst.date} </span>}
			<span class="when-time">{jst.time}</span>
			{ago ? <span class="when-ago"> {timeAgo(ms, now, language)}</span> : null}
		</time>
	);
}

// timeline.tsx - when it began, when its evidence was seen, when it was last seen: one small picture.
import type { Alert } from '../api/types';
import { useText } from '../state/settings';
import { numberCount } from '../text/number';
import { timeJst, timeParse } from '../text/time';
import { timelineMarks } from '../text/timeline';
import { When } from './when';

const width = 1000; // of the picture's own units

export function Timeline({ alert }: { alert: Alert }) {
	const { t, language } = useText();
	const first = timeParse(alert.first_seen);
	const last = timeParse(alert.last_seen);
	const marks = timelineMarks(first, last, alert.lines.map((l) => timeParse(l.time)));
	const clockOf = (ms: number) => `${timeJst(ms).date} ${timeJst(ms).time}`;
	const text = t('alert.timeline.help', {
		from: clockOf(first), to: clockOf(last), n: numberCount(alert.count, language), shown: alert.lines.length,
	});
	return (
		<figure class="timeline">
			<svg viewBox={`-12 0 ${width + 24} 56`} role="img" aria-label={text}>
				<line class="timeline-axis" x1="0" y1="40" x2={width} y2="40" />
				<line class="timeline-span" x1={marks.from * width} y1="40" x2={marks.to * width} y2="40" />
				{marks.points.map((p) => (
					<g>
						<line class="timeline-stem" x1={p.at * width} y1="40" x2={p.at * width} y2={34 - Math.min(p.count, 6) * 5} />
						<circle class="timeline-dot" cx={p.at * width} cy={34 - Math.min(p.count, 6) * 5} r="6" />
					</g>
				))}
				<circle class="timeline-end" cx={marks.to * width} cy="40" r="7" />
			</svg>
			<div class="timeline-ends"><When at={alert.first_seen} /><When at={alert.last_seen} /></div>
			<figcaption>{text}</figcaption>
		</figure>
	);
}

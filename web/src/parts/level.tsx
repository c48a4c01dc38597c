// level.tsx - how bad it is: by word, by shape and by colour, since no one of them serves everybody.
import type { Health, Level } from '../api/types';
import { useText } from '../state/settings';

const bars: Record<Level, number> = { informational: 0, low: 1, medium: 2, high: 3, critical: 4 };

export function LevelBadge({ level }: { level: Level }) {
	const { t } = useText();
	return (
		<span class={`level level-${level}`}>
			<svg class="level-bars" viewBox="0 0 15 12" aria-hidden="true">
				{[0, 1, 2, 3].map((i) => (
					<rect class={i < bars[level] ? 'on' : 'off'} x={i * 4} y={9 - i * 3} width="3" height={3 + i * 3} />
				))}
			</svg>
			<span>{t(`level.${level}`)}</span>
		</span>
	);
}

const marks: Record<Health, string> = {
	ok: 'M3 8.5 6.5 12 13 4.5',
	late: 'M8 4v4.5l3 2M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13',
	silent: 'M4 4l8 8M12 4l-8 8',
	new: 'M3 8h2M7 8h2M11 8h2',
};

export function HealthBadge({ health }: { health: Health }) {
	const { t } = useText();
	return (
		<span class={`health health-${health}`} title={t(`health.${health}.help`)}>
			<svg viewBox="0 0 16 16" aria-hidden="true"><path d={marks[health]} /></svg>
			<span>{t(`health.${health}`)}</span>
		</span>
	);
}

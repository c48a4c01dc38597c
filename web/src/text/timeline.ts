// timeline.ts - where instants lie between the first and the last.  Pure; positions from 0 to 1.

export interface TimelinePoint {
	at: number;
	/** Instants that fall on the same spot. */
	count: number;
}

export interface TimelineMarks {
	from: number;
	to: number;
	points: TimelinePoint[];
}

const spots = 200; // closer than this many parts of the whole is the same spot

export function timelineMarks(first: number, last: number, instants: readonly number[]): TimelineMarks {
	const width = last - first;
	const place = (ms: number) => width <= 0 ? 0.5 : Math.min(1, Math.max(0, (ms - first) / width));
	const counts = new Map<number, number>();
	for (const ms of instants)
		if (!Number.isNaN(ms)) {
			const spot = Math.round(place(ms) * spots) / spots;
			counts.set(spot, (counts.get(spot) ?? 0) + 1);
		}
	const points = [...counts].sort(([a], [b]) => a - b).map(([at, count]) => ({ at, count }));
	return width <= 0 ? { from: 0.5, to: 0.5, points } : { from: 0, to: 1, points };
}

// filters.tsx - the queue's filters; what they say is kept in the address bar.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Session } from '../api/types';
import { filtersCount, filtersToSearch, levels, noFilters, textMax, type Filters } from '../state/filters';
import { navigate } from '../state/route';
import { useText } from '../state/settings';
import { detectorLabel, detectorNames } from '../text/fields';
import { visibleString } from '../text/visible';

const typingPause = 300; // ms without a key until the server is asked

const statuses: readonly Filters['status'][] = ['open', 'closed', 'all'];

function apply(f: Filters, replace = false): void {
	navigate('/' + filtersToSearch(f), replace);
}

function SearchBox({ filters }: { filters: Filters }) {
	const { t } = useText();
	const [typed, setTyped] = useState(filters.q);
	const timer = useRef(0);
	useEffect(() => {
		window.clearTimeout(timer.current);
		setTyped(filters.q);
	}, [filters.q]);
	useEffect(() => () => window.clearTimeout(timer.current), []);
	const settle = (q: string) => {
		window.clearTimeout(timer.current);
		if (q !== filters.q)
			apply({ ...filters, q }, true);
	};
	const type = (q: string) => {
		setTyped(q);
		window.clearTimeout(timer.current);
		timer.current = window.setTimeout(() => settle(q), typingPause);
	};
	return (
		<label class="field field-search">
			<span>{t('now.filter.text')}</span>
			<input type="search" id="search" name="q" maxLength={textMax} autocomplete="off" spellcheck={false} dir="auto"
				placeholder={t('now.filter.text.hint')} value={typed} onInput={(e) => type(e.currentTarget.value)}
				onBlur={(e) => settle(e.currentTarget.value)}
				onKeyDown={(e) => { if (e.key === 'Escape') e.currentTarget.blur(); }} />
		</label>
	);
}

interface SelectProps {
	label: string;
	value: string;
	options: readonly (readonly [value: string, text: string])[];
	onChoose: (v: string) => void;
}

function Choose({ label, value, options, onChoose }: SelectProps) {
	return (
		<label class="field">
			<span>{label}</span>
			<select value={value} onChange={(e) => onChoose(e.currentTarget.value)}>
				{options.map(([v, text]) => <option value={v} selected={v === value}>{text}</option>)}
			</select>
		</label>
	);
}

function LevelChecks({ filters }: { filters: Filters }) {
	const { t } = useText();
	const toggle = (level: (typeof levels)[number]) => apply({
		...filters,
		level: filters.level.includes(level) ? filters.level.filter((l) => l !== level) : [...filters.level, level],
	});
	return (
		<fieldset class="field field-levels">
			<legend>{t('now.filter.level')}</legend>
			<div>
				{levels.map((level) => (
					<label class={`chip level-${level}`}>
						<input type="checkbox" checked={filters.level.includes(level)} onChange={() => toggle(level)} />
						<span>{t(`level.${level}`)}</span>
					</label>
				))}
			</div>
		</fieldset>
	);
}

/** An institution named in the address that this user does not see is still shown as chosen. */
function institutionOptions(session: Session, chosen: string, any: string): [string, string][] {
	const known = session.institutions.map((i): [string, string] => [i.id, visibleString(i.name)]);
	const extra: [string, string][] = chosen !== '' && !known.some(([id]) => id === chosen) ? [[chosen, chosen]] : [];
	return [['', any], ...known, ...extra];
}

export function FilterBar({ filters, session }: { filters: Filters; session: Session }) {
	const { t, language } = useText();
	const set = filtersCount(filters);
	const detectors = [...new Set([...detectorNames, ...(filters.detector === '' ? [] : [filters.detector])])];
	const wide = useRef(window.matchMedia('(min-width: 60rem)').matches);
	return (
		<search>
			<details class="filters" open={wide.current}>
				<summary>{t('now.filter.show', { n: set })}</summary>
				<form onSubmit={(e) => e.preventDefault()}>
					<SearchBox filters={filters} />
					<LevelChecks filters={filters} />
					<Choose label={t('now.filter.status')} value={filters.status}
						options={statuses.map((s) => [s, t(`status.${s}`)] as const)}
						onChoose={(v) => apply({ ...filters, status: v as Filters['status'] })} />
					<Choose label={t('now.filter.institution')} value={filters.institution}
						options={institutionOptions(session, filters.institution, t('now.filter.any'))}
						onChoose={(institution) => apply({ ...filters, institution })} />
					<Choose label={t('now.filter.detector')} value={filters.detector}
						options={[['', t('now.filter.any')], ...detectors.map((d) => [d, detectorLabel(d, language)] as const)]}
						onChoose={(detector) => apply({ ...filters, detector })} />
					{set === 0 ? null : <button type="button" class="quiet" onClick={() => apply(noFilters)}>{t('now.filter.clear')}</button>}
				</form>
			</details>
		</search>
	);
}

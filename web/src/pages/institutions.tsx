// institutions.tsx - who is watched, worst first: an institution that went silent is not a quiet one.
import { useEffect, useState } from 'preact/hooks';
import { client } from '../api/client';
import { streamListen } from '../api/stream';
import type { Health, Institution } from '../api/types';
import { HealthBadge } from '../parts/level';
import { Command, Empty, Loading, ProblemNotice, registerCommands } from '../parts/notice';
import { Outside } from '../parts/outside';
import { PageHead } from '../parts/pagehead';
import { When } from '../parts/when';
import { useKeys } from '../state/keys';
import { useResource } from '../state/resource';
import { institutionPath } from '../state/route';
import { useText } from '../state/settings';
import { numberCount } from '../text/number';

const gather = 5_000; // ms: sources report often, the list need not follow each

const order: Record<Health, number> = { silent: 0, late: 1, new: 2, ok: 3 };

function fits(i: Institution, words: string): boolean {
	const name = `${i.name} ${i.id} ${i.prefecture ?? ''}`.normalize('NFKC').toLowerCase();
	return words.normalize('NFKC').toLowerCase().split(/\s+/).every((w) => name.includes(w));
}

function Row({ institution: i }: { institution: Institution }) {
	const { t, language } = useText();
	return (
		<tr class={`health-row-${i.health}`}>
			<td data-label={t('inst.health')}><HealthBadge health={i.health} /></td>
			<th scope="row">
				<a href={institutionPath(i.id)}><Outside text={i.name} /></a>
				<small>
					{i.prefecture === undefined ? null : <Outside text={i.prefecture} />}
					{i.beds === undefined ? null : <span>{t('inst.beds', { n: numberCount(i.beds, language) })}</span>}
				</small>
			</th>
			<td data-label={t('inst.open')} class="number">
				{i.open_alerts === 0 ? '0' : <a href={`/?institution=${encodeURIComponent(i.id)}`}>{numberCount(i.open_alerts, language)}</a>}
			</td>
			<td data-label={t('inst.nodes')} class="number">{numberCount(i.nodes, language)}</td>
			<td data-label={t('inst.sources')} class="number">{numberCount(i.sources, language)}</td>
			<td data-label={t('inst.last')}>{i.last_batch === null ? t('inst.never') : <When at={i.last_batch} short ago />}</td>
		</tr>
	);
}

function List({ items }: { items: readonly Institution[] }) {
	const { t } = useText();
	const [words, setWords] = useState('');
	useKeys({ '/': () => document.getElementById('search')?.focus() });
	const shown = items.filter((i) => fits(i, words.trim()))
		.sort((a, b) => order[a.health] - order[b.health] || a.name.localeCompare(b.name, 'ja'));
	return (
		<>
			<search>
				<label class="field field-search">
					<span>{t('inst.search')}</span>
					<input id="search" type="search" autocomplete="off" dir="auto" value={words}
						onInput={(e) => setWords(e.currentTarget.value)}
						onKeyDown={(e) => { if (e.key === 'Escape') e.currentTarget.blur(); }} />
				</label>
			</search>
			{shown.length === 0 ? <p class="notice">{t('inst.empty.filtered')}</p> : (
				<table class="institutions">
					<thead>
						<tr>
							<th scope="col">{t('inst.health')}</th>
							<th scope="col">{t('inst.name')}</th>
							<th scope="col" class="number">{t('inst.open')}</th>
							<th scope="col" class="number">{t('inst.nodes')}</th>
							<th scope="col" class="number">{t('inst.sources')}</th>
							<th scope="col">{t('inst.last')}</th>
						</tr>
					</thead>
					<tbody>{shown.map((i) => <Row key={i.id} institution={i} />)}</tbody>
				</table>
			)}
		</>
	);
}

export function InstitutionsPage() {
	const { t } = useText();
	const list = useResource('institutions', client.institutions);
	useEffect(() => {
		let timer = 0;
		const stir = () => { timer ||= window.setTimeout(() => { timer = 0; list.reload(); }, gather); };
		const stop = streamListen({ source: stir, alert: stir, reset: list.reload });
		return () => {
			window.clearTimeout(timer);
			stop();
		};
	}, []);
	return (
		<main id="main" tabIndex={-1}>
			<PageHead name={t('inst.title')}>{t('inst.title')}</PageHead>
			{list.problem !== null ? <ProblemNotice problem={list.problem} onRetry={list.reload} /> : null}
			{list.value === null ? (list.problem === null ? <Loading /> : null) :
				list.value.items.length > 0 ? <List items={list.value.items} /> : (
					<Empty title={t('inst.empty')} help={t('now.empty.start.help')}>
						<Command text={registerCommands} />
					</Empty>
				)}
		</main>
	);
}

// alert.tsx - one alert: what happened, why it matters, what to do, and the evidence for it.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { client } from '../api/client';
import { streamListen } from '../api/stream';
import type { Alert } from '../api/types';
import { Decide } from '../parts/decide';
import { LevelBadge } from '../parts/level';
import { Empty, Loading, ProblemNotice } from '../parts/notice';
import { Lines, Long, Outside, Prose } from '../parts/outside';
import { PageHead } from '../parts/pagehead';
import { RawLine } from '../parts/rawline';
import { Timeline } from '../parts/timeline';
import { When } from '../parts/when';
import { alertList, alertListShow } from '../state/alerts';
import { filtersToSearch } from '../state/filters';
import { useKeys } from '../state/keys';
import { queueNeighbours } from '../state/queue';
import { useResource } from '../state/resource';
import { alertPath, institutionPath, navigate } from '../state/route';
import { useText } from '../state/settings';
import { useStore } from '../state/store';
import { attackName, attackNames, attackUrl } from '../text/attack';
import { detectorLabel, fieldLabel } from '../text/fields';
import { pick, templateParts } from '../text/i18n';
import { numberCount } from '../text/number';
import { strings } from '../text/strings';
import { timeJst, timeParse, timeSameJstDay, timeSpan } from '../text/time';
import { shorten, visibleString } from '../text/visible';

const valueMax = 80; // characters of one value within a sentence
const gather = 1_000; // ms: an alert that grows quickly is not loaded for every line

/** What happened in one sentence.  Each value stands for itself, so that none can turn the others round. */
function Sentence({ alert: a }: { alert: Alert }) {
	const { t, language } = useText();
	const first = timeParse(a.first_seen);
	const last = timeParse(a.last_seen);
	const clockOf = (ms: number) => `${timeJst(ms).date} ${timeJst(ms).time}`;
	const values: Record<string, string> = {
		institution: a.institution_name,
		entity: a.entity.value === '' ? t('alert.nobody') : a.entity.value,
		rule: pick(a.rule.title, language),
		source: a.source,
		time: clockOf(first),
		from: clockOf(first),
		to: timeSameJstDay(first, last) ? timeJst(last).time : clockOf(last),
		span: timeSpan(last - first, language),
		n: numberCount(a.count, language),
	};
	const template = strings[a.count === 1 ? 'alert.sentence.one' : 'alert.sentence.many'][language];
	return (
		<p class="sentence">
			{templateParts(template).map((p) => p.name === null ? p.text : <Outside text={shorten(values[p.name] ?? '', valueMax)} />)}
		</p>
	);
}

function Section({ id, title, class: name = '', children }: { id: string; title: string; class?: string; children: ComponentChildren }) {
	return (
		<section class={`card ${name}`} aria-labelledby={id}>
			<h2 id={id}>{title}</h2>
			{children}
		</section>
	);
}

function Evidence({ alert }: { alert: Alert }) {
	const { t, language } = useText();
	const n = { shown: alert.lines.length, n: numberCount(alert.count, language) };
	return (
		<Section id="evidence" title={t('alert.evidence')}>
			<p class="hint">{alert.count > alert.lines.length ? t('alert.evidence.more', n) + ' ' : null}{t('alert.evidence.marks')}</p>
			<ol class="rawlines">{alert.lines.map((l) => <RawLine key={`${l.batch}/${l.offset}`} line={l} />)}</ol>
		</Section>
	);
}

function Fields({ alert }: { alert: Alert }) {
	const { t, language } = useText();
	const rows = Object.entries(alert.fields);
	return (
		<Section id="fields" title={t('alert.fields')}>
			{rows.length === 0 ? <p>{t('alert.fields.none')}</p> : (
				<table class="fields">
					<thead><tr><th scope="col">{t('alert.fields.name')}</th><th scope="col">{t('alert.fields.value')}</th></tr></thead>
					<tbody>
						{rows.map(([name, value]) => (
							<tr>
								<th scope="row">
									<span>{fieldLabel(name, language) ?? <Outside text={name} />}</span>
									{fieldLabel(name, language) === null ? null : <code>{name}</code>}
								</th>
								<td>
									<code><Long text={value} /></code>
									{value === '' ? null :
										<a class="pivot" href={`/?${new URLSearchParams({ status: 'all', q: value.slice(0, 200) })}`} title={t('alert.fields.search')}>
											<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M7 2a5 5 0 1 1 0 10A5 5 0 0 1 7 2zM10.7 10.7 14 14" /></svg>
											<span class="only-heard">{t('alert.fields.search')}: {visibleString(shorten(value, valueMax))}</span>
										</a>}
								</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</Section>
	);
}

function Attack({ ids }: { ids: readonly string[] }) {
	const { t } = useText();
	const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
	useEffect(() => {
		attackNames().then(setNames, () => undefined); // without the table the ids still say enough
	}, []);
	if (ids.length === 0)
		return null;
	return (
		<Section id="attack" title={t('alert.attack')}>
			<ul class="plain">
				{ids.map((id) => {
					const url = attackUrl(id);
					const label = <><span class="tag"><Outside text={id} /></span> {attackName(names, id)}</>;
					return <li>{url === null ? label : <OutLink href={url}>{label}</OutLink>}</li>;
				})}
			</ul>
		</Section>
	);
}

function OutLink({ href, children }: { href: string; children: ComponentChildren }) {
	const { t } = useText();
	return <a href={href} target="_blank" rel="noopener noreferrer">{children}<span class="only-heard">{t('app.newTab')}</span></a>;
}

/** Only the web's own schemes become links; a rule may come from anywhere. */
function References({ urls }: { urls: readonly string[] }) {
	const { t } = useText();
	if (urls.length === 0)
		return null;
	return (
		<Section id="references" title={t('alert.references')}>
			<ul class="plain references">
				{urls.map((u) => <li>{/^https?:\/\//i.test(u) ? <OutLink href={u}><Outside text={u} /></OutLink> : <Outside text={u} />}</li>)}
			</ul>
		</Section>
	);
}

function Facts({ alert }: { alert: Alert }) {
	const { t, language } = useText();
	const kind = fieldLabel(alert.entity.kind, language) ?? alert.entity.kind;
	return (
		<Section id="facts" title={t('alert.facts')}>
			<dl class="facts">
				<div><dt>{t('alert.fact.institution')}</dt><dd><a href={institutionPath(alert.institution)}><Outside text={alert.institution_name} /></a></dd></div>
				<div><dt>{t('alert.fact.source')}</dt><dd><Outside text={alert.source} /></dd></div>
				<div><dt>{t('alert.fact.entity')}</dt><dd>{alert.entity.value === '' ? '—' : <><Outside text={alert.entity.value} /> <small><Outside text={kind} /></small></>}</dd></div>
				<div><dt>{t('alert.fact.count')}</dt><dd>{numberCount(alert.count, language)}</dd></div>
				<div><dt>{t('alert.fact.first')}</dt><dd><When at={alert.first_seen} /></dd></div>
				<div><dt>{t('alert.fact.last')}</dt><dd><When at={alert.last_seen} ago /></dd></div>
				<div><dt>{t('alert.fact.raised')}</dt><dd><When at={alert.raised} /></dd></div>
				<div><dt>{t('alert.fact.severity')}</dt><dd>{alert.severity} / 100</dd></div>
				<div><dt>{t('alert.fact.detector')}</dt><dd>{detectorLabel(alert.detector, language)}</dd></div>
				<div><dt>{t('alert.fact.rule')}</dt><dd><code><Outside text={alert.rule.id} /></code></dd></div>
				{alert.rule.author === '' ? null : <div><dt>{t('alert.fact.author')}</dt><dd><Outside text={alert.rule.author} /></dd></div>}
				<div><dt>{t('alert.fact.id')}</dt><dd><code>{alert.id}</code></dd></div>
			</dl>
		</Section>
	);
}

function Steps({ id }: { id: string }) {
	const { t } = useText();
	const { queue, filters } = useStore(alertList);
	const { newer, older } = queueNeighbours(queue, id);
	const back = '/' + filtersToSearch(filters);
	useKeys({
		u: () => navigate(back),
		j: () => { if (older !== null) navigate(alertPath(older)); },
		k: () => { if (newer !== null) navigate(alertPath(newer)); },
		c: () => document.querySelector<HTMLElement>('#reason, .decide-actions button')?.focus(),
	});
	return (
		<nav class="steps" aria-label={t('now.list')}>
			<a class="button" href={back}>{t('alert.back')}</a>
			<span>
				{newer === null ? null : <a class="button" rel="prev" href={alertPath(newer)}>{t('alert.previous')}</a>}
				{older === null ? null : <a class="button" rel="next" href={alertPath(older)}>{t('alert.next')}</a>}
			</span>
		</nav>
	);
}

function AlertBody({ alert, put }: { alert: Alert; put: (a: Alert) => void }) {
	const { t, language } = useText();
	const title = pick(alert.rule.title, language);
	const why = pick(alert.rule.description, language);
	const advice = pick(alert.advice, language);
	const harmless = pick(alert.rule.falsepositives, language);
	// Once closed it has left the list; its older neighbour was remembered while it was there.
	const { queue } = useStore(alertList);
	const neighbour = queueNeighbours(queue, alert.id).older;
	const [older, setOlder] = useState<string | null>(neighbour);
	useEffect(() => {
		if (neighbour !== null)
			setOlder(neighbour);
	}, [neighbour]);
	return (
		<>
			<div class="alert-head">
				<p class="alert-tags"><LevelBadge level={alert.rule.level} /> <span class={`tag status-${alert.status}`}>{t(`status.${alert.status}`)}</span></p>
				<PageHead name={visibleString(title)}><Outside text={title} /></PageHead>
				<Sentence alert={alert} />
			</div>
			<div class="alert-columns">
				<div class="alert-main">
					<div class="alert-pair">
						<Section id="why" title={t('alert.why')}>{why === '' ? <p>{t('alert.why.none')}</p> : <Prose text={why} />}</Section>
						<Section id="todo" title={t('alert.todo')} class="todo">{advice === '' ? <p>{t('alert.todo.none')}</p> : <Prose text={advice} />}</Section>
					</div>
					<Evidence alert={alert} />
					<Fields alert={alert} />
					{alert.first_seen === alert.last_seen ? null :
						<Section id="timeline" title={t('alert.timeline')}><Timeline alert={alert} /></Section>}
				</div>
				<div class="alert-side">
					<Decide key={alert.status} alert={alert} onChanged={put} older={older === null ? null : alertPath(older)} />
					{harmless === '' ? null : <Section id="harmless" title={t('alert.falsepositives')}><Lines text={harmless} /></Section>}
					<Attack ids={alert.attack} />
					<Facts alert={alert} />
					<References urls={alert.rule.references} />
				</div>
			</div>
		</>
	);
}

export function AlertPage({ id }: { id: string }) {
	const { t } = useText();
	const alert = useResource(id, () => client.alert(id));
	useEffect(() => alertListShow(alertList.get().filters), []); // its neighbours, where this page was opened first
	useEffect(() => {
		window.scrollTo(0, 0);
		let timer = 0;
		const stop = streamListen({
			alert: (a) => { if (a.id === id) timer ||= window.setTimeout(() => { timer = 0; alert.reload(); }, gather); },
			reset: () => alert.reload(),
		});
		return () => {
			window.clearTimeout(timer);
			stop();
		};
	}, [id]);
	return (
		<main id="main" tabIndex={-1} class="alert">
			<Steps id={id} />
			{alert.problem?.status === 404 || alert.problem?.status === 400 ? (
				<>
					<PageHead name={t('alert.missing')}>{t('alert.missing')}</PageHead>
					<Empty title={t('alert.missing')} help={t('alert.missing.help')} />
				</>
			) : alert.value !== null ? <AlertBody key={id} alert={alert.value} put={alert.put} /> :
				alert.problem !== null ? <ProblemNotice problem={alert.problem} onRetry={alert.reload} /> : <Loading />}
		</main>
	);
}

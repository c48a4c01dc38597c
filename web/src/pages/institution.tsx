// institution.tsx - one institution: are its nodes and sources sending, and is what they send understood?
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { client } from '../api/client';
import { streamListen } from '../api/stream';
import type { InstitutionDetail, Node, Source } from '../api/types';
import { HealthBadge } from '../parts/level';
import { Command, Empty, Loading, ProblemNotice } from '../parts/notice';
import { Outside } from '../parts/outside';
import { PageHead } from '../parts/pagehead';
import { When } from '../parts/when';
import { clock } from '../state/clock';
import { useResource } from '../state/resource';
import { useText } from '../state/settings';
import { useStore } from '../state/store';
import { pick } from '../text/i18n';
import { numberBytes, numberCount } from '../text/number';
import { timeAgo, timeParse } from '../text/time';
import { visibleString } from '../text/visible';

const gather = 2_000; // ms
const nearlyFull = 0.9; // of a spool

function Fact({ name, children, bad = false }: { name: string; children: ComponentChildren; bad?: boolean }) {
	return <div class={bad ? 'bad' : ''}><dt>{name}</dt><dd>{children}</dd></div>;
}

function Spool({ spool }: { spool: NonNullable<Node['spool']> }) {
	const { t, language } = useText();
	const now = useStore(clock);
	if (spool.batches === 0)
		return <>{t('node.spool.empty')}</>;
	const used = { used: numberBytes(spool.bytes), limit: numberBytes(spool.limit), n: numberCount(spool.batches, language) };
	return (
		<>
			{t('node.spool.of', used)}
			{spool.oldest === null ? null : ' ' + t('node.spool.oldest', { ago: timeAgo(timeParse(spool.oldest), now, language) })}
			<meter min={0} max={spool.limit} high={spool.limit * nearlyFull} value={spool.bytes} aria-label={t('node.spool')} />
			{spool.bytes >= spool.limit * nearlyFull ? <strong class="bad">{t('node.spool.full')}</strong> : null}
		</>
	);
}

function NodeCard({ node }: { node: Node }) {
	const { t } = useText();
	return (
		<li class={`card health-card-${node.health}`}>
			<h3>
				{node.revoked ? <span class="tag">{t('node.revoked')}</span> : <HealthBadge health={node.health} />} <Outside text={node.id} />
			</h3>
			{node.revoked || node.health === 'ok' ? null : <p class="hint">{t(`health.${node.health}.help`)}</p>}
			<dl class="facts">
				<Fact name={t('node.seen')}>{node.last_seen === null ? t('inst.never') : <When at={node.last_seen} short ago />}</Fact>
				<Fact name={t('node.spool')}>{node.spool === null ? '—' : <Spool spool={node.spool} />}</Fact>
				<Fact name="Hinomi"><Outside text={node.version === '' ? '—' : t('node.version', { v: node.version })} /></Fact>
				<Fact name={t('node.enrolled')}><When at={node.enrolled} /></Fact>
				<Fact name={t('node.certificate')}><When at={node.certificate_expires} /></Fact>
			</dl>
		</li>
	);
}

function Unread({ source }: { source: Source }) {
	const { t, language } = useText();
	if (source.unread.length === 0)
		return null;
	return (
		<div class="unread">
			<h4>{t('source.unread')}</h4>
			<table>
				<tbody>
					{source.unread.map((u) => (
						<tr>
							<td class="number">{numberCount(u.count, language)}</td>
							<td><code>{u.reason}</code></td>
							<td><Outside text={pick(u.help, language)} /></td>
						</tr>
					))}
				</tbody>
			</table>
			<p class="hint">{t('source.unread.help')}</p>
		</div>
	);
}

function SourceCard({ source: s }: { source: Source }) {
	const { t, language } = useText();
	const n = (v: number) => numberCount(v, language);
	const unread = s.unread.reduce((sum, u) => sum + u.count, 0);
	return (
		<li class={`card health-card-${s.health}`}>
			<h3><HealthBadge health={s.health} /> <Outside text={s.name} /></h3>
			{s.health === 'ok' ? null : <p class="hint">{t(`health.${s.health}.help`)}</p>}
			<dl class="facts">
				<Fact name={t('source.lastBatch')}>{s.last_batch === null ? t('inst.never') : <When at={s.last_batch} short ago />}</Fact>
				<Fact name={t('source.lastEvent')}>{s.last_event === null ? '—' : <When at={s.last_event} short ago />}</Fact>
				<Fact name={t('source.lag')} bad={s.lag_bytes > 0 && s.health !== 'ok'}>{numberBytes(s.lag_bytes)}</Fact>
				<Fact name={t('source.codec')} bad={s.codec === null && s.lines > 0}>{s.codec === null ? t('source.codec.none') : <Outside text={s.codec} />}</Fact>
				<Fact name={t('source.node')}><Outside text={s.node} /></Fact>
				<Fact name={t('source.lines')}>{n(s.lines)}</Fact>
				<Fact name={t('source.events')}>{n(s.events)}</Fact>
				<Fact name={t('source.nothing')}>{n(s.nothing)}</Fact>
				<Fact name={t('source.unread')} bad={unread > 0}>{unread === 0 ? t('source.unread.none') : n(unread)}</Fact>
				{s.dropped_lines === 0 ? null :
					<Fact name={t('source.dropped')} bad>{n(s.dropped_lines)} <small>{t('source.dropped.help')}</small></Fact>}
			</dl>
			<Unread source={s} />
			{s.errors.length === 0 ? null : (
				<div class="errors">
					<h4>{t('source.errors')}</h4>
					<ul>{s.errors.map((e) => <li><Outside text={e} /></li>)}</ul>
				</div>
			)}
		</li>
	);
}

function Body({ institution: i }: { institution: InstitutionDetail }) {
	const { t, language } = useText();
	return (
		<>
			<div class="alert-head">
				<p class="alert-tags">
					<HealthBadge health={i.health} />
					{i.prefecture === undefined ? null : <Outside text={i.prefecture} />}
					{i.beds === undefined ? null : <span>{t('inst.beds', { n: numberCount(i.beds, language) })}</span>}
				</p>
				<PageHead name={visibleString(i.name)}><Outside text={i.name} /></PageHead>
				<p>
					{i.open_alerts === 0 ? t('inst.noAlerts') :
						<a href={`/?institution=${encodeURIComponent(i.id)}`}>{t('inst.alerts', { n: numberCount(i.open_alerts, language) })}</a>}
				</p>
			</div>
			<section aria-labelledby="sources">
				<h2 id="sources">{t('inst.sources')}</h2>
				{i.sources.length === 0 ? <Empty title={t('source.none')} help={t('source.none.help')} /> :
					<ul class="cards">{i.sources.map((s) => <SourceCard key={`${s.node}/${s.name}`} source={s} />)}</ul>}
			</section>
			<section aria-labelledby="nodes">
				<h2 id="nodes">{t('inst.nodes')}</h2>
				{i.nodes.length === 0 ? (
					<Empty title={t('node.none')} help={t('node.none.help')}>
						<Command text={`hinomi admin token ${i.id} --data DIR`} />
					</Empty>
				) : <ul class="cards">{i.nodes.map((n) => <NodeCard key={n.id} node={n} />)}</ul>}
			</section>
		</>
	);
}

function withSource(i: InstitutionDetail, s: Source): InstitutionDetail {
	return { ...i, sources: i.sources.map((o) => o.name === s.name && o.node === s.node ? s : o) };
}

export function InstitutionPage({ id }: { id: string }) {
	const { t } = useText();
	const institution = useResource(id, () => client.institution(id));
	const { value, problem, reload, put } = institution;
	useEffect(() => {
		let timer = 0;
		const stir = () => { timer ||= window.setTimeout(() => { timer = 0; reload(); }, gather); };
		const stop = streamListen({
			source: (s) => {
				if (s.institution !== id)
					return;
				if (value?.sources.some((o) => o.name === s.name && o.node === s.node) === true)
					put(withSource(value, s));
				else
					stir();
			},
			alert: (a) => { if (a.institution === id) stir(); },
			reset: reload,
		});
		return () => {
			window.clearTimeout(timer);
			stop();
		};
	}, [id, value]);
	return (
		<main id="main" tabIndex={-1} class="institution">
			<p><a class="button" href="/institutions">{t('inst.back')}</a></p>
			{problem?.status === 404 || problem?.status === 400 ? (
				<>
					<PageHead name={t('inst.missing')}>{t('inst.missing')}</PageHead>
					<Empty title={t('inst.missing')} help={t('inst.missing.help')} />
				</>
			) : (
				<>
					{problem === null ? null : <ProblemNotice problem={problem} onRetry={reload} />}
					{value === null ? (problem === null ? <Loading /> : null) : <Body key={id} institution={value} />}
				</>
			)}
		</main>
	);
}

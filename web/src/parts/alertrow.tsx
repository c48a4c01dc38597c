// alertrow.tsx - one alert in the queue.  A class, so that 10,000 unchanged rows cost nothing to draw again.
import { Component } from 'preact';
import type { AlertSummary, Language } from '../api/types';
import { alertPath } from '../state/route';
import { pick, translator } from '../text/i18n';
import { numberCount } from '../text/number';
import { LevelBadge } from './level';
import { Outside } from './outside';
import { When } from './when';

interface Props {
	alert: AlertSummary;
	fresh: boolean;
	language: Language;
	/** It is shown among open ones but has been closed since. */
	settled: boolean;
}

function Facts({ alert }: { alert: AlertSummary }) {
	return (
		<span class="row-facts">
			{alert.entity.value === '' ? null : <Outside class="row-entity" text={alert.entity.value} />}
			<span class="row-where"><Outside text={alert.institution_name} /> / <Outside text={alert.source} /></span>
			{alert.attack.length === 0 ? null : <span class="row-attack"><Outside text={alert.attack.slice(0, 3).join(' ')} /></span>}
		</span>
	);
}

export class AlertRow extends Component<Props> {
	override shouldComponentUpdate(next: Props): boolean {
		const now = this.props;
		return next.alert !== now.alert || next.fresh !== now.fresh || next.language !== now.language || next.settled !== now.settled;
	}

	override render({ alert, fresh, language, settled }: Props) {
		const t = translator(language);
		const lines = alert.count === 1 ? t('now.line') : t('now.lines', { n: numberCount(alert.count, language) });
		return (
			<li class={`row row-${alert.rule.level}${settled ? ' row-settled' : ''}`}>
				<a href={alertPath(alert.id)} data-alert={alert.id}>
					<LevelBadge level={alert.rule.level} />
					<span class="row-main">
						<span class="row-title">
							{fresh ? <span class="tag tag-new">{t('now.isNew')}</span> : null}
							{alert.status === 'closed' ? <span class="tag">{t('status.closed')}</span> : null}
							<Outside text={pick(alert.rule.title, language)} />
						</span>
						<Facts alert={alert} />
					</span>
					<span class="row-count">{lines}</span>
					<span class="row-when"><When at={alert.time} short ago /></span>
				</a>
			</li>
		);
	}
}

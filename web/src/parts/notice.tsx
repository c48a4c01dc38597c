// notice.tsx - nothing here, not yet, or refused: always with what to do next.
import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api/problem';
import { useText } from '../state/settings';
import type { Translate } from '../text/i18n';
import { Outside } from './outside';

export function Loading() {
	const { t } = useText();
	return <p class="notice loading" role="status">{t('app.loading')}</p>;
}

interface EmptyProps {
	title: string;
	help: string;
	children?: ComponentChildren;
}

export function Empty({ title, help, children }: EmptyProps) {
	return (
		<div class="notice empty">
			<p class="notice-title">{title}</p>
			<p>{help}</p>
			{children}
		</div>
	);
}

export function problemText(problem: ApiError, t: Translate): string {
	if (problem.code === 'unreachable')
		return t('problem.unreachable');
	return problem.detail !== '' ? problem.detail : t('problem.unreadable', { status: problem.status });
}

export function ProblemNotice({ problem, onRetry }: { problem: ApiError; onRetry?: () => void }) {
	const { t } = useText();
	return (
		<div class="notice problem" role="alert">
			<p class="notice-title">{t('problem.title')}</p>
			<p><Outside text={problemText(problem, t)} /></p>
			{onRetry === undefined ? null : <p><button type="button" onClick={onRetry}>{t('app.retry')}</button></p>}
		</div>
	);
}

export const registerCommands = 'hinomi admin institution add NAME --data DIR\nhinomi admin token NAME --data DIR';

/** A command to type, on a line of its own. */
export function Command({ text }: { text: string }) {
	return <pre class="command" tabIndex={0}><code>{text}</code></pre>;
}

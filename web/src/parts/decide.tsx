// decide.tsx - closing an alert with a reason, and opening it again.
import { useRef, useState } from 'preact/hooks';
import { client, newKey } from '../api/client';
import { ApiError } from '../api/problem';
import type { Alert, CloseReason } from '../api/types';
import { alertListSettle } from '../state/alerts';
import { useText } from '../state/settings';
import { announce } from './announcer';
import { problemText } from './notice';
import { Outside, Prose } from './outside';
import { When } from './when';

const reasons: readonly CloseReason[] = ['true_positive', 'false_positive', 'benign', 'duplicate'];
const commentMax = 2000;

interface Draft {
	reason: CloseReason | null;
	comment: string;
}

const noDraft: Draft = { reason: null, comment: '' };

// What was typed about an alert stays while one looks at another.
const drafts = new Map<string, Draft>();

interface Props {
	alert: Alert;
	onChanged: (a: Alert) => void;
}

/** Runs one change at a time; a retry of the same change is the same to the server. */
function useChange(onChanged: (a: Alert) => void) {
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<ApiError | null>(null);
	const key = useRef(newKey());
	const run = async (change: (key: string) => Promise<Alert>, said: string) => {
		if (busy)
			return;
		setBusy(true);
		setProblem(null);
		try {
			const alert = await change(key.current);
			alertListSettle(alert);
			announce(said);
			onChanged(alert);
		} catch (e) {
			if (!(e instanceof ApiError))
				throw e;
			if (e.code !== 'unreachable')
				key.current = newKey(); // it was answered: what comes next is another request
			setProblem(e);
		} finally {
			setBusy(false);
		}
	};
	return { busy, problem, run, renew: () => { key.current = newKey(); } };
}

function CloseForm({ alert, onChanged }: Props) {
	const { t } = useText();
	const [draft, setDraft] = useState(drafts.get(alert.id) ?? noDraft);
	const { reason, comment } = draft;
	const [missing, setMissing] = useState(false);
	const first = useRef<HTMLInputElement>(null);
	const change = useChange(onChanged);
	const write = (part: Partial<Draft>) => {
		const next = { ...draft, ...part };
		drafts.set(alert.id, next);
		setDraft(next);
		change.renew();
	};
	const submit = (e: Event) => {
		e.preventDefault();
		setMissing(reason === null);
		if (reason === null) {
			first.current?.focus();
			return;
		}
		void change.run(async (key) => {
			const closed = await client.closeAlert(alert.id, { reason, comment: comment.trim() }, key);
			drafts.delete(alert.id);
			return closed;
		}, t('alert.done.closed'));
	};
	return (
		<form class="decide" onSubmit={submit} noValidate>
			<fieldset aria-describedby={missing ? 'reason-missing' : undefined}>
				<legend>{t('alert.reason')}</legend>
				{reasons.map((r, i) => (
					<label class="check">
						<input ref={i === 0 ? first : null} id={i === 0 ? 'reason' : undefined} type="radio" name="reason" value={r}
							checked={reason === r} aria-invalid={missing}
							onChange={() => { write({ reason: r }); setMissing(false); }} />
						{t(`alert.reason.${r}`)}
					</label>
				))}
			</fieldset>
			{missing ? <p id="reason-missing" class="field-problem" role="alert">{t('alert.reason.missing')}</p> : null}
			<label class="field">
				<span>{t('alert.comment')}</span>
				<textarea rows={3} maxLength={commentMax} dir="auto" placeholder={t('alert.comment.hint')} value={comment}
					onInput={(e) => write({ comment: e.currentTarget.value })} />
			</label>
			{change.problem === null ? null : <p class="field-problem" role="alert"><Outside text={problemText(change.problem, t)} /></p>}
			<button type="submit" class="strong" disabled={change.busy}>{change.busy ? t('alert.closing') : t('alert.close')}</button>
		</form>
	);
}

function Closed({ alert, onChanged, older }: Props & { older: string | null }) {
	const { t } = useText();
	const change = useChange(onChanged);
	const closed = alert.closed;
	return (
		<div class="decide">
			{closed === null ? null : (
				<>
					<p class="decide-reason">{t(`alert.reason.${closed.reason}`)}</p>
					<p class="decide-by"><Outside text={closed.by} /> · <When at={closed.at} ago /></p>
					{closed.comment === '' ? null : <Prose text={closed.comment} />}
				</>
			)}
			{change.problem === null ? null : <p class="field-problem" role="alert"><Outside text={problemText(change.problem, t)} /></p>}
			<p class="decide-actions">
				{older === null ? null : <a class="button strong" href={older}>{t('alert.done.next')}</a>}
				<button type="button" disabled={change.busy}
					onClick={() => void change.run((key) => client.reopenAlert(alert.id, key), t('alert.done.reopened'))}>
					{t('alert.reopen')}
				</button>
			</p>
		</div>
	);
}

export function Decide({ alert, onChanged, older }: Props & { older: string | null }) {
	const { t } = useText();
	return (
		<section class="card" aria-labelledby="decide-title">
			<h2 id="decide-title">{alert.status === 'open' ? t('alert.decide') : t('status.closed')}</h2>
			{alert.status === 'open' ? <CloseForm alert={alert} onChanged={onChanged} /> :
				<Closed alert={alert} onChanged={onChanged} older={older} />}
		</section>
	);
}

// signin.tsx - the door.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/problem';
import { LanguageSwitch, ThemeSwitch } from '../parts/header';
import { Command, problemText } from '../parts/notice';
import { Outside } from '../parts/outside';
import { PageHead } from '../parts/pagehead';
import { sessionSignIn } from '../state/session';
import { useText } from '../state/settings';

/** Seconds left until another attempt is welcome. */
function useWait(): [number, (seconds: number) => void] {
	const [left, setLeft] = useState(0);
	useEffect(() => {
		const timer = left > 0 ? window.setTimeout(() => setLeft(left - 1), 1_000) : 0;
		return () => window.clearTimeout(timer);
	}, [left]);
	return [left, setLeft];
}

function SignInForm() {
	const { t } = useText();
	const [name, setName] = useState('');
	const [password, setPassword] = useState('');
	const [shown, setShown] = useState(false);
	const [busy, setBusy] = useState(false);
	const [refusal, setRefusal] = useState<ApiError | 'missing' | null>(null);
	const [wait, setWait] = useWait();
	const nameBox = useRef<HTMLInputElement>(null);
	const passwordBox = useRef<HTMLInputElement>(null);
	useEffect(() => nameBox.current?.focus(), []);

	const submit = async (e: Event) => {
		e.preventDefault();
		if (busy || wait > 0)
			return;
		if (name === '' || password === '') {
			setRefusal('missing');
			(name === '' ? nameBox : passwordBox).current?.focus();
			return;
		}
		setBusy(true);
		setRefusal(null);
		try {
			await sessionSignIn(name, password);
		} catch (problem) {
			if (!(problem instanceof ApiError))
				throw problem;
			setRefusal(problem);
			setWait(problem.retryAfter);
			setPassword('');
			setBusy(false);
			passwordBox.current?.focus();
		}
	};

	return (
		<form class="card signin" onSubmit={(e) => void submit(e)} noValidate>
			<PageHead name={t('sign.title')} focus={false}>{t('sign.title')}</PageHead>
			<label class="field">
				<span>{t('sign.name')}</span>
				<input ref={nameBox} name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck={false}
					maxLength={64} value={name} onInput={(e) => setName(e.currentTarget.value)} />
			</label>
			<label class="field">
				<span>{t('sign.password')}</span>
				<input ref={passwordBox} name="password" type={(shown ? 'text' : 'password') as 'password'} autocomplete="current-password"
					maxLength={1024} value={password} onInput={(e) => setPassword(e.currentTarget.value)} />
			</label>
			<label class="check">
				<input type="checkbox" checked={shown} onChange={(e) => setShown(e.currentTarget.checked)} />
				{t('sign.show')}
			</label>
			<div role="alert">
				{refusal === null ? null : (
					<p class="field-problem">
						<Outside text={refusal === 'missing' ? t('sign.missing') : problemText(refusal, t)} />
						{wait > 0 ? ' ' + t('sign.wait', { n: wait }) : null}
					</p>
				)}
			</div>
			<button type="submit" class="strong" disabled={busy || wait > 0}>{busy ? t('sign.busy') : t('sign.submit')}</button>
			<details>
				<summary>{t('sign.help')}</summary>
				<Command text="hinomi admin user add NAME --role analyst --data DIR" />
			</details>
		</form>
	);
}

export function SignInPage({ ended }: { ended: boolean }) {
	const { t } = useText();
	return (
		<main class="door" id="main">
			<div class="door-name">
				<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
					<path d="M8 12 16 5l8 7M10 12h12M12 12l-3 15M20 12l3 15M11 19h10M10 25h12" />
					<circle cx="16" cy="15.4" r="2.4" />
				</svg>
				<p><span lang="ja">火の見</span> <span lang="en">Hinomi</span></p>
			</div>
			<p class="door-lead">{t('sign.lead')}</p>
			{ended ? <p class="notice" role="status">{t('sign.ended')}</p> : null}
			<SignInForm />
			<div class="door-tools"><LanguageSwitch /><ThemeSwitch /></div>
		</main>
	);
}

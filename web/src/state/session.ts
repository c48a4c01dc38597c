// session.ts - who is signed in, and what begins and ends with that.
import { client, clientOnSignedOut } from '../api/client';
import { ApiError } from '../api/problem';
import { streamClose, streamOpen } from '../api/stream';
import type { Session } from '../api/types';
import { alertListForget } from './alerts';
import { overviewForget, overviewLoad } from './overview';
import { settingsOfferLanguage } from './settings';
import { Store } from './store';

export type SessionState =
	| { is: 'unknown' }
	| { is: 'failed'; problem: ApiError }
	| { is: 'out'; ended: boolean }
	| { is: 'in'; session: Session };

export const session = new Store<SessionState>({ is: 'unknown' });

function begin(s: Session): void {
	settingsOfferLanguage(s.user.language);
	session.set({ is: 'in', session: s });
	streamOpen();
	void overviewLoad();
}

function end(ended: boolean): void {
	streamClose();
	alertListForget();
	overviewForget();
	session.set({ is: 'out', ended });
}

export async function sessionStart(): Promise<void> {
	clientOnSignedOut(() => {
		if (session.get().is === 'in')
			end(true);
	});
	session.set({ is: 'unknown' });
	try {
		begin(await client.session());
	} catch (e) {
		if (!(e instanceof ApiError))
			throw e;
		session.set(e.status === 401 ? { is: 'out', ended: false } : { is: 'failed', problem: e });
	}
}

export async function sessionSignIn(name: string, password: string): Promise<void> {
	begin(await client.signIn({ name, password }));
}

/** Leaves the console even where the center cannot be told. */
export async function sessionSignOut(): Promise<void> {
	await client.signOut().catch(() => undefined);
	end(false);
}

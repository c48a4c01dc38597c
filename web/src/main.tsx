// main.tsx - starts what lives as long as the page, then draws it.
import { render } from 'preact';
import { App } from './app';
import { alertListStart } from './state/alerts';
import { clockStart } from './state/clock';
import { keysStart } from './state/keys';
import { overviewStart } from './state/overview';
import { routeStart } from './state/route';
import { sessionStart } from './state/session';
import { settingsStart } from './state/settings';

settingsStart();
routeStart();
clockStart();
keysStart();
overviewStart();
alertListStart();
void sessionStart();

const root = document.getElementById('app');
if (root !== null)
	render(<App />, root);

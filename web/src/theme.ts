// theme.ts - runs before the first paint, so that a dark room is never lit by a white flash.
const chosen = localStorage.getItem('hinomi.theme');
if (chosen === 'light' || chosen === 'dark')
	document.documentElement.dataset['theme'] = chosen;

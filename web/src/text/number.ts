// number.ts - counts and sizes for people.
import type { Language } from '../api/types';

const counts = { ja: new Intl.NumberFormat('ja-JP'), en: new Intl.NumberFormat('en-GB') };
const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function numberCount(n: number, language: Language): string {
	return counts[language].format(n);
}

/** "1.5 MiB" */
export function numberBytes(n: number): string {
	let i = 0;
	while (n >= 1024 && i < sizes.length - 1) {
		n /= 1024;
		i++;
	}
	return `${i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${sizes[i]}`;
}

// problem.ts - everything that can go wrong between the console and the center, as one error type.
import type { Problem } from './types';

/** `code` is the server's stable code, or one of ours: "unreachable" (no answer) and "unreadable" (not our API). */
export class ApiError extends Error {
	constructor(
		readonly code: string,
		readonly status: number,
		readonly detail: string,
		/** Seconds the server asks us to wait; 0 if it does not say. */
		readonly retryAfter: number,
	) {
		super(`${code}: ${detail}`);
	}
}

function isProblem(v: unknown): v is Problem {
	return typeof v === 'object' && v !== null && typeof (v as Problem).code === 'string' &&
		typeof (v as Problem).detail === 'string';
}

/** What a refused response says.  A proxy in between may answer in HTML: then only the status is known. */
export async function problemOf(response: Response): Promise<ApiError> {
	const wait = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
	const retryAfter = Number.isFinite(wait) && wait > 0 ? wait : 0;
	const body: unknown = await response.json().catch(() => null);
	if (isProblem(body))
		return new ApiError(body.code, response.status, body.detail, retryAfter);
	return new ApiError('unreadable', response.status, '', retryAfter);
}

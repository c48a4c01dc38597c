// resource.ts - something loaded for a page: not yet, there, or refused.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/problem';

export interface Resource<T> {
	value: T | null;
	problem: ApiError | null;
	/** Load again; what is there stays until the answer comes. */
	reload: () => void;
	put: (v: T) => void;
}

export function useResource<T>(key: string, load: () => Promise<T>): Resource<T> {
	const [state, setState] = useState<{ key: string; value: T | null; problem: ApiError | null }>({ key, value: null, problem: null });
	const turn = useRef(0);
	const loader = useRef(load);
	loader.current = load;
	const reload = useCallback(() => {
		const mine = ++turn.current;
		loader.current().then(
			(value) => { if (mine === turn.current) setState({ key, value, problem: null }); },
			(e: unknown) => {
				if (!(e instanceof ApiError))
					throw e;
				if (mine === turn.current)
					setState((s) => ({ key, value: s.key === key ? s.value : null, problem: e }));
			});
	}, [key]);
	const put = useCallback((value: T) => {
		turn.current++;
		setState({ key, value, problem: null });
	}, [key]);
	useEffect(() => {
		reload();
		return () => { turn.current++; };
	}, [reload]);
	return state.key === key ? { ...state, reload, put } : { value: null, problem: null, reload, put };
}

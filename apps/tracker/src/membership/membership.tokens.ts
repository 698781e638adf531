/** Injects the {@link TrackerKey} of a secured network; undefined in one that is not. */
export const TRACKER_KEY = Symbol('TRACKER_KEY');

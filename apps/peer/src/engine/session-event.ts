import type { Digest, Endpoint, PeerId } from '#protocol';

/** What a session tells whoever runs it; for people and for logs. */
export type SessionEvent =
  | {
      readonly type: 'withdrawn';
      readonly names: readonly string[];
      readonly digest: Digest;
      readonly error: Error;
    }
  | { readonly type: 'waiting'; readonly name: string; readonly reason: string }
  | { readonly type: 'peerStruck'; readonly peerId: PeerId; readonly code: string }
  | { readonly type: 'peerBanned'; readonly peerId: PeerId; readonly code: string }
  /** `SNUBBED`, or the code for which no more is asked of it for a while. */
  | { readonly type: 'peerDoubted'; readonly peerId: PeerId; readonly doubt: string }
  | { readonly type: 'connectionFailed'; readonly peerId: PeerId; readonly error: Error }
  | { readonly type: 'trackerLost'; readonly error: Error }
  | { readonly type: 'trackerBack' }
  /** The tracker has tried whether others can connect here; told when it changes. */
  | { readonly type: 'reachability'; readonly reachable: boolean; readonly endpoint: Endpoint }
  | {
      readonly type: 'completionsUntold';
      readonly fileCount: number;
      /** Why the home could not remember it either. */
      readonly error: Error | undefined;
    };

export type SessionObserver = (event: SessionEvent) => void;

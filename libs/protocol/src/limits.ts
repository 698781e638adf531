/** Every cap a stranger can push against. Units are in the names. */

/** Chunk lengths: the smallest power of two that gives at most {@link TARGET_CHUNK_COUNT} chunks. */
export const MIN_CHUNK_BYTES = 256 * 1024;
export const MAX_CHUNK_BYTES = 8 * 1024 * 1024;
export const TARGET_CHUNK_COUNT = 8_192;
export const MAX_CHUNK_COUNT = 1_048_576;
export const MAX_FILE_BYTES = MAX_CHUNK_BYTES * MAX_CHUNK_COUNT;

export const HASH_BYTES = 32;

/** Names of files in the network. */
export const MAX_NAME_BYTES = 1_024;
export const MAX_NAME_SEGMENT_BYTES = 255;

/** Peer wire. The largest body is a bitfield of MAX_CHUNK_COUNT bits or one data frame. */
export const MAX_DATA_BYTES = 128 * 1024;
export const MAX_FRAME_BODY_BYTES = MAX_DATA_BYTES + 64;
export const MAX_HELLO_BODY_BYTES = 4_096;
export const MAX_HAVE_CHUNK_COUNT = 1_024;
export const MAX_GOODBYE_TEXT_BYTES = 256;
export const MAX_OPEN_FILE_COUNT = 16_384;
/** Requests one end may have waiting at the other. */
export const MAX_QUEUED_REQUEST_COUNT = 512;
/** From a connection's first moment until both hellos have crossed. */
export const HANDSHAKE_TIMEOUT_MS = 5_000;
export const KEEPALIVE_INTERVAL_MS = 30_000;
/** A connection that has been silent for this long is closed. */
export const MAX_SILENCE_MS = 100_000;

/** Tracker messages: JSON text counted in UTF-16 units, as the transport's length prefix does. */
export const MAX_TRACKER_MESSAGE_CHARS = 1024 * 1024;
/** Length prefix of a tracker message: digits before the `#`. */
export const MAX_TRACKER_PREFIX_CHARS = 10;
/** Files in one Register, Locations, Manifest, Chunk Register, unshare or leave message. */
export const MAX_FILES_PER_MESSAGE = 1_000;
/** Chunk hashes carried by one message, over all of its files. */
export const MAX_HASHES_PER_MESSAGE = 8_192;
/** Ranges of chunks in one Chunk Register entry. */
export const MAX_RANGES_PER_FILE = 8_192;
/** Entries of one page of a listing. */
export const MAX_LIST_PAGE = 1_000;
export const MAX_LOCATIONS_PER_FILE = 200;
export const MAX_STATUS_PAGE = 1_000;
export const MAX_ENDPOINT_COUNT = 8;
export const MAX_LABEL_COUNT = 16;
export const MAX_LABEL_CHARS = 64;
export const MAX_HOSTNAME_CHARS = 253;
export const MAX_HOST_CHARS = 253;
export const MAX_VERSION_CHARS = 64;
export const MAX_FEATURE_COUNT = 32;
export const MAX_FEATURE_CHARS = 32;

/** The longest that a refusal may ask a peer to wait before it asks again. */
export const MAX_RETRY_AFTER_MS = 60_000;

/** An invite as one line, and its token: 128 bits are 26 characters. */
export const MAX_INVITE_CHARS = 512;
export const MIN_INVITE_TOKEN_CHARS = 26;
export const MAX_INVITE_TOKEN_CHARS = 64;
/** Groups of one member. */
export const MAX_GROUP_COUNT = 16;
export const MAX_GROUP_CHARS = 64;
/** A signed membership with as many groups as one may have, or a grant; fits into a hello. */
export const MAX_CREDENTIAL_CHARS = 2_560;
/** Members of whom one reply says that they were revoked. */
export const MAX_REVOKED_PER_MESSAGE = 1_000;

/** Times are ISO 8601 text in UTC with milliseconds, so that they compare as text. */
export const TABLES: readonly string[] = [
  // 0x53484f41, "SHOA": marks the file as a tracker's.
  'PRAGMA application_id = 1397247809',

  `CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    chunk_bytes INTEGER NOT NULL,
    chunk_count INTEGER NOT NULL,
    created_at TEXT NOT NULL
  )`,

  // Chunk hashes, 32 bytes each, in pages of 8,192 hashes.
  `CREATE TABLE manifest_pages (
    id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    first_chunk_index INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    UNIQUE (file_id, first_chunk_index)
  )`,

  // Every version of every name. The current one has no end.
  `CREATE TABLE name_versions (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    file_id INTEGER NOT NULL REFERENCES files (id),
    published_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    ended_at TEXT,
    ended_by TEXT CHECK (ended_by IN ('replaced', 'purged'))
  )`,
  'CREATE UNIQUE INDEX name_versions_current ON name_versions (name) WHERE ended_at IS NULL',
  'CREATE INDEX name_versions_by_name ON name_versions (name)',
  'CREATE INDEX name_versions_by_file ON name_versions (file_id)',

  `CREATE TABLE peers (
    id INTEGER PRIMARY KEY,
    peer_id TEXT NOT NULL UNIQUE,
    identity TEXT NOT NULL,
    session TEXT NOT NULL,
    hostname TEXT NOT NULL,
    program_version TEXT NOT NULL,
    os TEXT NOT NULL,
    labels TEXT NOT NULL,
    features TEXT NOT NULL,
    endpoints TEXT NOT NULL,
    host TEXT,
    port INTEGER,
    observed_host TEXT NOT NULL,
    joined_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    lease_expires_at TEXT NOT NULL,
    bytes_up INTEGER NOT NULL DEFAULT 0,
    bytes_down INTEGER NOT NULL DEFAULT 0
  )`,
  'CREATE INDEX peers_by_identity ON peers (identity)',

  // Pages of manifests that are not complete yet.
  `CREATE TABLE staged_manifest_pages (
    id INTEGER PRIMARY KEY,
    peer_id INTEGER NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    first_chunk_index INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    staged_at TEXT NOT NULL,
    UNIQUE (peer_id, digest, size_bytes, first_chunk_index)
  )`,

  // Chunk i is bit 7 - i % 8 of byte floor(i / 8); NULL stands for all of them.
  `CREATE TABLE chunk_ownership (
    id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES files (id),
    peer_id INTEGER NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    chunks BLOB,
    chunks_held INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (file_id, peer_id)
  )`,
  'CREATE INDEX chunk_ownership_by_state ON chunk_ownership (file_id, complete, peer_id)',
  'CREATE INDEX chunk_ownership_by_peer ON chunk_ownership (peer_id)',

  `CREATE TABLE completions (
    file_id INTEGER NOT NULL REFERENCES files (id),
    identity TEXT NOT NULL,
    hostname TEXT NOT NULL,
    completed_at TEXT NOT NULL,
    PRIMARY KEY (file_id, identity)
  ) WITHOUT ROWID`,

  // 0 to the largest chunk count: what the views expand bitfields with. Grows with larger files.
  'CREATE TABLE chunk_indexes (chunk_index INTEGER PRIMARY KEY)',
  `INSERT INTO chunk_indexes
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 8191)
    SELECT i FROM n`,
];

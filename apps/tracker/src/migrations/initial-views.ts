const ONLINE = `p.lease_expires_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`;

// SQL has no function that reads a byte of a blob: its two hex digits are looked up instead.
const HAS_CHUNK = `(o.complete = 1 OR 0 < (
  (instr('0123456789ABCDEF', substr(hex(substr(o.chunks, i.chunk_index / 8 + 1, 1)),
    1 + (i.chunk_index % 8) / 4, 1)) - 1) & (8 >> (i.chunk_index % 4))))`;

/** The documented way in for admins. Source: docs/tracker-api.md, "Views". */
export const VIEWS: readonly string[] = [
  `CREATE VIEW v_files AS
  SELECT n.name, f.digest, f.size_bytes, f.chunk_bytes, f.chunk_count,
    (SELECT COUNT(*) FROM chunk_ownership o JOIN peers p ON p.id = o.peer_id
      WHERE o.file_id = f.id AND o.complete = 1 AND ${ONLINE}) AS seeders,
    (SELECT COUNT(*) FROM chunk_ownership o JOIN peers p ON p.id = o.peer_id
      WHERE o.file_id = f.id AND o.complete = 0 AND ${ONLINE}) AS leechers,
    n.created_at
  FROM name_versions n JOIN files f ON f.id = n.file_id
  WHERE n.ended_at IS NULL`,

  `CREATE VIEW v_peers AS
  SELECT p.peer_id, p.host, p.port, ${ONLINE} AS online, p.last_seen_at,
    (SELECT COUNT(*) FROM chunk_ownership o WHERE o.peer_id = p.id AND o.complete = 1)
      AS files_complete,
    (SELECT COUNT(*) FROM chunk_ownership o WHERE o.peer_id = p.id AND o.complete = 0)
      AS files_partial,
    p.bytes_up, p.bytes_down
  FROM peers p`,

  `CREATE VIEW v_ownership AS
  SELECT (SELECT MIN(n.name) FROM name_versions n
      WHERE n.file_id = f.id AND n.ended_at IS NULL) AS name,
    f.digest, p.peer_id, p.host, o.chunks_held, f.chunk_count, o.complete, o.updated_at
  FROM chunk_ownership o
  JOIN files f ON f.id = o.file_id
  JOIN peers p ON p.id = o.peer_id
  WHERE ${ONLINE}`,

  `CREATE VIEW v_chunks AS
  SELECT f.digest, i.chunk_index, p.peer_id
  FROM files f
  JOIN chunk_ownership o ON o.file_id = f.id
  JOIN peers p ON p.id = o.peer_id
  JOIN chunk_indexes i ON i.chunk_index < f.chunk_count
  WHERE ${ONLINE} AND ${HAS_CHUNK}`,

  `CREATE VIEW v_availability AS
  SELECT f.digest, i.chunk_index,
    (SELECT COUNT(*) FROM chunk_ownership o JOIN peers p ON p.id = o.peer_id
      WHERE o.file_id = f.id AND ${ONLINE} AND ${HAS_CHUNK}) AS copies
  FROM files f JOIN chunk_indexes i ON i.chunk_index < f.chunk_count`,
];

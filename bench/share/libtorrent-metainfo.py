"""libtorrent-metainfo.py FILE: hashes the file as libtorrent does to make its metainfo; writes nothing."""

import os
import sys

import libtorrent

path = sys.argv[1]
storage = libtorrent.file_storage()
libtorrent.add_files(storage, path)
creator = libtorrent.create_torrent(storage)
libtorrent.set_piece_hashes(creator, os.path.dirname(path))
creator.generate()

"""libtorrent-peer.py METAINFO FOLDER HOST:PORT 'offer'|'fetch and leave'|'fetch and stay'

One libtorrent session with one file. Defaults, but: no discovery beyond the tracker, TCP alone (uTP gives
way to other traffic, which is not what is compared), several peers at one address (loopback). Prints
`complete` when everything is stored; what leaves then closes its session, which writes what is pending.
"""

import signal
import sys

import libtorrent

metainfo_path, folder, listen, job = sys.argv[1:]
session = libtorrent.session(
    {
        "listen_interfaces": listen,
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_incoming_utp": False,
        "enable_outgoing_utp": False,
        "allow_multiple_connections_per_ip": True,
        "alert_mask": libtorrent.alert.category_t.status_notification
        | libtorrent.alert.category_t.error_notification,
    }
)
params = libtorrent.add_torrent_params()
params.ti = libtorrent.torrent_info(metainfo_path)
params.save_path = folder
params.flags &= ~libtorrent.torrent_flags.auto_managed
params.flags &= ~libtorrent.torrent_flags.paused
if job == "offer":
    params.flags |= libtorrent.torrent_flags.seed_mode
session.add_torrent(params)

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
is_complete = False
while not (is_complete and job == "fetch and leave"):
    session.wait_for_alert(1000)
    for alert in session.pop_alerts():
        if isinstance(alert, libtorrent.torrent_finished_alert) and job != "offer":
            is_complete = True
            print("complete")
        elif "error" in alert.what():
            print(alert.message(), file=sys.stderr)

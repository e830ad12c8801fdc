"""OpenStack Swift with its S3 API, all four servers in one process: proxy, account, container and object.

A real object store for tests of the S3 adapter: signatures are checked, objects are in memory, listings in SQLite. Prints the
port when it serves, and ends when its standard input does. Debian: python3-swift.

    /usr/bin/python3 swift-server.py FOLDER ACCESS_KEY SECRET_KEY REGION
"""
import os
import sys

import eventlet

eventlet.monkey_patch()

from eventlet import wsgi
from swift.common import utils
from swift.common.ring import RingBuilder
from swift.common.storage_policy import StoragePolicy, StoragePolicyCollection
from swift.common import storage_policy
from swift.common.wsgi import loadapp
from swift.account.server import AccountController
from swift.container.server import ContainerController
from swift.obj.mem_server import ObjectController

folder, access_key, secret_key, region = sys.argv[1:5]
utils.HASH_PATH_PREFIX = utils.HASH_PATH_SUFFIX = b'tests'
utils.validate_hash_conf = lambda: None
conf_file = os.path.join(folder, 'swift.conf')
with open(conf_file, 'w') as out:
    out.write('[swift-hash]\nswift_hash_path_suffix = tests\n[storage-policy:0]\nname = zero\ndefault = yes\n')
utils.SWIFT_CONF_FILE = conf_file
os.makedirs(os.path.join(folder, 'devices', 'one'))
storage_policy.reload_storage_policies()

logger = utils.get_logger({'log_name': 'swift'}, log_to_console=False)
server_conf = {'devices': os.path.join(folder, 'devices'), 'mount_check': 'false', 'swift_dir': folder}
apps = {
    'account': AccountController(server_conf, logger),
    'container': ContainerController(server_conf, logger),
    'object': ObjectController(server_conf, logger),
}


class Nowhere:
    def write(self, *_):
        pass


def serve(app):
    listener = eventlet.listen(('127.0.0.1', 0))
    eventlet.spawn(wsgi.server, listener, app, Nowhere(), debug=False)
    return listener.getsockname()[1]


for kind, app in apps.items():
    builder = RingBuilder(0, 1, 0)
    builder.add_dev({
        'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': serve(app), 'device': 'one', 'weight': 1,
        'replication_ip': '127.0.0.1', 'replication_port': 1,
    })
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, kind + '.ring.gz'))

proxy_conf = os.path.join(folder, 'proxy.conf')
with open(proxy_conf, 'w') as out:
    out.write(f"""[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = {region}
allow_multipart_uploads = no
[filter:tempauth]
use = egg:swift#tempauth
user_{access_key.replace(':', '_')} = {secret_key} .admin
""")


class NothingCached:
    """In place of memcached, without which the S3 API says that it failed."""

    def get(self, *_, **__):
        return None

    def set(self, *_, **__):
        pass

    delete = set


proxy = loadapp(proxy_conf)


def with_cache(env, start_response):
    env['swift.cache'] = NothingCached()
    return proxy(env, start_response)


print(serve(with_cache), flush=True)
eventlet.tpool.execute(sys.stdin.read)

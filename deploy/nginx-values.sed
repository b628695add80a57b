# What nginx.conf needs to know of an installation. Keep the names, change what stands between the second pair of bars.
s|@USER@|www-data|
s|@RUN@|/run|
s|@LOG@|/var/log/nginx|
s|@TEMP@|/var/lib/nginx|
s|@DEPLOY@|/opt/desk110/deploy|

# The citizens' side: its name, where it listens, its certificate with the chain, and the processes behind it.
s|@CITIZEN_NAME@|110.example.cn|
s|@CITIZEN_ORIGIN@|https://110.example.cn|
s|@CITIZEN_LISTEN@|192.0.2.10:443|
s|@CITIZEN_LISTEN_PLAIN@|192.0.2.10:80|
s|@CITIZEN_CERTIFICATE@|/etc/desk110/tls/citizen.pem|
s|@CITIZEN_KEY@|/etc/desk110/tls/citizen.key|
s|@CITIZEN_SERVERS@|server 127.0.0.1:8110 max_fails=1 fail_timeout=2s; server 127.0.0.1:8112 max_fails=1 fail_timeout=2s;|

# The console's side, likewise, and the networks that may reach it.
s|@CONSOLE_NAME@|desk.example.cn|
s|@CONSOLE_LISTEN@|198.51.100.10:443|
s|@CONSOLE_CERTIFICATE@|/etc/desk110/tls/console.pem|
s|@CONSOLE_KEY@|/etc/desk110/tls/console.key|
s|@CONSOLE_SERVERS@|server 127.0.0.1:8111 max_fails=1 fail_timeout=2s; server 127.0.0.1:8113 max_fails=1 fail_timeout=2s;|
s|@CONSOLE_NETWORKS@|allow 198.51.100.0/24; deny all;|

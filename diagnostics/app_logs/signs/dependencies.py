"""Databases, caches and other services that an application cannot reach, waits for, or has no connection left to."""

from diagnostics.app_logs.sign import HOST_PORT, sign

REFUSED, TIMED_OUT, NO_NAME = "refused", "timed-out", "no-such-name"

SIGNS = (
    sign("dependency-unreachable", rf"connect ECONNREFUSED {HOST_PORT}", "econnrefused", kind=REFUSED),
    sign(
        "dependency-unreachable",
        rf"connect (?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH) {HOST_PORT}",
        "connect etimedout",
        "connect ehostunreach",
        "connect enetunreach",
        kind=TIMED_OUT,
    ),
    sign(
        "dependency-unreachable",
        r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (?P<host>[A-Za-z0-9_.-]{1,200})",
        "getaddrinfo",
        kind=NO_NAME,
    ),
    sign("dependency-unreachable", rf"dial tcp {HOST_PORT}: connect: connection refused", "dial tcp", kind=REFUSED),
    sign(
        "dependency-unreachable",
        rf"dial tcp {HOST_PORT}: (?:i/o timeout|connect: (?:connection timed out|no route))",
        "dial tcp",
        kind=TIMED_OUT,
    ),
    sign(
        "dependency-unreachable", r"dial tcp: lookup (?P<host>[A-Za-z0-9_.-]{1,200})", "dial tcp: lookup", kind=NO_NAME
    ),
    sign(
        "dependency-unreachable",
        r"connection to server at \"(?P<host>[^\"]{1,200})\"(?: \([^)]{1,60}\))?, port (?P<port>[0-9]{1,5}) failed",
        "connection to server at",
        kind=REFUSED,
    ),
    sign(
        "dependency-unreachable",
        r"could not translate host name \"(?P<host>[^\"]{1,200})\"",
        "could not translate host name",
        kind=NO_NAME,
    ),
    sign(
        "dependency-unreachable",
        r"Can't connect to (?:local )?MySQL server on '(?P<host>[^']{1,200})'",
        "can't connect to",
        kind=REFUSED,
    ),
    sign(
        "dependency-unreachable",
        r"HTTPS?ConnectionPool\(host='(?P<host>[^']{1,200})', port=(?P<port>[0-9]{1,5})\): Max retries"
        r" exceeded",
        "max retries exceeded",
        kind=TIMED_OUT,
    ),
    sign(
        "dependency-slow",
        r"HTTPS?ConnectionPool\(host='(?P<host>[^']{1,200})', port=(?P<port>[0-9]{1,5})\): Read timed out",
        "read timed out",
    ),
    sign(
        "dependency-unreachable",
        r"Error (?:111|61) connecting to (?P<host>[A-Za-z0-9_.-]{1,200}):(?P<port>[0-9]{1,5})",
        " connecting to ",
        kind=REFUSED,
    ),
    sign(
        "dependency-unreachable",
        r"Communications link failure|The last packet sent successfully to the server was",
        "communications link failure",
        "last packet sent successfully",
        kind=REFUSED,
    ),
    sign(
        "dependency-unreachable",
        r"UnknownHostException: (?P<host>[A-Za-z0-9_.-]{1,200})",
        "unknownhostexception",
        kind=NO_NAME,
    ),
    sign(
        "dependency-unreachable",
        r"Connect to (?:https?://)?(?P<host>[A-Za-z0-9_.-]{1,200}):(?P<port>[0-9]{1,5}) .{0,200}failed",
        "connect to ",
        kind=TIMED_OUT,
    ),
    sign(
        "dependency-unreachable", r"java\.net\.(?:ConnectException|NoRouteToHostException)", "java.net.", kind=REFUSED
    ),
    sign(
        "dependency-unreachable",
        r"PG::ConnectionBad|Mysql2::Error::ConnectionError|Redis::CannotConnectError|MongoServerSelectionError"
        r"|MongoNetworkError|NoBrokersAvailable",
        "connectionbad",
        "connectionerror",
        "cannotconnecterror",
        "mongo",
        "nobrokersavailable",
        kind=REFUSED,
    ),
    sign(
        "dependency-unreachable",
        r"SocketException \(111\)|SQLSTATE\[HY000\] \[2002\]|Temporary failure in name resolution"
        r"|Name or service not known|php_network_getaddresses",
        "socketexception (111)",
        "[2002]",
        "name resolution",
        "name or service not known",
        "php_network_getaddresses",
        kind=REFUSED,
    ),
    sign(
        "pool-exhausted",
        r"sorry, too many clients already|remaining connection slots are reserved|Too many connections\b",
        "too many clients",
        "connection slots",
        "too many connections",
        kind="server-limit",
    ),
    sign(
        "pool-exhausted",
        r"Timeout acquiring a connection\. The pool is probably full|SequelizeConnectionAcquireTimeoutError"
        r"|ResourceRequest timed out|Timed out fetching a new connection from the connection pool"
        r"|timeout exceeded when trying to connect|WaitQueueTimeoutError|MaxConnectionsError|No connection available\.",
        "pool",
        "acquiretimeout",
        "resourcerequest",
        "timeout exceeded when trying",
        "waitqueuetimeout",
        "maxconnectionserror",
        "no connection available",
    ),
    sign(
        "dependency-slow",
        r"SocketTimeoutException: (?:Read timed out|timeout)|ReadTimeout(?:Error|Exception)\b|Net::ReadTimeout",
        "sockettimeoutexception",
        "readtimeout",
    ),
    sign(
        "dependency-slow",
        r"RedisCommandTimeoutException|canceling statement due to statement timeout|Lock wait timeout exceeded",
        "commandtimeout",
        "statement timeout",
        "lock wait timeout",
    ),
    sign(
        "dependency-slow",
        r"timeout of (?P<ms>[0-9]{1,9})ms exceeded|ESOCKETTIMEDOUT|\bcontext deadline exceeded\b",
        "ms exceeded",
        "esockettimedout",
        "context deadline exceeded",
    ),
    sign(
        "dependency-slow",
        r"cURL error 28|HttpClient\.Timeout of (?P<seconds>[0-9.]{1,8}) seconds elapsing",
        "curl error 28",
        "httpclient.timeout of",
    ),
)

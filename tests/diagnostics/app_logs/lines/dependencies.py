from tests.diagnostics.app_logs.lines import Line

LINES: tuple[Line, ...] = (
    (
        "Error: connect ECONNREFUSED 10.0.0.5:5432",
        "dependency-unreachable",
        {"host": "10.0.0.5", "port": "5432", "kind": "refused"},
    ),
    ("Error: connect ETIMEDOUT 10.0.0.5:443", "dependency-unreachable", {"kind": "timed-out"}),
    (
        "Error: getaddrinfo ENOTFOUND db.internal",
        "dependency-unreachable",
        {"host": "db.internal", "kind": "no-such-name"},
    ),
    (
        'psycopg2.OperationalError: connection to server at "db" (10.0.0.5), port 5432 failed: Connection refused',
        "dependency-unreachable",
        {"host": "db", "port": "5432"},
    ),
    ("dial tcp 10.0.0.5:5432: connect: connection refused", "dependency-unreachable", {"host": "10.0.0.5"}),
    ("dial tcp 10.0.0.5:5432: i/o timeout", "dependency-unreachable", {"kind": "timed-out"}),
    ("dial tcp: lookup db on 10.0.0.2:53: no such host", "dependency-unreachable", {"host": "db"}),
    (
        (
            "requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='api.example.com', port=443): Read ti"
            "med out. (read timeout=30)"
        ),
        "dependency-slow",
        {"host": "api.example.com"},
    ),
    (
        "redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.",
        "dependency-unreachable",
        {"host": "redis", "port": "6379"},
    ),
    ("java.net.UnknownHostException: db.internal", "dependency-unreachable", {"host": "db.internal"}),
    ("FATAL:  sorry, too many clients already", "pool-exhausted", {"kind": "server-limit"}),
    ("Knex: Timeout acquiring a connection. The pool is probably full.", "pool-exhausted", {}),
    ("Error: timeout exceeded when trying to connect", "pool-exhausted", {}),
    ("AxiosError: timeout of 5000ms exceeded", "dependency-slow", {"seconds": "5.000"}),
    ("java.net.SocketTimeoutException: Read timed out", "dependency-slow", {}),
    ("ERROR: canceling statement due to statement timeout", "dependency-slow", {}),
    ("The pool opens at nine", None, {}),
)

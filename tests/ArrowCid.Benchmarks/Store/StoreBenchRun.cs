namespace ArrowCid.Benchmarks;

/// <summary>What the measurements of <c>store</c> share: the rounds, a place in shared memory, one on a disk, and
/// the competitors, each started when it is first asked for.</summary>
internal sealed class StoreBenchRun : IBench
{
    private const long QuickCapacity = 256 << 20;

    private readonly string? _runner;
    private readonly string _diskDirectory;
    private RedisCompetitor? _redis;
    private DatabasesCompetitor? _databases;
    private BenchPlace? _disk;
    private bool _isRedisAsked, _areDatabasesAsked;

    public StoreBenchRun(bool isQuick, int rounds, string diskDirectory)
    {
        (IsQuick, _diskDirectory) = (isQuick, diskDirectory);
        Rounds = new Rounds(rounds);
        Memory = BenchPlace.In("/dev/shm");
        _runner = SourceTree.FindRunner();
    }

    /// <summary>Whether shape matters more than figures.</summary>
    public bool IsQuick { get; }

    public Rounds Rounds { get; }

    public BenchPlace Memory { get; }

    /// <summary>A place on the disk that durable puts go to.</summary>
    public BenchPlace Disk => _disk ??= BenchPlace.In(_diskDirectory);

    /// <summary>Null where it is missing.</summary>
    public RedisCompetitor? Redis
    {
        get
        {
            if (!_isRedisAsked && _runner is not null)
                _redis = RedisCompetitor.TryStart(_runner, Memory.PathOf("redis"));
            _isRedisAsked = true;
            return _redis;
        }
    }

    /// <summary>Null where they are missing.</summary>
    public DatabasesCompetitor? Databases
    {
        get
        {
            if (!_areDatabasesAsked && _runner is not null)
                _databases = DatabasesCompetitor.TryStart(_runner, Memory.PathOf("databases"));
            _areDatabasesAsked = true;
            return _databases;
        }
    }

    public string? MissingCompetitors => _runner is null ? "Redis, LMDB and SQLite" : null;

    public IEnumerable<Measurement> Run(string[] only) => StoreBench.Run(this, only);

    /// <summary>A count for a full run, or for a quick one.</summary>
    public int Pick(int full, int quick) => IsQuick ? quick : full;

    /// <summary>A store of its own for one measurement, in shared memory.</summary>
    public BenchStore Open(string name, long capacity) => Memory.Open(name, new CidStoreOptions
    {
        Capacity = IsQuick ? QuickCapacity : capacity,
        SegmentSize = IsQuick ? QuickCapacity / 8 : 64 << 20,
    });

    public void Dispose()
    {
        _redis?.Dispose();
        _databases?.Dispose();
        _disk?.Dispose();
        Memory.Dispose();
    }
}

using System.Runtime.InteropServices;

namespace ArrowCid.Benchmarks;

/// <summary>
/// A directory for the stores and sockets of one run. It goes with the run, also with one that is interrupted or told
/// to end.
/// </summary>
internal sealed class BenchPlace : IDisposable
{
    private const int Interrupted = 130;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Lock _gate = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly string _name;

    private BenchPlace(string name)
    {
        _name = name;
        PosixSignal[] ends = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        foreach (PosixSignal end in ends) _signals.Add(PosixSignalRegistration.Create(end, End));
    }

    /// <summary>Makes one in a directory that is there.</summary>
    public static BenchPlace In(string directory)
    {
        if (!OperatingSystem.IsLinux()) throw new ArrowCidException(ErrorCode.Unsupported, "stores need Linux");
        string name = Path.Combine(Path.GetFullPath(directory),
            $"arrowcid-bench-{Environment.ProcessId}-{Random.Shared.Next():x8}");
        Directory.CreateDirectory(name, OwnerOnly);
        return new BenchPlace(name);
    }

    public string PathOf(string name) => Path.Combine(_name, name);

    /// <summary>The bytes that the file system has to spare.</summary>
    public long FreeBytes => new DriveInfo(_name).AvailableFreeSpace;

    /// <summary>Whether it lies in memory.</summary>
    public bool IsMemory => new DriveInfo(_name).DriveFormat is "tmpfs" or "ramfs";

    /// <summary>A store of its own for one measurement.</summary>
    public BenchStore Open(string name, CidStoreOptions options)
    {
        // None is made any more once the place is being removed for good.
        lock (_gate) return new BenchStore(PathOf(name), options);
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
        // A run that fails because a signal is removing its stores must end with the signal's exit code.
        lock (_gate) Remove();
    }

    private void End(PosixSignalContext context)
    {
        context.Cancel = true;
        lock (_gate)
        {
            Remove();
            Environment.Exit(Interrupted);
        }
    }

    /// <summary>Whoever still works in it may make a file meanwhile.</summary>
    private void Remove()
    {
        const int tries = 20;
        for (int i = 0; i < tries && Directory.Exists(_name); i++)
        {
            try
            {
                Directory.Delete(_name, recursive: true);
            }
            catch (IOException) when (i < tries - 1)
            {
                Thread.Sleep(1);
            }
        }
    }
}

/// <summary>A store that is removed with its last use, so that the next one finds the memory free.</summary>
internal sealed class BenchStore(string directory, CidStoreOptions options) : IDisposable
{
    public CidStore Store { get; } = CidStore.Open(directory, options);

    public string Directory { get; } = directory;

    public void Dispose()
    {
        Store.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}

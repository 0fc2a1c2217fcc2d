namespace ArrowCid.ProcessTests;

/// <summary>A control group whose processes get so much memory and no more; pages of a tmpfs count. It goes with what
/// was in it.</summary>
internal sealed class MemoryLimit : IDisposable
{
    // The hierarchy of version 1, and that of version 2 with the memory controller handed down.
    private static readonly (string Directory, string Limit)[] s_hierarchies =
        [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")];

    private readonly string _directory;

    private MemoryLimit(string directory) => _directory = directory;

    /// <summary>Makes one, where that is allowed.</summary>
    public static MemoryLimit? TryMake(long bytes)
    {
        foreach ((string parent, string limit) in s_hierarchies)
        {
            string directory = Path.Combine(parent, $"arrowcid-test-{Environment.ProcessId}-{Guid.NewGuid():N}");
            try
            {
                _ = Directory.CreateDirectory(directory);
                var made = new MemoryLimit(directory);
                if (File.Exists(Path.Combine(directory, limit)))
                {
                    File.WriteAllText(Path.Combine(directory, limit), $"{bytes}");
                    return made;
                }

                made.Dispose();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not here.
            }
        }

        return null;
    }

    /// <summary>What the process takes from now on counts.</summary>
    public void Add(int process) => File.WriteAllText(Path.Combine(_directory, "cgroup.procs"), $"{process}");

    public void Dispose()
    {
        // The dead leave a moment after they were waited for.
        _ = SpinWait.SpinUntil(() =>
        {
            try
            {
                Directory.Delete(_directory);
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        }, TimeSpan.FromSeconds(10));
    }
}

/// <summary>A test that limits a process's memory; skipped where that is not allowed.</summary>
public sealed class MemoryLimitFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> s_mayLimit = new(() =>
    {
        using var limit = MemoryLimit.TryMake(64 << 20);
        return limit is not null;
    });

    public MemoryLimitFactAttribute()
    {
        if (!s_mayLimit.Value) Skip = "making a control group with a memory limit is not allowed here (/sys/fs/cgroup)";
    }
}

using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage.Disk;

/// <summary>The tests that set the seam of the file calls, which is the process's: one after another, beside no
/// other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FileSeamTests
{
    public const string Name = "file seam";
}

/// <summary>A directory in memory that the store takes for one on a disk; flushing it costs nothing.</summary>
internal class DiskSeam : FileSeam, IDisposable
{
    private const long Ext4 = 0xef53;

    public DiskSeam()
    {
        string memory = System.IO.Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        Root = Path.Combine(memory, "arrowcid-disk-" + Guid.NewGuid().ToString("n"));
        Directory = Path.Combine(Root, "store");
        Make(Root);
        Make(Directory);
        Current = this;
    }

    public string Root { get; }

    /// <summary>Where the store is.</summary>
    public string Directory { get; }

    /// <summary>No tick comes between: the calls are the script's alone.</summary>
    public static StoreSettings Settings => new()
    {
        Capacity = 16 << 20,
        SegmentSize = 1 << 20,
        Timeout = TimeSpan.FromMilliseconds(200),
        InitialIndexEntries = 256,
        TickInterval = TimeSpan.FromHours(1),
        Durability = Durability.Always,
    };

    public BlockStore Open(string? directory = null) => BlockStore.Open(directory ?? Directory, Settings);

    /// <summary>Opens a store as the machine's next boot would.</summary>
    public BlockStore OpenAfterBoot(string? directory = null)
    {
        StoreIdentity.AssumedBoot = Guid.NewGuid();
        try
        {
            return Open(directory);
        }
        finally
        {
            StoreIdentity.AssumedBoot = null;
        }
    }

    public string PathOf(string name) => Path.Combine(Directory, name);

    public static void Make(string directory) => Assert.Equal(0, FileDescriptor.TryMakeDirectory(directory));

    public override long AfterFileSystem(in FileEvent call, long type) => IsOurs(in call) ? Ext4 : type;

    public override int Before(in FileEvent call) =>
        IsOurs(in call) && call.Call is FileCall.Sync or FileCall.SyncData ? Skip : 0;

    public virtual void Dispose()
    {
        Current = null;
        System.IO.Directory.Delete(Root, recursive: true);
    }

    protected bool IsOurs(in FileEvent call) => call.Path.StartsWith(Root, StringComparison.Ordinal);

    protected bool IsInStore(in FileEvent call) => call.Path.StartsWith(Directory, StringComparison.Ordinal);
}

/// <summary>Fails the flushes of files whose names begin so.</summary>
internal sealed class FailingFlush : DiskSeam
{
    public string? Failing { get; set; }

    public override int Before(in FileEvent call)
    {
        int answer = base.Before(in call);
        bool fails = answer == Skip && Failing is not null && Path.GetFileName(call.Path).StartsWith(Failing,
            StringComparison.Ordinal);
        return fails ? Errno.Io : answer;
    }
}

/// <summary>Counts the flushes of a file or directory.</summary>
internal sealed class CountingSeam : DiskSeam
{
    public List<string> Flushed { get; } = [];

    public override int Before(in FileEvent call)
    {
        int answer = base.Before(in call);
        if (answer == Skip) Flushed.Add(Path.GetFileName(call.Path));
        return answer;
    }
}

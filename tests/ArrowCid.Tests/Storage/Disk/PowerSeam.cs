using ArrowCid.Memory;

namespace ArrowCid.Tests.Storage.Disk;

/// <summary>
/// Records what a disk would hold if the power went at a moment: of each file the pages as of its last flush, or any
/// later state of each page, as the system may have written it back by itself; of the directory the names as of its
/// last flush, or those after any of the changes since, in their order.
/// </summary>
internal sealed class PowerSeam : DiskSeam
{
    public const int PageBytes = 4096;

    [ThreadStatic]
    private static bool s_isInside;

    private readonly Lock _gate = new();
    private readonly Random _random;
    private readonly int _callsBetween;
    private readonly Dictionary<ulong, FileImages> _files = [];
    private readonly List<(string Name, ulong Inode)> _changes = [];
    private readonly List<Digest256> _blocks = [];
    private readonly List<int> _facts = [];
    private readonly Dictionary<string, ulong> _names = [];
    private Dictionary<string, ulong> _durableNames = [];
    private bool _isRecording = true;

    /// <param name="seed">Of what each moment's disk holds.</param>
    /// <param name="callsBetween">About how many file calls lie between two moments.</param>
    public PowerSeam(int seed, int callsBetween) => (_random, _callsBetween) = (new Random(seed), callsBetween);

    /// <summary>What the disk held at each moment.</summary>
    public List<PowerImage> Images { get; } = [];

    /// <summary>The block is acknowledged: from now on no moment's disk may lack it.</summary>
    public void Acknowledge(Digest256 block)
    {
        lock (_gate)
        {
            _blocks.Add(block);
            Observe();
        }
    }

    public void AcknowledgeFact(int number)
    {
        lock (_gate)
        {
            _facts.Add(number);
            Observe();
        }
    }

    /// <summary>No more moments.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            Images.Add(Take());
            _isRecording = false;
        }
    }

    public override int Before(in FileEvent call)
    {
        if (s_isInside || !IsInStore(in call) || !_isRecording) return base.Before(in call);
        lock (_gate)
        {
            s_isInside = true;
            try
            {
                if (_random.Next(_callsBetween) == 0) Images.Add(Take());
                if (call.Call is FileCall.Sync or FileCall.SyncData) Flush(in call);
                return base.Before(in call);
            }
            finally
            {
                s_isInside = false;
            }
        }
    }

    public override void After(in FileEvent call, int errno)
    {
        if (s_isInside || errno != 0 || !IsInStore(in call) || !_isRecording) return;
        lock (_gate)
        {
            s_isInside = true;
            try
            {
                Note(in call);
            }
            finally
            {
                s_isInside = false;
            }
        }
    }

    public override void Dispose()
    {
        foreach (FileImages file in _files.Values) file.Live.Dispose();
        base.Dispose();
    }

    private void Note(in FileEvent call)
    {
        string name = Path.GetFileName(call.Path);
        switch (call.Call)
        {
            case FileCall.Create:
                ulong inode = InodeOf(call.File!);
                _files[inode] = new FileImages(call.Path);
                Change(name, inode);
                break;
            case FileCall.Link:
                Change(Path.GetFileName(call.NewPath), _names[name]);
                break;
            case FileCall.Rename or FileCall.RenameNew:
                Change(Path.GetFileName(call.NewPath), _names[name]);
                Change(name, 0);
                break;
            case FileCall.Unlink:
                Change(name, 0);
                break;
        }
    }

    private void Change(string name, ulong inode)
    {
        _changes.Add((name, inode));
        Apply(_names, name, inode);
    }

    private static void Apply(Dictionary<string, ulong> names, string name, ulong inode)
    {
        if (inode == 0) _ = names.Remove(name);
        else names[name] = inode;
    }

    private void Flush(in FileEvent call)
    {
        if (call.Path == Directory)
        {
            _durableNames = new Dictionary<string, ulong>(_names);
            _changes.Clear();
            return;
        }

        _files[InodeOf(call.File!)].Flush();
    }

    private static ulong InodeOf(FileDescriptor file)
    {
        Assert.Equal(0, file.Stat(out FileStatus status));
        return status.Inode;
    }

    /// <summary>Keeps what the pages hold now, which may be what gets written back.</summary>
    private void Observe()
    {
        foreach (FileImages file in _files.Values) file.Observe();
    }

    private PowerImage Take()
    {
        var names = new Dictionary<string, ulong>(_durableNames);
        int changes = _random.Next(2) == 0 ? 0 : _random.Next(_changes.Count + 1);
        foreach ((string name, ulong inode) in _changes.Take(changes)) Apply(names, name, inode);
        // How much of what was not flushed was written back all the same, in 256ths.
        int writtenBack = _random.Next(6) switch { 0 => 0, 1 => 256, 2 => 16, 3 => 240, _ => 128 };
        var files = new Dictionary<ulong, PowerFile>();
        foreach (ulong inode in names.Values.Distinct()) files[inode] = _files[inode].Take(_random, writtenBack);
        return new PowerImage(names, files, [.. _blocks], [.. _facts]);
    }

    /// <summary>One file's states since it was last flushed.</summary>
    private sealed class FileImages(string path)
    {
        private const int MaxStates = 4;

        private readonly List<byte[]> _since = [];
        private byte[]? _flushed;

        public FileStream Live { get; } = new(path, FileMode.Open, FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

        public void Flush()
        {
            _flushed = Read();
            _since.Clear();
        }

        public void Observe()
        {
            if (_since.Count < MaxStates) _since.Add(Read());
        }

        public PowerFile Take(Random random, int writtenBack)
        {
            byte[] now = Read();
            // The size of a file that was never flushed may be there or not.
            if (_flushed is null && random.Next(2) == 0) return new PowerFile(0, []);
            var pages = new Dictionary<int, byte[]>();
            for (int page = 0; page * PageBytes < now.Length; page++)
            {
                byte[]? source = _flushed;
                if (random.Next(256) < writtenBack)
                {
                    int state = random.Next(_since.Count + 1);
                    source = state == _since.Count ? now : _since[state];
                }

                ReadOnlySpan<byte> bytes = source is null || source.Length < (page + 1) * PageBytes
                    ? default
                    : source.AsSpan(page * PageBytes, PageBytes);
                if (bytes.ContainsAnyExcept((byte)0)) pages[page] = bytes.ToArray();
            }

            return new PowerFile(now.Length, pages);
        }

        private byte[] Read()
        {
            var bytes = new byte[RandomAccess.GetLength(Live.SafeFileHandle)];
            int read = RandomAccess.Read(Live.SafeFileHandle, bytes, 0);
            Assert.Equal(bytes.Length, read);
            return bytes;
        }
    }
}

/// <summary>A file as a disk holds it: its size, and those of its pages that are not zeros.</summary>
internal sealed record PowerFile(long Length, Dictionary<int, byte[]> Pages);

/// <summary>What a disk held at one moment, and what had been acknowledged by then.</summary>
internal sealed record PowerImage(Dictionary<string, ulong> Names, Dictionary<ulong, PowerFile> Files,
    List<Digest256> Blocks, List<int> Facts)
{
    /// <summary>Writes it into a new directory, in which the control file takes itself for the original.</summary>
    public void Restore(string directory)
    {
        DiskSeam.Make(directory);
        foreach ((string name, ulong inode) in Names)
        {
            PowerFile file = Files[inode];
            string path = Path.Combine(directory, name);
            using var stream = new FileStream(path, FileMode.CreateNew);
            stream.SetLength(file.Length);
            foreach ((int page, byte[] bytes) in file.Pages)
            {
                if (name == "ctl.v1" && page == 0) FileIdentity.Adopt(path, bytes);
                stream.Position = (long)page * PowerSeam.PageBytes;
                stream.Write(bytes);
            }
        }
    }
}

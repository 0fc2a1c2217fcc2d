using System.Globalization;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.S3;

/// <summary>
/// Which blocks a bucket holds: index objects of several levels, of which those of one level are merged into one of the
/// next. A block that is not found is looked up again in what was added since. Safe for concurrent use.
/// </summary>
internal sealed class BucketIndex(S3Bucket bucket) : IDisposable
{
    private const string Folder = "index/";
    private const int MostTries = 4;

    private readonly SemaphoreSlim _refreshing = new(1);
    private volatile Dictionary<string, BucketIndexFile> _files = [];

    /// <summary>Finds where a block is. The newest copy comes first.</summary>
    /// <param name="digest">The block.</param>
    /// <param name="isFresh">Whether what was added since the last look counts.</param>
    /// <param name="end">Ends the call.</param>
    public async ValueTask<List<BucketEntry>> FindAsync(Digest256 digest, bool isFresh, CancellationToken end)
    {
        var found = new List<BucketEntry>();
        if (isFresh) await RefreshAsync(end);
        for (int tries = 0; tries < MostTries; tries++)
        {
            found.Clear();
            bool isWhole = true;
            foreach (BucketIndexFile file in _files.Values) isWhole &= await file.FindAsync(digest, found, end);
            if (isWhole) break;
            await RefreshAsync(end);
        }

        WithoutDropped(found);
        found.Sort((a, b) => b.Generation.CompareTo(a.Generation));
        return found;
    }

    /// <summary>Reads the list of index objects, and those that are new.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: one is damaged. Others as for a
    /// request.</exception>
    public async Task RefreshAsync(CancellationToken end)
    {
        await _refreshing.WaitAsync(end);
        try
        {
            Dictionary<string, BucketIndexFile> known = _files, files = [];
            await foreach (ObjectInfo each in bucket.ListAsync(Folder, end))
            {
                if (LevelOf(each.Key) < 0) continue;
                if (known.TryGetValue(each.Key, out BucketIndexFile? file)) files[each.Key] = file;
                else if (await BucketIndexFile.OpenAsync(bucket, each, end) is { } opened) files[each.Key] = opened;
            }

            _files = files;
        }
        finally
        {
            _ = _refreshing.Release();
        }
    }

    /// <summary>Adds entries, and merges levels that are full.</summary>
    public async Task AddAsync(IReadOnlyCollection<BucketEntry> entries, CancellationToken end)
    {
        if (entries.Count == 0) return;
        await WriteAsync(0, entries, end);
        CrashPoint.Pass(CrashStep.O2);
        if (_files.Keys.Count(key => LevelOf(key) == 0) < bucket.Settings.MergedIndexes) return;
        await RefreshAsync(end);
        for (int level = 0; await MergeAsync(level, end); level++)
        {
        }
    }

    /// <summary>Lists the blocks, each once.</summary>
    public async Task<List<Cid>> ListAsync(CancellationToken end)
    {
        for (int tries = 0; tries < MostTries; tries++)
        {
            await RefreshAsync(end);
            if (await ReadAsync(_files.Values, end) is not { } entries) continue;
            WithoutDropped(entries);
            return [.. entries.Select(entry => entry.Cid).Distinct()];
        }

        throw new ArrowCidException(ErrorCode.Busy, $"{bucket.Name}: its index changes while it is read");
    }

    public void Dispose() => _refreshing.Dispose();

    private async Task<bool> MergeAsync(int level, CancellationToken end)
    {
        Dictionary<string, BucketIndexFile> files = _files;
        string[] sources = [.. files.Keys.Where(key => LevelOf(key) == level)];
        if (sources.Length < bucket.Settings.MergedIndexes) return false;
        // Another process that merges the same objects writes the same entries, which count once.
        if (await ReadAsync(sources.Select(key => files[key]), end) is not { } entries) return false;
        if (sources.Length == files.Count) WithoutDropped(entries);
        await WriteAsync(level + 1, entries, end);
        CrashPoint.Pass(CrashStep.O3);
        foreach (string key in sources) await bucket.DeleteAsync(key, end);
        await RefreshAsync(end);
        return true;
    }

    private async Task WriteAsync(int level, IReadOnlyCollection<BucketEntry> entries, CancellationToken end)
    {
        byte[] bytes = BucketIndexFile.Encode(entries);
        string key = string.Create(CultureInfo.InvariantCulture, $"{Folder}{level}/{Guid.CreateVersion7():n}");
        _ = await ObjectUpload.RunAsync(bucket, key, bytes.Length,
            (offset, length) => new MemoryReadStream(bytes.AsMemory((int)offset, length)), mayReplace: false, end);
        await _refreshing.WaitAsync(end);
        try
        {
            var written = new ObjectInfo(key, bytes.Length, ETag: "");
            _files = new(_files) { [key] = BucketIndexFile.Decode(bucket, written, bytes) };
        }
        finally
        {
            _ = _refreshing.Release();
        }
    }

    private static async Task<List<BucketEntry>?> ReadAsync(IEnumerable<BucketIndexFile> files, CancellationToken end)
    {
        var all = new List<BucketEntry>();
        foreach (BucketIndexFile file in files)
        {
            if (await file.ReadAllAsync(end) is not { } entries) return null;
            all.AddRange(entries);
        }

        return all;
    }

    private static void WithoutDropped(List<BucketEntry> entries)
    {
        if (!entries.Exists(entry => entry.Form == EntryForm.Dropped)) return;
        var dropped = entries.Where(entry => entry.Form == EntryForm.Dropped)
            .Select(entry => (entry.Digest, entry.Generation)).ToHashSet();
        _ = entries.RemoveAll(entry => dropped.Contains((entry.Digest, entry.Generation)));
    }

    private static int LevelOf(string key) =>
        key.Split('/') is [_, var level, var name] && Guid.TryParseExact(name, "n", out _)
            && int.TryParse(level, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : -1;
}

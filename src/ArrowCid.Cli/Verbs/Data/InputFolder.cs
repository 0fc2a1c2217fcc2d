using ArrowCid.Ipc;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>Blocks as files for a command, in a temporary folder that is made when it is needed.</summary>
internal sealed class InputFolder(CidStore store) : IDisposable
{
    private string? _folder;

    /// <summary>Writes a block: a batch or the batches of a dataset as an Arrow stream, others as their
    /// bytes.</summary>
    /// <returns>The path of the file.</returns>
    public string Write(string name, Cid cid)
    {
        _folder ??= Directory.CreateTempSubdirectory("arrowcid-run-").FullName;
        string stem = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '_'));
        BlockKind kind = BlockReference.Known(store, cid).Kind;
        bool isDataset = kind == BlockKind.Dataset, isBatch = isDataset || kind == BlockKind.Batch;
        string path = Path.Combine(_folder, $"{_count++}-{stem}{(isBatch ? ".arrows" : "")}");
        using FileStream file = File.Create(path);
        if (!isDataset)
        {
            file.Write(store.Reading.ReadBlock(cid) ?? throw CommandError.NoBlock(cid.ToString(), store));
            return path;
        }

        ArrowWriter? writer = null;
        foreach (Cid each in ExportRows.BatchesOf(store, cid))
        {
            using BatchLease batch = store.TryGet(each) ?? throw CommandError.NoBlock(each.ToString(), store);
            writer ??= new ArrowWriter(file, batch.View.Schema);
            writer.Write(batch.View);
        }

        writer!.Finish();
        return path;
    }

    private int _count;

    public void Dispose()
    {
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
    }
}
